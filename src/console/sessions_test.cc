#include "console/sessions.h"

#include <doctest/doctest.h>

#include "console/limits.h"

namespace oxbow::console {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kNow{1'000s};

}  // namespace

TEST_CASE("a session is found by its token, and by no other") {
    Sessions sessions;

    const auto opened = sessions.open("AKIA1", kNow);

    CHECK(opened.token.size() == 43);
    CHECK(opened.session.csrf != opened.token);
    const auto found = sessions.use(opened.token, kNow);
    REQUIRE(found);
    CHECK(found->access_key_id == "AKIA1");
    CHECK(found->csrf == opened.session.csrf);
    CHECK_FALSE(sessions.use("", kNow));
    CHECK_FALSE(sessions.use(opened.token + "x", kNow));
}

TEST_CASE("a session that is closed is over") {
    Sessions sessions;
    const auto opened = sessions.open("AKIA1", kNow);

    sessions.close(opened.token);

    CHECK_FALSE(sessions.use(opened.token, kNow));
    CHECK(sessions.size() == 0);
}

TEST_CASE("a session that nobody uses is over after an hour, one in use goes on") {
    Sessions sessions;
    const auto idle = sessions.open("AKIA1", kNow);
    const auto used = sessions.open("AKIA1", kNow);

    CHECK(sessions.use(used.token, kNow + kSessionIdleMax - 1ms));

    CHECK_FALSE(sessions.use(idle.token, kNow + kSessionIdleMax));
    CHECK(sessions.use(used.token, kNow + kSessionIdleMax));
}

TEST_CASE("a session is over after twelve hours, used or not") {
    Sessions sessions;
    const auto opened = sessions.open("AKIA1", kNow);
    for (int half = 1; half < 24; ++half) CHECK(sessions.use(opened.token, kNow + half * 30min));

    CHECK(sessions.use(opened.token, kNow + kSessionMax - 1ms));
    CHECK_FALSE(sessions.use(opened.token, kNow + kSessionMax));
}

TEST_CASE("beyond ten sessions of an access key the one used longest ago makes room") {
    Sessions sessions;
    const auto other = sessions.open("AKIA2", kNow);
    const auto first = sessions.open("AKIA1", kNow);
    const auto second = sessions.open("AKIA1", kNow);
    for (std::size_t more = 2; more < kSessionsOfKeyMax; ++more) sessions.open("AKIA1", kNow + 1s);
    CHECK(sessions.size() == kSessionsOfKeyMax + 1);
    CHECK(sessions.use(first.token, kNow + 2s));

    sessions.open("AKIA1", kNow + 3s);

    CHECK(sessions.size() == kSessionsOfKeyMax + 1);
    CHECK_FALSE(sessions.use(second.token, kNow + 4s));
    CHECK(sessions.use(first.token, kNow + 4s));
    CHECK(sessions.use(other.token, kNow + 4s));
}

TEST_CASE("there are never more than a hundred sessions") {
    Sessions sessions;
    const auto first = sessions.open("AKIA0", kNow);
    for (std::size_t more = 1; more < kSessionsMax; ++more)
        sessions.open("AKIA" + std::to_string(more), kNow + 1s);
    CHECK(sessions.size() == kSessionsMax);

    sessions.open("AKIAX", kNow + 2s);

    CHECK(sessions.size() == kSessionsMax);
    CHECK_FALSE(sessions.use(first.token, kNow + 3s));
}

TEST_CASE("sessions that are over take no room") {
    Sessions sessions;
    sessions.open("AKIA1", kNow);

    sessions.open("AKIA2", kNow + kSessionIdleMax);

    CHECK(sessions.size() == 1);
}

}  // namespace oxbow::console
