#include "control/call_rates.h"

#include <doctest/doctest.h>

namespace oxbow::control {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{10s};

}  // namespace

TEST_CASE("calls pass up to the rate, and again a second later") {
    CallRates rates;

    CHECK(rates.take("a", 2, kStart));
    CHECK(rates.take("a", 2, kStart + 500ms));
    CHECK_FALSE(rates.take("a", 2, kStart + 999ms));

    CHECK(rates.take("a", 2, kStart + 1'000ms));
    CHECK_FALSE(rates.take("a", 2, kStart + 1'000ms));
}

TEST_CASE("kinds are counted apart") {
    CallRates rates;

    CHECK(rates.take("a", 1, kStart));
    CHECK(rates.take("b", 1, kStart));
    CHECK_FALSE(rates.take("a", 1, kStart));
}

}  // namespace oxbow::control
