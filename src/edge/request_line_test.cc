#include "edge/request_line.h"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "net/test_request.h"

using namespace oxbow;
using namespace oxbow::edge;
using namespace std::chrono_literals;

namespace {

// 2026-11-27T06:20:50.123Z
constexpr WallTime kAt{std::chrono::milliseconds{1'795'760'450'123}};

net::TestRequest request() {
    return {.path = "/channels.json",
            .headers = {{"user-agent", "curl/8.1"}},
            .peer = "192.0.2.7:53422"};
}

net::HttpOutcome outcome() {
    return {.status = 200, .bytes = 512, .complete = true, .protocol = "HTTP/1.1", .took = 1'234us};
}

std::string combined(const net::HttpRequest& of) {
    std::string line;
    const net::HttpOutcome done = outcome();
    append_combined_line(line, {of, done, "channels", kAt});
    return line;
}

std::string in_json(const net::HttpRequest& of) {
    std::string line;
    const net::HttpOutcome done = outcome();
    append_json_line(line, {of, done, "channels", kAt});
    return line;
}

}  // namespace

TEST_CASE("a line is what Apache and nginx call combined") {
    CHECK(combined(request()) ==
          "192.0.2.7 - - [27/Nov/2026:06:20:50 +0000] \"GET /channels.json HTTP/1.1\" 200 512 "
          "\"-\" \"curl/8.1\"\n");
}

TEST_CASE("as JSON a line has the behaviour, the time it took and whether all went out, too") {
    CHECK(in_json(request()) ==
          "{\"time\":\"2026-11-27T06:20:50.123Z\",\"remote\":\"192.0.2.7\",\"method\":\"GET\","
          "\"target\":\"/channels.json\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":512,"
          "\"complete\":true,\"took_ms\":1.234,\"behaviour\":\"channels\",\"referer\":\"\","
          "\"agent\":\"curl/8.1\"}\n");
}

TEST_CASE("a request that was none has a dash in its place") {
    const net::HttpRequest none{.peer = "192.0.2.7:1"};

    CHECK(combined(none) ==
          "192.0.2.7 - - [27/Nov/2026:06:20:50 +0000] \"-\" 200 512 \"-\" \"-\"\n");
}

TEST_CASE("what comes from outside ends neither its quotes nor its line") {
    const net::TestRequest evil{.path = "/a\"b\\c",
                                .headers = {{"user-agent", "x\" 200 1 \"\r\n192.0.2.8 - -\xc3\xa4"},
                                            {"referer", "\x1b[2J\"/"}},
                                .peer = "192.0.2.7:1"};

    const std::string line = combined(evil);
    const std::string json = in_json(evil);

    CHECK(line.find('\n') == line.size() - 1);
    CHECK(line.contains("\"x\\\" 200 1 \\\"\\x0d\\x0a192.0.2.8 - -\\xc3\\xa4\"\n"));
    CHECK(line.contains("GET /a\\\"b\\\\c HTTP/1.1"));
    CHECK_FALSE(line.contains('\x1b'));
    CHECK(json.find('\n') == json.size() - 1);
    CHECK(boost::json::parse(json).at("target").as_string() == "/a\"b\\c");
}

TEST_CASE("a line has an end, however long what comes from outside is") {
    const net::TestRequest longest{.method = std::string(5'000, 'M'),
                                   .path = "/" + std::string(5'000, '\xff'),
                                   .query = std::string(5'000, '"'),
                                   .headers = {{"user-agent", std::string(5'000, '\x01')},
                                               {"referer", std::string(5'000, '"')}},
                                   .peer = "192.0.2.7:1"};

    CHECK(combined(longest).size() < kLogLineBytesMax);
    CHECK(in_json(longest).size() < kLogLineBytesMax);
    CHECK(boost::json::parse(in_json(longest)).is_object());
}

TEST_CASE("no token, signature or session is written") {
    CHECK(masked_target("/a", "token=SECRET") == "/a?token=***");
    CHECK(masked_target("/a", "x=1&token=SECRET&y=2") == "/a?x=1&token=***&y=2");
    CHECK(masked_target("/a", "%74oken=SECRET") == "/a?%74oken=***");
    CHECK(masked_target("/a", "TOKEN=SECRET&token=SECRET") == "/a?TOKEN=***&token=***");
    CHECK(masked_target("/a", "X-Amz-Signature=SECRET&secret=SECRET") ==
          "/a?X-Amz-Signature=***&secret=***");
    CHECK(masked_target("/a", "tokens=1&token") == "/a?tokens=1&token");
    CHECK(masked_target("/p/SECRET/rewind/a.m3u8", "") == "/p/***/rewind/a.m3u8");
    CHECK(masked_target("/p/SECRET", "") == "/p/***");
    CHECK(masked_target("/%70/SECRET/seg/a", "") == "/p/***/seg/a");
    CHECK(masked_target("/p%2FSECRET%2Fseg", "") == "/p/***/seg");
    CHECK(masked_target("//p//SECRET/seg", "") == "//p//***/seg");
    CHECK(masked_target("/watch/a%3Ftoken=SECRET", "") == "/watch/***");
    CHECK(masked_target("/watch/a&token=SECRET", "") == "/watch/***");
    CHECK(masked_target("/p/SECRET/%zz", "") == "/%***");
}

TEST_CASE("a Referer is written without secrets, too") {
    CHECK(masked_url("https://example.org/watch/a?token=SECRET") ==
          "https://example.org/watch/a?token=***");
    CHECK(masked_url("https://example.org?token=SECRET") == "https://example.org?token=***");
    CHECK(masked_url("https://example.org/p/SECRET/a#token=SECRET") ==
          "https://example.org/p/***/a");
    CHECK(masked_url("https://user:SECRET@example.org/") == "https://example.org/");
    CHECK(masked_url("/p/SECRET/a") == "/p/***/a");
    CHECK(masked_url("") == "");
}
