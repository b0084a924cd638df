#include "edge/session_times.h"

#include <cstring>

#include <doctest/doctest.h>

namespace oxbow::edge {
namespace {

using namespace std::chrono_literals;
using Life = SessionTimes::Life;

constexpr WallTime kStart{1'675'983'341'550ms};

/// All of one shard, which the last byte chooses.
SessionTag tag(std::uint64_t number) {
    SessionTag out{};
    std::memcpy(out.data(), &number, sizeof number);
    return out;
}

}  // namespace

TEST_CASE("a session lives as long as something of it is fetched every five minutes") {
    ManualClock clock{kStart};
    SessionTimes times{clock};
    clock.advance(1h);
    const WallTime started_at = clock.wall();

    CHECK(times.fetched(tag(1), started_at) == Life::GoesOn);
    clock.advance(5min - 1ms);
    CHECK(times.fetched(tag(1), started_at) == Life::GoesOn);
    clock.advance(5min - 1ms);
    CHECK(times.fetched(tag(1), started_at) == Life::GoesOn);
    clock.advance(5min);
    CHECK(times.fetched(tag(1), started_at) == Life::Over);
    CHECK(times.fetched(tag(1), started_at) == Life::Over);
}

TEST_CASE("a session whose first fetch comes five minutes late is over") {
    ManualClock clock{kStart};
    SessionTimes times{clock};
    clock.advance(1h);
    const WallTime started_at = clock.wall();

    clock.advance(5min - 1ms);
    CHECK(times.fetched(tag(1), started_at) == Life::GoesOn);
    clock.advance(1ms);
    CHECK(times.fetched(tag(2), started_at) == Life::Over);
}

TEST_CASE("no session lives longer than two days") {
    ManualClock clock{kStart};
    SessionTimes times{clock};
    for (int minutes = 0; minutes < 48 * 60; minutes += 4) {
        REQUIRE(times.fetched(tag(1), kStart) == Life::GoesOn);
        clock.advance(4min);
    }

    CHECK(times.fetched(tag(1), kStart) == Life::Over);
}

TEST_CASE("after a restart a session goes on whose player comes within five minutes") {
    ManualClock clock{kStart};
    clock.advance(10h);
    SessionTimes after_restart{clock};

    clock.advance(5min - 1ms);
    CHECK(after_restart.fetched(tag(1), kStart) == Life::GoesOn);
    clock.advance(1ms);
    CHECK(after_restart.fetched(tag(2), kStart) == Life::Over);
    CHECK(after_restart.fetched(tag(1), kStart) == Life::GoesOn);
}

TEST_CASE("more sessions than may go on are not begun until others are over") {
    constexpr std::uint64_t kMost = SessionTimes::kSessionsMax / SessionTimes::kShards;
    ManualClock clock{kStart};
    SessionTimes times{clock};
    clock.advance(1h);
    for (std::uint64_t i = 1; i < kMost; ++i) times.fetched(tag(i), clock.wall());

    CHECK(times.fetched(tag(kMost), clock.wall()) == Life::GoesOn);
    CHECK(times.fetched(tag(kMost + 1), clock.wall()) == Life::TooMany);
    CHECK(times.fetched(tag(kMost), clock.wall()) == Life::GoesOn);
    clock.advance(5min);
    CHECK(times.fetched(tag(kMost + 1), clock.wall()) == Life::GoesOn);
}

}  // namespace oxbow::edge
