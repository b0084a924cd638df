#include "app/restart_pace.h"

#include <doctest/doctest.h>

using namespace oxbow;
using namespace oxbow::app;
using namespace std::chrono_literals;

namespace {

constexpr SteadyTime kStart{1'000'000ms};

void dies(RestartPace& pace, int times) {
    for (int death = 0; death < times; ++death) pace.ended(kStart);
}

}  // namespace

TEST_CASE("a program that did its work is started again at once, without a word") {
    RestartPace pace;
    pace.started(kStart);

    const bool told = pace.ended(kStart + 10s);

    CHECK_FALSE(told);
    CHECK(pace.due(kStart + 10s));
}

TEST_CASE("a program that dies at once is told of once and started ever later") {
    RestartPace pace;
    pace.started(kStart);

    const bool first_told = pace.ended(kStart + 9'999ms);
    const bool due_early = pace.due(kStart + 11'998ms);
    const bool due_then = pace.due(kStart + 11'999ms);
    pace.started(kStart + 12s);
    const bool second_told = pace.ended(kStart + 13s);

    CHECK(first_told);
    CHECK_FALSE(due_early);
    CHECK(due_then);
    CHECK_FALSE(second_told);
    CHECK_FALSE(pace.due(kStart + 16'999ms));
    CHECK(pace.due(kStart + 17s));
}

TEST_CASE("no pause is longer than a minute") {
    RestartPace pace;
    pace.started(kStart);
    dies(pace, 20);

    CHECK_FALSE(pace.due(kStart + 59'999ms));
    CHECK(pace.due(kStart + 60s));
}

TEST_CASE("a program that worked again in between is told of again") {
    RestartPace pace;
    pace.started(kStart);
    REQUIRE(pace.ended(kStart + 1s));
    pace.started(kStart + 3s);
    REQUIRE_FALSE(pace.ended(kStart + 60s));
    pace.started(kStart + 60s);

    CHECK(pace.ended(kStart + 61s));
}
