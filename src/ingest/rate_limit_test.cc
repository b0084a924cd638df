#include "ingest/rate_limit.h"

#include <doctest/doctest.h>

namespace oxbow::ingest {
namespace {

using std::chrono::milliseconds;

SteadyTime at(std::int64_t time) {
    return SteadyTime{milliseconds{time}};
}

}  // namespace

TEST_CASE("a burst is allowed at once, and no more") {
    RateLimit limit{{.burst = 3, .per_second = 2}};
    limit.advance(at(1'000));

    CHECK(limit.take(3));
    CHECK_FALSE(limit.take());
}

TEST_CASE("what was taken comes back at the rate, to the millisecond") {
    RateLimit limit{{.burst = 3, .per_second = 2}};
    limit.advance(at(1'000));
    REQUIRE(limit.take(3));

    limit.advance(at(1'499));
    CHECK_FALSE(limit.take());
    limit.advance(at(1'500));
    CHECK(limit.take());
    CHECK_FALSE(limit.take());
}

TEST_CASE("no more than a burst is saved up, however long nothing happens") {
    RateLimit limit{{.burst = 3, .per_second = 2}};
    limit.advance(at(0));
    REQUIRE(limit.take());

    limit.advance(at(std::int64_t{1} << 60));

    CHECK(limit.take(3));
    CHECK_FALSE(limit.take());
}

TEST_CASE("a time that goes back earns nothing, and too much at once takes nothing") {
    RateLimit limit{{.burst = 3, .per_second = 2}};
    limit.advance(at(5'000));
    REQUIRE(limit.take(3));

    limit.advance(at(4'000));

    CHECK_FALSE(limit.take());
    limit.advance(at(4'500));
    CHECK_FALSE(limit.take(2));
    CHECK(limit.take(1));
}

}  // namespace oxbow::ingest
