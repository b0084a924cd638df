#include "edge/viewer_counter.h"

#include <doctest/doctest.h>

#include "net/test_request.h"

namespace oxbow::edge {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{1'675'983'341'550ms};
const ChannelId kChannel{"AsXego4U6tnj"};

net::TestRequest from(std::string peer, std::string agent) {
    return {.headers = {{"user-agent", std::move(agent)}}, .peer = std::move(peer)};
}

/// `count` viewers, each of an agent of its own.
void fetch(ViewerCounter& viewers, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        viewers.fetched(kChannel, from("192.0.2.1:1", std::to_string(i)));
}

TEST_CASE("viewers are told apart by address and agent, not by port or by how often they fetch") {
    ManualClock clock{kStart};
    clock.advance(1h);
    ViewerCounter viewers{clock};

    viewers.fetched(kChannel, from("192.0.2.1:1000", "Chromium"));
    viewers.fetched(kChannel, from("192.0.2.1:1001", "Chromium"));
    CHECK(viewers.count(kChannel) == 1);
    viewers.fetched(kChannel, from("192.0.2.1:1000", "Firefox"));
    viewers.fetched(kChannel, from("192.0.2.2:1000", "Chromium"));
    viewers.fetched(kChannel, from("[2001:db8::1]:1000", "Chromium"));

    CHECK(viewers.count(kChannel) == 4);
    CHECK(viewers.count(ChannelId{"another"}) == 0);
}

TEST_CASE("a viewer stays for a minute behind its last fetch") {
    ManualClock clock{kStart};
    clock.advance(1h);
    ViewerCounter viewers{clock};
    viewers.fetched(kChannel, from("192.0.2.1:1", "a"));
    clock.advance(30s);
    viewers.fetched(kChannel, from("192.0.2.1:1", "b"));

    clock.advance(29s);
    CHECK(viewers.count(kChannel) == 2);
    clock.advance(1s);
    CHECK(viewers.count(kChannel) == 1);
    clock.advance(30s);
    CHECK(viewers.count(kChannel) == 0);
}

TEST_CASE("as many viewers of a channel are counted as there is place for, and no more") {
    ManualClock clock{kStart};
    clock.advance(1h);
    ViewerCounter viewers{clock};

    fetch(viewers, 99'999);
    CHECK(viewers.count(kChannel) == 99'999);
    fetch(viewers, 100'000);
    CHECK(viewers.count(kChannel) == 100'000);
    fetch(viewers, 100'001);
    CHECK(viewers.count(kChannel) == 100'000);
}

}  // namespace
}  // namespace oxbow::edge
