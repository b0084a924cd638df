#include "edge/allowed_origin.h"

#include <doctest/doctest.h>

using namespace oxbow;
using namespace oxbow::edge;

namespace {

bool allows(std::string_view allowed, std::string_view origin) {
    return AllowedOrigin::parse(allowed).value().matches(origin);
}

}  // namespace

TEST_CASE("an origin is allowed by its scheme, host and port") {
    CHECK(allows("https://example.org", "https://example.org"));
    CHECK(allows("https://Example.org", "HTTPS://example.ORG"));
    CHECK_FALSE(allows("https://example.org", "http://example.org"));
    CHECK_FALSE(allows("https://example.org", "https://example.org:8443"));
    CHECK_FALSE(allows("https://example.org", "https://www.example.org"));
    CHECK(allows("http://example.org:8080", "http://example.org:8080"));
    CHECK_FALSE(allows("http://example.org:8080", "http://example.org"));
    CHECK(allows("http://[::1]:8080", "http://[::1]:8080"));
}

TEST_CASE("a star in front is one label or more, in place of the port any, without a scheme both") {
    CHECK(allows("https://*.example.org", "https://a.example.org"));
    CHECK(allows("https://*.example.org", "https://a.b.example.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://example.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://.example.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://a.example.org:8443"));
    CHECK(allows("*.example.org", "http://a.example.org"));
    CHECK(allows("*.example.org", "https://a.example.org"));
    CHECK(allows("http://localhost:*", "http://localhost:5173"));
    CHECK(allows("http://localhost:*", "http://localhost"));
}

TEST_CASE("what only looks like an allowed origin is none") {
    CHECK_FALSE(allows("https://*.example.org", "https://evil.net/.example.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://evil.net#.example.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://evil.net?.example.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://evil.net\\.example.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://user@a.example.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://evilexample.org"));
    CHECK_FALSE(allows("https://*.example.org", "https://a.example.org.evil.net"));
    CHECK_FALSE(allows("https://*.example.org", "https://a.example.org, https://evil.net"));
    CHECK_FALSE(allows("*.example.org", "a.example.org"));
    CHECK_FALSE(allows("*.example.org", "file://a.example.org"));
    CHECK_FALSE(allows("http://localhost:*", "http://localhost:80:80"));
    CHECK_FALSE(allows("http://localhost:*", "http://localhost:evil"));
    CHECK_FALSE(allows("https://example.org", "null"));
    CHECK_FALSE(allows("https://example.org", ""));
    CHECK_FALSE(allows("*.a", "http://" + std::string(300, 'a') + ".a"));
    CHECK(allows("*", "null"));
}

TEST_CASE("a list names origins and nothing else") {
    CHECK_FALSE(AllowedOrigin::parse("").has_value());
    CHECK_FALSE(AllowedOrigin::parse("https://").has_value());
    CHECK_FALSE(AllowedOrigin::parse("ftp://example.org").has_value());
    CHECK_FALSE(AllowedOrigin::parse("https://example.org/path").has_value());
    CHECK_FALSE(AllowedOrigin::parse("https://a*.example.org").has_value());
    CHECK_FALSE(AllowedOrigin::parse("https://*").has_value());
    CHECK_FALSE(AllowedOrigin::parse("https://*.").has_value());
    CHECK_FALSE(AllowedOrigin::parse("https://example.org:").has_value());
    CHECK_FALSE(AllowedOrigin::parse("https://example.org:x").has_value());
    CHECK_FALSE(AllowedOrigin::parse("https://example.org\r\nX: y").has_value());
    CHECK_FALSE(AllowedOrigin::parse("null").has_value());
    CHECK_FALSE(AllowedOrigin::parse("example.org").has_value());
}
