#include "edge/behaviours.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "edge/response_policy.h"

using namespace oxbow;
using namespace oxbow::edge;
using namespace std::chrono_literals;

namespace {

std::string built_in_of(std::string_view path) {
    static const Behaviours behaviours{built_in_behaviours()};
    return behaviours.at(behaviours.index_of_sent(path)).name;
}

std::string complaint_of(const Result<void>& checked) {
    return checked ? "none" : checked.error().what;
}

}  // namespace

TEST_CASE("each kind of path has its behaviour in the built-in list") {
    CHECK(built_in_of("/seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts") == "segments");
    CHECK(built_in_of("/api/video/v1/us-east-1.0.channel.AsXego4U6tnj.m3u8") == "live");
    CHECK(built_in_of("/rewind/AsXego4U6tnj.m3u8") == "rewind");
    CHECK(built_in_of("/recording-started-AsXego4U6tnj.json") == "metadata");
    CHECK(built_in_of("/ivs/v1/0/AsXego4U6tnj/media/hls/720p30/0.ts") == "media");
    CHECK(built_in_of("/ivs/v1/0/AsXego4U6tnj/media/thumbnails/thumb0.jpg") == "thumbnails");
    CHECK(built_in_of("/ivs/v1/0/AsXego4U6tnj/media/latest_thumbnail/thumb.jpg") == "objects");
    CHECK(built_in_of("/ivs/v1/0/AsXego4U6tnj/events/recording-started.json") == "objects");
    CHECK(built_in_of("/channels.json") == "channels");
    CHECK(built_in_of("/channels/AsXego4U6tnj/thumbnails.json") == "channels");
    CHECK(built_in_of("/recordings/j8Z9O91ndcVs.ts") == "downloads");
    CHECK(built_in_of("/events") == "events");
    CHECK(built_in_of("/watch/AsXego4U6tnj") == "page");
    CHECK(built_in_of("/") == "page");
    CHECK(built_in_of("/p/AQsession/seg/AsXego4U6tnj/a/b.ts") == "segments");
}

TEST_CASE("the first that matches counts, and the last is for all that is left") {
    const Behaviours behaviours{{{.name = "one", .path = "/a/*"},
                                 {.name = "two", .path = "/a/b*"},
                                 {.name = "rest", .path = "*"}}};

    CHECK(behaviours.index_of("/a/b") == 0);
    CHECK(behaviours.index_of("/b") == 2);
}

TEST_CASE("a path that is longer than any that leads somewhere is the last one's") {
    const Behaviours behaviours{{{.name = "one", .path = "/a*"}, {.name = "rest", .path = "*"}}};
    const std::string longest = "/" + std::string(Behaviours::kMatchedPathBytesMax - 1, 'a');

    CHECK(behaviours.index_of(longest) == 0);
    CHECK(behaviours.index_of(longest + "a") == 1);
}

TEST_CASE("as many behaviours as there may be are looked through") {
    std::vector<Behaviour> list;
    for (std::size_t i = 1; i < Behaviours::kBehavioursMax; ++i)
        list.push_back({.name = fmt::format("b{}", i), .path = fmt::format("/{}/*a*b*c", i)});
    list.push_back({.name = "rest", .path = "*"});
    const Behaviours behaviours{std::move(list)};

    CHECK(behaviours.index_of("/74/xaxbxc") == 73);
    CHECK(behaviours.index_of("/74/xaxbxd") == 74);
}

TEST_CASE("only the parameters that count make another target, in one order") {
    const Behaviours behaviours{
        {{.name = "none", .path = "/seg/*", .query = std::vector<std::string>{}},
         {.name = "some",
          .path = "/rewind/*",
          .query = std::vector<std::string>{"_HLS_msn", "parts"}},
         {.name = "all", .path = "*"}}};

    CHECK(behaviours.target("/seg/a.ts", "x=1") == "/seg/a.ts");
    CHECK(behaviours.target("/rewind/a.m3u8", "parts=0&x=1&_HLS_msn=7") ==
          "/rewind/a.m3u8?_HLS_msn=7&parts=0");
    CHECK(behaviours.target("/rewind/a.m3u8", "%70arts=0&parts=1") == "/rewind/a.m3u8?parts=0");
    CHECK(behaviours.target("/rewind/a.m3u8", "parts=%26x%3D1%0d") ==
          "/rewind/a.m3u8?parts=%26x%3D1%0D");
    CHECK(behaviours.target("/rewind/a.m3u8", "x=1") == "/rewind/a.m3u8");
    CHECK(behaviours.target("/x", "b=1&a=2") == "/x?b=1&a=2");
    CHECK(behaviours.target("/x", "") == "/x");
}

TEST_CASE("a time to live is what is said, between least and most, or what is normal") {
    const CacheTtl ttl{.least = 10s, .normal = 60s, .most = 100s};

    CHECK(ttl.of(20s) == 20s);
    CHECK(ttl.of(1s) == 10s);
    CHECK(ttl.of(1'000s) == 100s);
    CHECK(ttl.of(std::nullopt) == 60s);
    CHECK(CacheTtl{}.of(1s) == 1s);
    CHECK(CacheTtl{}.of(std::nullopt) == 0s);
}

TEST_CASE("a Cache-Control has known directives, with seconds where they need them") {
    CHECK(complaint_of(check_cache_control("public, max-age=60,s-maxage=3600, immutable")) ==
          "none");
    CHECK(complaint_of(check_cache_control("no-store")) == "none");
    const std::string rule =
        "must be a Cache-Control such as \"public, max-age=60\", in lower case";
    for (const char* wrong :
         {"", "max-age", "max-age=", "max-age=-1", "max-age=1s", "maxage=1", "public,", "No-Store",
          "no-store\r\nX: y", "max-age=99999999999", "immutable=1", "max-age=1;public"}) {
        CHECK(complaint_of(check_cache_control(wrong)) == rule);
    }
}

TEST_CASE("no behaviour adds a header that the server, CORS or a cache is told by") {
    CHECK(complaint_of(check_added_header("X-Served-By", "oxbow")) == "none");
    CHECK(complaint_of(check_added_header("Timing-Allow-Origin", "*")) == "none");
    for (const char* own : {"Content-Length", "transfer-encoding", "ETag", "Vary", "Set-Cookie",
                            "Content-Type", "Connection", "Date"}) {
        CHECK(complaint_of(check_added_header(own, "x")) ==
              "must be a header that the server does not decide itself");
    }
    for (const char* cache : {"Cache-Control", "CDN-Cache-Control", "Expires", "Pragma", "Age",
                              "Surrogate-Control", "X-Accel-Expires", "x-accel-redirect"}) {
        CHECK(complaint_of(check_added_header(cache, "x")) ==
              "must be no header for caches: that is what cache_control is for");
    }
    CHECK(complaint_of(check_added_header("Access-Control-Allow-Credentials", "true"))
              .starts_with("must be no header of CORS"));
    CHECK(complaint_of(check_added_header("X-Frame-Options", "DENY"))
              .starts_with("must be none of the security headers"));
}

TEST_CASE("a header's name and value are one line of printable characters") {
    for (const char* name : {"", "a b", "a:", "a\r\n", "\xc3\xa4"})
        CHECK(complaint_of(check_added_header(name, "x")).starts_with("must be a header's name"));
    CHECK_FALSE(check_added_header(std::string(65, 'a'), "x").has_value());
    CHECK(check_added_header(std::string(64, 'a'), "x").has_value());
    for (const char* value : {"", "a\r\nX: y", "a\nb", "a\tb", " a", "a ", "\xc3\xa4", "\x7f"})
        CHECK(complaint_of(check_added_header("X-A", value)).starts_with("must have 1 to 1783"));
    CHECK(check_header_value(std::string(1'783, 'a')).has_value());
    CHECK_FALSE(check_header_value(std::string(1'784, 'a')).has_value());
}
