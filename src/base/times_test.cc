#include "base/times.h"

#include <doctest/doctest.h>

using namespace oxbow;
using namespace std::chrono_literals;

namespace {
constexpr WallTime kSample{
    std::chrono::milliseconds{1'675'983'341'550}};  // of a real recording's first segment
}

TEST_CASE("a wall time is written in UTC with milliseconds, or cut to whole seconds") {
    CHECK(format_rfc3339_ms(kSample) == "2023-02-09T22:55:41.550Z");
    CHECK(format_rfc3339(kSample) == "2023-02-09T22:55:41Z");
}

TEST_CASE("a written time is read back exactly") {
    CHECK(parse_rfc3339("2023-02-09T22:55:41.550Z").value() == kSample);
    CHECK(parse_rfc3339("2023-02-09T22:55:41Z").value() == kSample - 550ms);
}

TEST_CASE("offsets are taken off and fractions below a millisecond are cut") {
    CHECK(parse_rfc3339("2023-02-10T00:25:41.5509+01:30").value() == kSample);
    CHECK(parse_rfc3339("2023-02-09T17:55:41.55-05:00").value() == kSample);
}

TEST_CASE("what is no RFC 3339 time is refused") {
    CHECK_FALSE(parse_rfc3339("").has_value());
    CHECK_FALSE(parse_rfc3339("2023-02-09").has_value());
    CHECK_FALSE(parse_rfc3339("2023-02-30T22:55:41Z").has_value());
    CHECK_FALSE(parse_rfc3339("2023-02-09T24:00:00Z").has_value());
    CHECK_FALSE(parse_rfc3339("2023-02-09T22:55:41").has_value());
    CHECK_FALSE(parse_rfc3339("2023-02-09T22:55:41.Z").has_value());
    CHECK_FALSE(parse_rfc3339("2023-02-09T22:55:41.1234567890Z").has_value());
    CHECK_FALSE(parse_rfc3339("2023-02-09T22:55:41Zx").has_value());
    CHECK_FALSE(parse_rfc3339("2023-02-09T22:55:41+25:00").has_value());
}

TEST_CASE("a time is read when its year in UTC has four digits") {
    CHECK(parse_rfc3339("9999-12-31T23:59:59.999Z").value() == kWallTimeMax);
    CHECK_FALSE(parse_rfc3339("9999-12-31T23:59:60Z").has_value());
    CHECK_FALSE(parse_rfc3339("9999-12-31T23:59:59-00:01").has_value());
    CHECK(parse_rfc3339("0000-01-01T00:00:00Z").value() == kWallTimeMin);
    CHECK_FALSE(parse_rfc3339("0000-01-01T00:00:00+00:01").has_value());
}

TEST_CASE("milliseconds convert to media ticks and back without loss") {
    CHECK(MediaTime{33ms}.count() == 2'970);
    CHECK(milliseconds(MediaTime{2'970}) == 33);
    CHECK(milliseconds(MediaTime{-1}) == -1);
}

TEST_CASE("a manual clock moves both its times by hand") {
    ManualClock clock{kSample};
    const SteadyTime before = clock.steady();

    clock.advance(1500ms);

    CHECK(clock.wall() == kSample + 1500ms);
    CHECK(clock.steady() - before == 1500ms);
}
