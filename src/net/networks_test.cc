#include "net/networks.h"

#include <doctest/doctest.h>

namespace oxbow::net {
namespace {

bool contains(std::string_view network, const char* address) {
    Networks networks;
    REQUIRE(networks.add(network));
    return networks.contain(boost::asio::ip::make_address(address));
}

bool is_taken(std::string_view network) {
    return Networks{}.add(network).has_value();
}

}  // namespace

TEST_CASE("a network contains its first and last address and not the next ones") {
    CHECK(contains("10.0.0.0/8", "10.0.0.0"));
    CHECK(contains("10.0.0.0/8", "10.255.255.255"));
    CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
    CHECK(contains("192.0.2.128/25", "192.0.2.128"));
    CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
    CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST_CASE("one address is a network of itself, also when it comes by an IPv6 socket") {
    CHECK(contains("127.0.0.1", "127.0.0.1"));
    CHECK(contains("127.0.0.1", "::ffff:127.0.0.1"));
    CHECK_FALSE(contains("127.0.0.1", "127.0.0.2"));
    CHECK(contains("0.0.0.0/0", "203.0.113.9"));
    CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
    CHECK_FALSE(Networks{}.contain(boost::asio::ip::make_address("127.0.0.1")));
}

TEST_CASE("what is no network is refused") {
    CHECK_FALSE(is_taken(""));
    CHECK_FALSE(is_taken("proxy.example.org"));
    CHECK_FALSE(is_taken("10.0.0.0/33"));
    CHECK_FALSE(is_taken("::1/129"));
    CHECK_FALSE(is_taken("10.0.0.0/"));
    CHECK_FALSE(is_taken("10.0.0.0/-1"));
    CHECK_FALSE(is_taken("10.0.0.0/8x"));
    CHECK(is_taken("10.0.0.0/32"));
    CHECK(is_taken("::1/128"));
}

}  // namespace oxbow::net
