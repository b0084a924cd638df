#include "net/http_parser.h"

#include <doctest/doctest.h>

namespace oxbow::net {
namespace {

constexpr std::string_view kGet =
    "GET /a%20b?x=1&y HTTP/1.1\r\nHost: h:80\r\nAccept:  */* \r\n\r\n";

HttpParser fed(std::string_view bytes, HttpParserLimits limits = {}) {
    HttpParser parser{limits};
    parser.feed(bytes);
    return parser;
}

/// The status with which a request of these header lines is refused; 0 when it is not.
int refusal_of(std::string_view lines, std::size_t body_bytes_max = 100) {
    const std::string request = "POST / HTTP/1.1\r\nHost: h\r\n" + std::string{lines} + "\r\n";
    return fed(request, {.body_bytes_max = body_bytes_max}).state() == HttpParser::State::Refused
               ? fed(request, {.body_bytes_max = body_bytes_max}).refusal().status
               : 0;
}

int refusal_of_line(std::string_view request_line) {
    const HttpParser parser = fed(std::string{request_line} + "\r\nHost: h\r\n\r\n");
    return parser.state() == HttpParser::State::Refused ? parser.refusal().status : 0;
}

std::string body_of(std::string_view request) {
    HttpParser parser = fed(request, {.body_bytes_max = 100});
    REQUIRE(parser.state() == HttpParser::State::Complete);
    return std::string{parser.take().request.body};
}

constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

HttpParser chunked(std::string_view body, std::size_t body_bytes_max = 10) {
    return fed(std::string{kChunked} + std::string{body}, {.body_bytes_max = body_bytes_max});
}

}  // namespace

TEST_CASE(
    "a request gives its method, path, query, and headers in lower case without outer spaces") {
    HttpParser parser{{}};

    const std::size_t used = parser.feed(kGet);
    REQUIRE(parser.state() == HttpParser::State::Complete);
    const ParsedRequest parsed = parser.take();

    CHECK(used == kGet.size());
    CHECK(parsed.request.method == "GET");
    CHECK(parsed.request.path == "/a%20b");
    CHECK(parsed.request.query == "x=1&y");
    CHECK(parsed.request.header("host") == "h:80");
    CHECK(parsed.request.header("accept") == "*/*");
    CHECK(parsed.request.header("range") == std::nullopt);
    CHECK(parsed.keep_alive);
}

TEST_CASE("a request that comes byte by byte is the same request") {
    HttpParser parser{{}};

    for (const char byte : kGet) parser.feed({&byte, 1});

    REQUIRE(parser.state() == HttpParser::State::Complete);
    CHECK(parser.take().request.header("accept") == "*/*");
    CHECK_FALSE(parser.in_the_middle());
}

TEST_CASE("of two pipelined requests only the first is taken, then the second") {
    const std::string two = std::string{kGet} + "GET /second HTTP/1.1\r\nHost: h\r\n\r\n";
    HttpParser parser{{}};

    const std::size_t used = parser.feed(two);
    const std::string first{parser.take().request.path};
    parser.feed(std::string_view{two}.substr(used));
    const std::string second{parser.take().request.path};

    CHECK(used == kGet.size());
    CHECK(first == "/a%20b");
    CHECK(second == "/second");
}

TEST_CASE("a pipelined request that follows a head held from before is left for the next feed") {
    HttpParser parser{{}};

    parser.feed("GET /a HTTP/1.1\r\nHo");
    const std::size_t used = parser.feed("st: h\r\n\r\nGET /b");

    CHECK(used == 9);
    CHECK(parser.take().request.path == "/a");
}

TEST_CASE("a head of exactly the limit passes, one byte more is refused with 431") {
    const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";  // 27 bytes

    CHECK(fed(head, {.header_bytes_max = 27}).state() == HttpParser::State::Complete);
    CHECK(fed(head, {.header_bytes_max = 26}).refusal().status == 431);
}

TEST_CASE("a request line that fills the whole limit is refused with 414") {
    CHECK(fed("GET /" + std::string(100, 'a'), {.header_bytes_max = 100}).refusal().status == 414);
}

TEST_CASE("a hundred headers pass, the next one is refused with 431") {
    std::string lines;  // Host is the first
    for (int i = 0; i < 99; ++i) lines += "a: b\r\n";

    CHECK(refusal_of(lines) == 0);
    CHECK(refusal_of(lines + "a: b\r\n") == 431);
}

TEST_CASE("request lines that are none are refused") {
    CHECK(refusal_of_line("GET /") == 400);
    CHECK(refusal_of_line("GET  / HTTP/1.1") == 400);
    CHECK(refusal_of_line("GET /a b HTTP/1.1") == 400);
    CHECK(refusal_of_line("G@T / HTTP/1.1") == 400);
    CHECK(refusal_of_line("GET /\x7f HTTP/1.1") == 400);
    CHECK(refusal_of_line("GET /\xc3\xa9 HTTP/1.1") == 400);
    CHECK(refusal_of_line("GET /#x HTTP/1.1") == 400);
    CHECK(refusal_of_line("GET / http/1.1") == 400);
    CHECK(refusal_of_line("GET / HTTP/1.11") == 400);
    CHECK(refusal_of_line("GET / HTTP/2.0") == 505);
    CHECK(refusal_of_line("\r\nGET / HTTP/1.1") == 0);
    CHECK(refusal_of_line("\r\n\r\nGET / HTTP/1.1") == 400);
}

TEST_CASE("an absolute target is refused, and '*' belongs to OPTIONS alone") {
    CHECK(refusal_of_line("GET http://h/ HTTP/1.1") == 400);
    CHECK(refusal_of_line("CONNECT h:80 HTTP/1.1") == 400);
    CHECK(refusal_of_line("GET * HTTP/1.1") == 400);
    CHECK(refusal_of_line("OPTIONS * HTTP/1.1") == 0);
}

TEST_CASE("what two servers could frame differently is refused") {
    CHECK(refusal_of("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") == 400);
    CHECK(refusal_of("Content-Length: 5\r\nContent-Length: 5\r\n") == 400);
    CHECK(refusal_of("Content-Length: 5, 5\r\n") == 400);
    CHECK(refusal_of("Content-Length: +5\r\n") == 400);
    CHECK(refusal_of("Content-Length: 0x5\r\n") == 400);
    CHECK(refusal_of("Content-Length:\r\n") == 400);
    CHECK(refusal_of("Content-Length: 18446744073709551616\r\n") == 400);
    CHECK(refusal_of("Transfer-Encoding: chunked, chunked\r\n") == 501);
    CHECK(refusal_of("Transfer-Encoding: xchunked\r\n") == 501);
    CHECK(refusal_of("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") == 400);
    CHECK(refusal_of("Content-Length : 5\r\n") == 400);
    CHECK(refusal_of(" Content-Length: 5\r\n") == 400);
    CHECK(refusal_of("A: b\r\n c\r\n") == 400);
    CHECK(refusal_of("A: b\rc\r\n") == 400);
    CHECK(refusal_of("A: b\nC: d\r\n") == 400);
    CHECK(refusal_of(std::string_view{"A: b\0c\r\n", 8}) == 400);
    CHECK(refusal_of("no colon\r\n") == 400);
    CHECK(refusal_of(": empty\r\n") == 400);
}

TEST_CASE("a line ended by a bare LF is refused at once, without waiting for more") {
    CHECK(fed("GET / HTTP/1.1\n").refusal().status == 400);
}

TEST_CASE("HTTP/1.1 needs one Host, of characters that a host has") {
    CHECK(fed("GET / HTTP/1.1\r\n\r\n").refusal().status == 400);
    CHECK(fed("GET / HTTP/1.0\r\n\r\n").state() == HttpParser::State::Complete);
    CHECK(refusal_of("Host: second\r\n") == 400);
    CHECK(fed("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n").refusal().status == 400);
    CHECK(fed("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n").state() == HttpParser::State::Complete);
}

TEST_CASE("the connection stays open by default in HTTP/1.1 and closes in HTTP/1.0") {
    const auto stays = [](std::string_view request) { return fed(request).take().keep_alive; };

    CHECK(stays("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    CHECK_FALSE(stays("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n"));
    CHECK_FALSE(stays("GET / HTTP/1.0\r\n\r\n"));
    CHECK(stays("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("a body has the bytes of its Content-Length, and may come in pieces") {
    HttpParser parser{{.body_bytes_max = 5}};

    parser.feed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    const bool middle = parser.in_the_middle();
    const std::size_t used = parser.feed("cdeGET /");

    CHECK(middle);
    CHECK(used == 3);
    REQUIRE(parser.state() == HttpParser::State::Complete);
    CHECK(parser.take().request.body == "abcde");
}

TEST_CASE("a body of exactly the limit passes, one byte more is refused with 413") {
    CHECK(refusal_of("Content-Length: 100\r\n") == 0);
    CHECK(refusal_of("Content-Length: 101\r\n") == 413);
}

TEST_CASE("where no bodies are taken an empty one passes") {
    CHECK(refusal_of("Content-Length: 0\r\n", 0) == 0);
    CHECK(fed("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n").refusal().status == 413);
}

TEST_CASE("where no bodies are taken the method is refused, not the length of its body") {
    CHECK(refusal_of("Content-Length: 1\r\n", 0) == 405);
    CHECK(refusal_of("Transfer-Encoding: chunked\r\n", 0) == 405);
    CHECK(refusal_of("Content-Length: x\r\n", 0) == 400);
}

TEST_CASE("a chunked body is joined; extensions and trailers are passed over") {
    const std::string request =
        std::string{kChunked} + "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n";

    CHECK(body_of(request) == "abcde");
}

TEST_CASE("a chunked body that comes byte by byte is the same body") {
    const std::string request = std::string{kChunked} + "3\r\nabc\r\n0\r\n\r\n";
    HttpParser parser{{.body_bytes_max = 10}};

    for (const char byte : request) parser.feed({&byte, 1});

    REQUIRE(parser.state() == HttpParser::State::Complete);
    CHECK(parser.take().request.body == "abc");
}

TEST_CASE("a chunked body of exactly the limit passes, one byte more is refused with 413") {
    CHECK(chunked("5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n").state() == HttpParser::State::Complete);
    CHECK(chunked("5\r\nabcde\r\n6\r\nfghijk\r\n0\r\n\r\n").refusal().status == 413);
    CHECK(chunked("ffffffffffffffff\r\n").refusal().status == 413);
}

TEST_CASE("chunks that are none are refused") {
    CHECK(chunked("x\r\n").refusal().status == 400);
    CHECK(chunked("-1\r\n").refusal().status == 400);
    CHECK(chunked("0x1\r\n").refusal().status == 400);
    CHECK(chunked("3\nabc\r\n").refusal().status == 400);
    CHECK(chunked("3\r\nabcd\r\n").refusal().status == 400);
    CHECK(chunked("10000000000000000\r\n").refusal().status == 400);
    CHECK(chunked(std::string(HttpParser::kChunkLineBytesMax + 1, '0')).refusal().status == 400);
}

TEST_CASE("a peer that expects 100-continue is invited until it sends the body") {
    HttpParser parser{{.body_bytes_max = 5}};

    parser.feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n");
    const bool before = parser.expects_continue();
    parser.feed("a");

    CHECK(before);
    CHECK_FALSE(parser.expects_continue());
    CHECK(refusal_of("Expect: tea\r\n") == 417);
}

TEST_CASE("a Content-Length is digits and nothing else, once") {
    CHECK(refusal_of("Content-Length: +4\r\n") == 400);
    CHECK(refusal_of("Content-Length: -4\r\n") == 400);
    CHECK(refusal_of("Content-Length: 0x4\r\n") == 400);
    CHECK(refusal_of("Content-Length: 4, 4\r\n") == 400);
    CHECK(refusal_of("Content-Length: 4 4\r\n") == 400);
    CHECK(refusal_of("Content-Length: \r\n") == 400);
    CHECK(refusal_of("Content-Length: 4\r\nContent-Length: 4\r\n") == 400);
    CHECK(refusal_of("Content-Length: 18446744073709551616\r\n") == 400);
    CHECK(body_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0004\r\n\r\nabcd") == "abcd");
}

TEST_CASE("a Transfer-Encoding in disguise is refused, never passed over") {
    CHECK(refusal_of("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") == 400);
    CHECK(refusal_of("Transfer-Encoding: chunked, chunked\r\n") == 501);
    CHECK(refusal_of("Transfer-Encoding: gzip, chunked\r\n") == 501);
    CHECK(refusal_of("Transfer-Encoding: xchunked\r\n") == 501);
    CHECK(refusal_of("Transfer-Encoding: \vchunked\r\n") == 400);
    CHECK(refusal_of("Transfer-Encoding : chunked\r\n") == 400);
    CHECK(refusal_of("Transfer-Encoding:\r\n chunked\r\n") == 400);
    CHECK(refusal_of("X: a\r\n\tTransfer-Encoding: chunked\r\n") == 400);
}

TEST_CASE("the memory of a request is given back between two, and the next one reads as well") {
    HttpParser parser{HttpParserLimits{}};
    parser.feed(kGet);
    parser.take();

    parser.release();
    parser.feed(kGet);

    CHECK(parser.take().request.path == "/a%20b");
}

TEST_CASE("what belonged to the last request is not left to the next") {
    HttpParser parser{{.body_bytes_max = 100}};
    parser.feed("POST /a?q HTTP/1.1\r\nHost: h\r\nX: 1\r\nContent-Length: 3\r\n\r\nabc");
    parser.take();

    parser.feed("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    const ParsedRequest& next = parser.take();

    CHECK(next.request.path == "/b");
    CHECK(next.request.query.empty());
    CHECK(next.request.body.empty());
    CHECK(next.request.header("x") == std::nullopt);
}

}  // namespace oxbow::net
