#include "net/http_conditions.h"

#include <doctest/doctest.h>

#include "net/test_request.h"

namespace oxbow::net {
namespace {

TestRequest with(std::string name, std::string value) {
    return {.headers = {{std::move(name), std::move(value)}}};
}

bool has(std::string if_none_match, std::string_view etag = "abc") {
    return has_version(with("if-none-match", std::move(if_none_match)), etag);
}

bool takes_gzip(std::string accept_encoding) {
    return accepts_gzip(with("accept-encoding", std::move(accept_encoding)));
}

}  // namespace

TEST_CASE("If-None-Match names a version alone, in a list, weakly, or by a star") {
    CHECK(has("\"abc\""));
    CHECK(has("W/\"abc\""));
    CHECK(has("\"x\", \"abc\""));
    CHECK(has("\"x\",W/\"y\" ,\t\"abc\""));
    CHECK(has("*"));
    CHECK(has("\"a,b\", \"abc\""));
    CHECK(has_version(
        TestRequest{.headers = {{"if-none-match", "\"x\""}, {"if-none-match", "\"abc\""}}}, "abc"));
}

TEST_CASE("another version, a part of the tag and what is malformed name nothing") {
    CHECK_FALSE(has("\"abd\""));
    CHECK_FALSE(has("\"ab\""));
    CHECK_FALSE(has("\"abc-gz\""));
    CHECK_FALSE(has("abc"));
    CHECK_FALSE(has("\"abc"));
    CHECK_FALSE(has("w/\"abc\""));
    CHECK_FALSE(has(""));
    CHECK_FALSE(has("x, \"abc\""));
    CHECK_FALSE(has_version(TestRequest{}, "abc"));
}

TEST_CASE("a range counts without If-Range and with the strong tag of this version only") {
    CHECK(range_counts(TestRequest{}, "abc"));
    CHECK(range_counts(with("if-range", "\"abc\""), "abc"));
    CHECK_FALSE(range_counts(with("if-range", "W/\"abc\""), "abc"));
    CHECK_FALSE(range_counts(with("if-range", "\"abd\""), "abc"));
    CHECK_FALSE(range_counts(with("if-range", "\""), ""));
    CHECK_FALSE(range_counts(with("if-range", "Sun, 06 Nov 1994 08:49:37 GMT"), "abc"));
}

TEST_CASE("gzip is taken where it is named, or a star stands for it") {
    CHECK(takes_gzip("gzip"));
    CHECK(takes_gzip("gzip, deflate, br"));
    CHECK(takes_gzip("br;q=1.0, GZIP;q=0.001"));
    CHECK(takes_gzip("x-gzip"));
    CHECK(takes_gzip("*"));
    CHECK(takes_gzip("identity;q=0, *;q=0.5"));
    CHECK(takes_gzip("identity;q=0.5, gzip;q=0.5"));
    CHECK(takes_gzip(", gzip ; q=1"));
}

TEST_CASE("gzip is not taken where it is absent, refused, or less welcome than plain bytes") {
    CHECK_FALSE(accepts_gzip(TestRequest{}));
    CHECK_FALSE(takes_gzip(""));
    CHECK_FALSE(takes_gzip("br"));
    CHECK_FALSE(takes_gzip("gzip;q=0"));
    CHECK_FALSE(takes_gzip("gzip;q=0.000"));
    CHECK_FALSE(takes_gzip("*, gzip;q=0"));
    CHECK_FALSE(takes_gzip("*;q=0"));
    CHECK_FALSE(takes_gzip("identity, gzip;q=0.9"));
    CHECK_FALSE(takes_gzip("gzip;q=1.001"));
    CHECK_FALSE(takes_gzip("gzip;q=x"));
    CHECK_FALSE(takes_gzip("gzip;level=9"));
    CHECK_FALSE(takes_gzip("gzipped"));
}

}  // namespace oxbow::net
