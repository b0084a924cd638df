#include "edge/origins.h"

#include <doctest/doctest.h>

namespace oxbow::edge {

TEST_CASE("an origin is the named one, whatever its case, with its scheme and its port") {
    CHECK(origin_matches("https://example.com", "https://example.com"));
    CHECK(origin_matches("https://Example.com", "HTTPS://example.COM"));
    CHECK_FALSE(origin_matches("https://example.com", "http://example.com"));
    CHECK_FALSE(origin_matches("https://example.com", "https://example.com:8443"));
    CHECK_FALSE(origin_matches("https://example.com", "https://www.example.com"));
    CHECK_FALSE(origin_matches("https://example.com", "https://example.com.evil.net"));
    CHECK_FALSE(origin_matches("https://example.com", ""));
    CHECK_FALSE(origin_matches("https://example.com", "null"));
}

TEST_CASE("a star at the front of the host stands for what is before, and for nothing less") {
    CHECK(origin_matches("https://*.example.com", "https://www.example.com"));
    CHECK(origin_matches("https://*.example.com", "https://a.b.EXAMPLE.com"));
    CHECK(origin_matches("https://*", "https://anything.net"));
    CHECK(origin_matches("*", "null"));
    CHECK_FALSE(origin_matches("https://*.example.com", "https://example.com"));
    CHECK_FALSE(origin_matches("https://*.example.com", "https://.example.com"));
    CHECK_FALSE(origin_matches("https://*.example.com", "http://www.example.com"));
    CHECK_FALSE(origin_matches("https://*.example.com", "https://www.example.com.evil.net"));
    CHECK_FALSE(origin_matches("https://www.*.com", "https://www.example.com"));
}

TEST_CASE("rules without origins allow all") {
    CHECK(OriginRules{}.allows("https://example.com"));
    CHECK(OriginRules{{"https://a.net", "https://b.net"}, false}.allows("https://b.net"));
    CHECK_FALSE(OriginRules{{"https://a.net", "https://b.net"}, false}.allows("https://c.net"));
}

}  // namespace oxbow::edge
