#include "net/http_head.h"

#include <doctest/doctest.h>

namespace oxbow::net {
namespace {

std::string head_of(const HttpResponse& response, const HeadContext& context) {
    std::string head = "what stood there before";
    write_head(head, response, context);
    return head;
}

}  // namespace

using namespace std::chrono_literals;

TEST_CASE("the date is RFC 9110's fixed form, without the fraction") {
    CHECK(http_date(WallTime{784'111'777'999ms}) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(http_date(WallTime{951'782'400'000ms}) == "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST_CASE("a head has status, date and length, and says Connection only where it must") {
    const HttpResponse response{.status = 404, .body = HttpBody::of_string("12345")};

    CHECK(head_of(response, {.date = "D"}) ==
          "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Length: 5\r\n\r\n");
    CHECK(head_of(response, {.date = "D", .keep_alive = false})
              .ends_with("Connection: close\r\n\r\n"));
    CHECK(head_of(response, {.date = "D", .http_1_0 = true})
              .ends_with("Connection: keep-alive\r\n\r\n"));
}

TEST_CASE("the header block and the answer's own lines stand behind, and then the empty line") {
    const HttpResponse response{.header_block = std::make_shared<const std::string>("A: b\r\n"),
                                .extra_headers = "C: d\r\n"};

    CHECK(head_of(response, {.date = "D"}) ==
          "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 0\r\nA: b\r\nC: d\r\n\r\n");
}

TEST_CASE("a refusal is JSON with the name of its status, which every page may read") {
    const HttpResponse refused = refusal_response(413, "The \"body\" is too long.");
    const HttpBody& body = refused.body;

    CHECK(refused.status == 413);
    CHECK(refused.header_block->contains("Content-Type: application/json\r\n"));
    CHECK(refused.header_block->contains("Access-Control-Allow-Origin: *\r\n"));
    CHECK(refused.extra_headers.empty());
    REQUIRE(body.pieces.size() == 1);
    CHECK(std::string(body.pieces[0].begin(), body.pieces[0].end()) ==
          R"({"error":"ContentTooLarge","message":"The \"body\" is too long."})");
    CHECK(refusal_response(405, "").extra_headers == "Allow: GET, HEAD, OPTIONS\r\n");
}

TEST_CASE("a stream has a length where it knows it") {
    struct Stream : HttpStream {
        std::optional<std::uint64_t> known;
        boost::asio::awaitable<std::optional<std::string>> next() override {
            co_return std::nullopt;
        }
        std::optional<std::uint64_t> bytes() const override { return known; }
    };
    const auto stream = std::make_shared<Stream>();
    const HttpResponse response{.body = HttpBody::of_string("zero"), .stream = stream};

    CHECK(head_of(response, {.date = "D"}) == "HTTP/1.1 200 OK\r\nDate: D\r\n\r\n");
    stream->known = 6;
    CHECK(head_of(response, {.date = "D"}) ==
          "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 10\r\n\r\n");
}

TEST_CASE("answers that cannot have a body have no length") {
    CHECK(head_of({.status = 204}, {.date = "D"}) == "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n");
    CHECK(head_of({.status = 304}, {.date = "D"}) ==
          "HTTP/1.1 304 Not Modified\r\nDate: D\r\n\r\n");
}

}  // namespace oxbow::net
