#include "console/attempts.h"

#include <string>

#include <doctest/doctest.h>

#include "console/limits.h"

namespace oxbow::console {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kNow{1'000s};
constexpr std::string_view kGuesser = "10.0.0.7";

void fail_often(SignInAttempts& attempts, std::string_view peer, std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) attempts.failed(peer, kNow);
}

}  // namespace

TEST_CASE("an address of IPv6 counts as the network that one has") {
    CHECK(guesser_at("10.0.0.7") == "10.0.0.7");
    CHECK(guesser_at("2001:db8:0:7:1:2:3:4") == "2001:db8:0:7::");
    CHECK(guesser_at("::ffff:10.0.0.7") == "10.0.0.7");
    CHECK(guesser_at("::1") == "::");
    CHECK(guesser_at("") == "");
}

TEST_CASE("ten failures are allowed, then the address waits until the first is a minute old") {
    SignInAttempts attempts;
    fail_often(attempts, kGuesser, kFailuresMax - 1);
    CHECK_FALSE(attempts.wait(kGuesser, kNow));
    attempts.failed(kGuesser, kNow + 10s);

    CHECK(attempts.wait(kGuesser, kNow + 20s) == 40s);
    CHECK(attempts.wait(kGuesser, kNow + kFailureWindow - 1ms) == 1ms);

    CHECK_FALSE(attempts.wait(kGuesser, kNow + kFailureWindow));
}

TEST_CASE("others do not wait for one who guesses") {
    SignInAttempts attempts;

    fail_often(attempts, kGuesser, kFailuresMax);

    CHECK(attempts.wait(kGuesser, kNow));
    CHECK_FALSE(attempts.wait("10.0.0.8", kNow));
}

TEST_CASE("a thousand addresses are remembered, and all others as one") {
    SignInAttempts attempts;
    for (std::size_t i = 0; i < kAddressesMax; ++i)
        attempts.failed("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250), kNow);
    CHECK(attempts.size() == kAddressesMax);

    fail_often(attempts, "10.9.0.1", kFailuresMax);

    CHECK(attempts.size() == kAddressesMax + 1);
    CHECK(attempts.wait("10.9.0.2", kNow));
    CHECK_FALSE(attempts.wait("10.1.0.0", kNow));
}

TEST_CASE("addresses that have been quiet are forgotten when room is needed") {
    SignInAttempts attempts;
    for (std::size_t i = 0; i < kAddressesMax; ++i)
        attempts.failed("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250), kNow);

    attempts.failed("10.9.0.1", kNow + kFailureWindow);

    CHECK(attempts.size() == 1);
}

}  // namespace oxbow::console
