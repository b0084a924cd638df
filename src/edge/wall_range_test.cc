#include "edge/wall_range.h"

#include <doctest/doctest.h>

namespace oxbow::edge {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kTime{1'675'983'341'550ms};  // 2023-02-09T22:55:41.550Z

TEST_CASE("a moment is RFC 3339 or milliseconds, and the sides may be open") {
    CHECK(wall_range("", "from", "to") == WallRange{});
    CHECK(wall_range("from=2023-02-09T22:55:41.550Z", "from", "to") ==
          WallRange{kTime, kWallTimeMax});
    CHECK(wall_range("to=1675983341550", "from", "to") == WallRange{kWallTimeMin, kTime});
    CHECK(wall_range("start=1675983341550&end=1675983341551", "start", "end") ==
          WallRange{kTime, kTime + 1ms});
}

TEST_CASE("a range that begins before 1970 begins with it, so that addresses have it as digits") {
    CHECK(wall_range("from=1969-01-01T00:00:00Z", "from", "to") ==
          WallRange{WallTime{}, kWallTimeMax});
    CHECK(wall_range("from=1960-01-01T00:00:00Z&to=1965-01-01T00:00:00Z", "from", "to")->to <
          WallTime{});
}

TEST_CASE("the plus sign of an offset may be sent as it is") {
    CHECK(wall_range("from=2023-02-09T23:55:41.550+01:00", "from", "to")->from == kTime);
    CHECK(wall_range("from=2023-02-09T23:55:41.550%2B01:00", "from", "to")->from == kTime);
}

TEST_CASE("what is no moment, or no range, is refused by its name") {
    CHECK(wall_range("from=", "from", "to").error().what.starts_with("from must be a time"));
    CHECK(wall_range("to=tomorrow", "from", "to").error().what.starts_with("to must be a time"));
    CHECK_FALSE(wall_range("from=-5", "from", "to"));
    CHECK_FALSE(wall_range("from=99999999999999999999", "from", "to"));
    CHECK_FALSE(wall_range("from=253402300800000", "from", "to"));
    CHECK(wall_range("from=7&to=7", "from", "to").error().what == "from must be before to");
}

}  // namespace
}  // namespace oxbow::edge
