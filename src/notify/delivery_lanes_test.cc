#include "notify/delivery_lanes.h"

#include <doctest/doctest.h>

namespace oxbow::notify {
namespace {

using namespace std::chrono_literals;
using Failure = DeliveryLanes::Failure;
using Cursors = std::vector<std::uint64_t>;

constexpr SteadyTime kNow{1'000'000ms};
constexpr WallTime kWall{1'675'983'341'550ms};

/// Events 1 and 3 of channel a, 2 and 4 of channel b, all of kWall.
DeliveryLanes two_channels(DeliveryTimes times = {}) {
    DeliveryLanes lanes{times};
    lanes.add({.cursor = 1, .channel = ChannelId{"a"}, .time = kWall});
    lanes.add({.cursor = 2, .channel = ChannelId{"b"}, .time = kWall});
    lanes.add({.cursor = 3, .channel = ChannelId{"a"}, .time = kWall});
    lanes.add({.cursor = 4, .channel = ChannelId{"b"}, .time = kWall});
    return lanes;
}

TEST_CASE("deliveries that succeed go in the order of the log") {
    DeliveryLanes lanes = two_channels();

    CHECK(lanes.next(kNow) == 1);
    lanes.delivered(1);
    CHECK(lanes.next(kNow) == 2);
    lanes.delivered(2);
    CHECK(lanes.next(kNow) == 3);
    lanes.delivered(3);
    CHECK(lanes.next(kNow) == 4);
    lanes.delivered(4);

    CHECK(lanes.next(kNow) == std::nullopt);
    CHECK(lanes.due() == std::nullopt);
    CHECK(lanes.size() == 0);
}

TEST_CASE("an event that is refused stops its own channel only, for a second at first") {
    DeliveryLanes lanes = two_channels();

    CHECK(lanes.failed(1, Failure::Refused, kNow, kWall, 0).empty());
    CHECK(lanes.next(kNow) == 2);
    lanes.delivered(2);
    CHECK(lanes.next(kNow) == 4);
    lanes.delivered(4);

    CHECK(lanes.next(kNow + 999ms) == std::nullopt);
    CHECK(lanes.due() == kNow + 1s);
    CHECK(lanes.next(kNow + 1s) == 1);
}

TEST_CASE("a receiver that is away stops all channels") {
    DeliveryLanes lanes = two_channels();

    lanes.failed(1, Failure::Away, kNow, kWall, 0);

    CHECK(lanes.next(kNow + 999ms) == std::nullopt);
    CHECK(lanes.due() == kNow + 1s);
    CHECK(lanes.next(kNow + 1s) == 1);
}

TEST_CASE("the pause doubles up to its limit, chance takes up to half of it, success ends it") {
    DeliveryLanes lanes = two_channels({.backoff_first = 1s, .backoff_max = 3s});

    lanes.failed(1, Failure::Away, kNow, kWall, 0);
    CHECK(lanes.due() == kNow + 1s);
    lanes.failed(1, Failure::Away, kNow, kWall, 0.5);
    CHECK(lanes.due() == kNow + 1'500ms);
    lanes.failed(1, Failure::Away, kNow, kWall, 0);
    CHECK(lanes.due() == kNow + 3s);
    lanes.failed(1, Failure::Away, kNow, kWall, 0.999);
    CHECK(lanes.due() == kNow + 1'502ms);
    lanes.delivered(1);
    CHECK(lanes.due() == SteadyTime{});
    lanes.failed(2, Failure::Away, kNow, kWall, 0);
    CHECK(lanes.due() == kNow + 1s);
}

TEST_CASE("an event that is refused for a day is given up, and the next of its channel is tried") {
    DeliveryLanes lanes = two_channels();

    CHECK(lanes.failed(1, Failure::Refused, kNow, kWall + 24h - 1ms, 0).empty());
    CHECK(lanes.failed(1, Failure::Refused, kNow, kWall + 24h, 0) == Cursors{1});

    CHECK(lanes.next(kNow) == 2);
    lanes.delivered(2);
    CHECK(lanes.next(kNow) == 3);
    CHECK(lanes.size() == 2);
}

TEST_CASE("a receiver that is away for a day loses all that waited so long, and no more") {
    DeliveryLanes lanes = two_channels();
    lanes.add({.cursor = 5, .channel = ChannelId{"a"}, .time = kWall + 1ms});

    CHECK(lanes.failed(1, Failure::Away, kNow, kWall + 24h, 0) == Cursors{1, 2, 3, 4});

    CHECK(lanes.size() == 1);
    CHECK(lanes.next(kNow) == std::nullopt);
    CHECK(lanes.next(kNow + 1s) == 5);
}

}  // namespace
}  // namespace oxbow::notify
