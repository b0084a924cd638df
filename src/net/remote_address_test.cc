#include "net/remote_address.h"

#include <doctest/doctest.h>

#include "net/test_request.h"

namespace oxbow::net {

TEST_CASE("a proxy that is trusted knows who asks, nobody else") {
    TestRequest by_way{.headers = {{"x-forwarded-for", "203.0.113.1, 203.0.113.2"}},
                       .peer = "[::1]:53422"};
    HttpRequest trusted = by_way;
    trusted.from_proxy = true;

    CHECK(remote_address(trusted) == "203.0.113.2");
    CHECK(remote_address(by_way) == "::1");
    by_way.headers = {{"x-forwarded-for", "evil\" 200"}};
    trusted = by_way;
    trusted.from_proxy = true;
    CHECK(remote_address(trusted) == "::1");
}

}  // namespace oxbow::net
