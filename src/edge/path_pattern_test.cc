#include "edge/path_pattern.h"

#include <doctest/doctest.h>

using namespace oxbow;
using namespace oxbow::edge;

namespace {

bool matches(std::string_view pattern, std::string_view path) {
    return PathPattern::parse(pattern).value().matches(path);
}

std::string complaint_of(std::string_view pattern) {
    const auto parsed = PathPattern::parse(pattern);
    return parsed ? std::string{"none"} : parsed.error().what;
}

std::string seen(std::string_view sent) {
    std::string made;
    return std::string{matched_path(sent, made)};
}

}  // namespace

TEST_CASE("a star is any number of characters, slashes among them") {
    CHECK(matches("/seg/*", "/seg/"));
    CHECK(matches("/seg/*", "/seg/a/b/c.ts"));
    CHECK_FALSE(matches("/seg/*", "/seg"));
    CHECK(matches("*/byte-range-variant.m3u8", "/ivs/v1/a/byte-range-variant.m3u8"));
    CHECK_FALSE(matches("*/byte-range-variant.m3u8", "/byte-range-variant.m3u8"));
    CHECK(matches("/a*b*c", "/aXbXbXc"));
    CHECK_FALSE(matches("/a*b*c", "/aXcXb"));
    CHECK(matches("/ivs/v1/*/media/thumbnails/*.jpg", "/ivs/v1/0/x/media/thumbnails/thumb0.jpg"));
}

TEST_CASE("head and tail of a pattern do not share a character of the path") {
    CHECK_FALSE(matches("/aba*aba", "/aba"));
    CHECK_FALSE(matches("/aba*aba", "/ababa"));
    CHECK(matches("/aba*aba", "/abaaba"));
    CHECK_FALSE(matches("/a?a", "/a"));
    CHECK_FALSE(matches("/a?a", "/aa"));
}

TEST_CASE("a question mark is exactly one character") {
    CHECK(matches("/thumb?.jpg", "/thumb7.jpg"));
    CHECK(matches("/thumb?.jpg", "/thumb/.jpg"));
    CHECK_FALSE(matches("/thumb?.jpg", "/thumb.jpg"));
    CHECK_FALSE(matches("/thumb?.jpg", "/thumb12.jpg"));
    CHECK(matches("/*?.jpg", "/a.jpg"));
    CHECK_FALSE(matches("/*?.jpg", "/.jpg"));
}

TEST_CASE("the whole path must match, in its case") {
    CHECK(matches("/channels.json", "/channels.json"));
    CHECK_FALSE(matches("/channels.json", "/channels.json/x"));
    CHECK_FALSE(matches("/channels.json", "/x/channels.json"));
    CHECK_FALSE(matches("/Channels.json", "/channels.json"));
}

TEST_CASE("the sample's behaviour matches names that begin at the root, and no object of it") {
    CHECK(matches("/recording-started-*.json", "/recording-started-AsXego4U6tnj.json"));
    CHECK(matches("recording-started-*.json", "/recording-started-latest.json"));
    CHECK_FALSE(matches("/recording-started-*.json", "/ivs/v1/a/events/recording-started.json"));
    CHECK_FALSE(matches("/recording-started-*.json", "/recording-started.json"));
}

TEST_CASE("the slash at the front may be left out, and \"*\" is every path") {
    CHECK(PathPattern::parse("images/*.jpg").value().text() == "/images/*.jpg");
    CHECK(PathPattern::parse("*").value().matches_all());
    CHECK(PathPattern::parse("/*").value().matches_all());
    CHECK_FALSE(PathPattern::parse("/*.ts").value().matches_all());
    CHECK(matches("*", "/"));
}

TEST_CASE("a pattern that CloudFront would not take, or that nothing matches, is refused") {
    CHECK(complaint_of(std::string(255, 'a')) == "none");
    CHECK(complaint_of("").starts_with("must be a path pattern of 1 to 255 characters"));
    CHECK(complaint_of(std::string(256, 'a')).starts_with("must be a path pattern of 1 to 255"));
    CHECK(complaint_of("/a b").starts_with("must have no other characters than letters"));
    CHECK(complaint_of("/a%20b").starts_with("must have no other characters"));
    CHECK(complaint_of("/a\r\nX: y").starts_with("must have no other characters"));
    CHECK(complaint_of("/[a-z]*").starts_with("must have no other characters"));
    CHECK(complaint_of("//a").starts_with("can match nothing"));
    CHECK(complaint_of("/a/../b").starts_with("can match nothing"));
    CHECK(complaint_of("/a/.").starts_with("can match nothing"));
    CHECK(complaint_of("/a/..b/.c/").starts_with("none"));
}

TEST_CASE("a path is matched decoded and normalised") {
    CHECK(seen("/seg/a.ts") == "/seg/a.ts");
    CHECK(seen("/%73eg/a.ts") == "/seg/a.ts");
    CHECK(seen("//seg///a.ts") == "/seg/a.ts");
    CHECK(seen("/x/../seg/./a.ts") == "/seg/a.ts");
    CHECK(seen("/x/%2e%2e/seg/a.ts") == "/seg/a.ts");
    CHECK(seen("/../../seg/") == "/seg/");
    CHECK(seen("/seg/..") == "/");
    CHECK(seen("/seg/.hidden") == "/seg/.hidden");
    CHECK(seen("/%zz") == "/%zz");
    CHECK(seen("*") == "/*");
}

TEST_CASE("in a session of a private channel the path behind it is matched") {
    CHECK(seen("/p/AQsecret/rewind/AsXego4U6tnj.m3u8") == "/rewind/AsXego4U6tnj.m3u8");
    CHECK(seen("/%70/AQsecret/seg/x") == "/seg/x");
    CHECK(seen("/p/AQsecret") == "/p/AQsecret");
}

TEST_CASE("a path that is in order is not copied") {
    const std::string path = "/seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts";
    std::string made;

    CHECK(matched_path(path, made).data() == path.data());
    CHECK(made.empty());
}
