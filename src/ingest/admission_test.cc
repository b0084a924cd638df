#include "ingest/admission.h"

#include <doctest/doctest.h>

namespace oxbow::ingest {
namespace {

using std::chrono::milliseconds;

const ChannelId kChannel{"AsXego4U6tnj"};
const auto kDeaf = [](const std::string&) {};

void come_and_go(Admission& admission, int times) {
    for (int i = 0; i < times; ++i) REQUIRE(admission.admit(kChannel, 0, kDeaf).has_value());
}

}  // namespace

TEST_CASE("a channel takes one publisher, another channel another one") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};

    const auto first = admission.admit(kChannel, 0, kDeaf);
    const auto second = admission.admit(kChannel, 0, kDeaf);
    const auto elsewhere = admission.admit(ChannelId{"BsXego4U6tnj"}, 0, kDeaf);

    CHECK(first.has_value());
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == ErrorCode::Conflict);
    CHECK(second.error().what ==
          "the channel AsXego4U6tnj has a publisher already: end that one, or try again once it is "
          "quiet "
          "for 3 seconds");
    CHECK(elsewhere.has_value());
}

TEST_CASE("a place is free again when its ticket is gone") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    {
        const auto first = admission.admit(kChannel, 0, kDeaf);
    }

    CHECK(admission.admit(kChannel, 0, kDeaf).has_value());
}

TEST_CASE("a publisher that was quiet for three seconds is taken over and told to stop, once") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    std::vector<std::string> told;
    auto first =
        admission.admit(kChannel, 0, [&told](std::string why) { told.push_back(why); }).value();
    clock.advance(milliseconds{1'000});
    first.media_delivered();

    clock.advance(milliseconds{2'999});
    const auto too_early = admission.admit(kChannel, 0, kDeaf);
    clock.advance(milliseconds{1});
    const auto on_time = admission.admit(kChannel, 0, kDeaf);

    CHECK_FALSE(too_early.has_value());
    CHECK(on_time.has_value());
    CHECK(told ==
          std::vector<std::string>{"another publisher took over, after this one was quiet"});
}

TEST_CASE("a publisher has three seconds for its first media") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    const auto first = admission.admit(kChannel, 0, kDeaf);

    clock.advance(milliseconds{2'999});
    const auto too_early = admission.admit(kChannel, 0, kDeaf);
    clock.advance(milliseconds{1});
    const auto on_time = admission.admit(kChannel, 0, kDeaf);

    CHECK_FALSE(too_early.has_value());
    CHECK(on_time.has_value());
}

TEST_CASE("a ticket that was taken over does not free its successor's place, nor keep it alive") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    auto first = std::make_unique<Admission::Ticket>(admission.admit(kChannel, 0, kDeaf).value());
    clock.advance(milliseconds{3'000});
    const auto second = admission.admit(kChannel, 0, kDeaf);
    REQUIRE(second.has_value());

    first->media_delivered();
    first.reset();
    const auto third = admission.admit(kChannel, 0, kDeaf);
    clock.advance(milliseconds{3'000});
    const auto fourth = admission.admit(kChannel, 0, kDeaf);

    CHECK_FALSE(third.has_value());
    CHECK(fourth.has_value());
}

TEST_CASE("a stop may admit again: it is called without a lock") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    bool refused = false;
    const auto first = admission.admit(kChannel, 0, [&](const std::string&) {
        refused = !admission.admit(kChannel, 0, kDeaf).has_value();
    });
    clock.advance(milliseconds{3'000});

    const auto second = admission.admit(kChannel, 0, kDeaf);

    CHECK(second.has_value());
    CHECK(refused);
}

TEST_CASE("a ticket keeps its place when it is moved, and outlives the admission") {
    ManualClock clock{WallTime{}};
    auto admission = std::make_unique<Admission>(clock);
    auto ticket = admission->admit(kChannel, 0, kDeaf).value();

    Admission::Ticket moved{std::move(ticket)};
    const auto second = admission->admit(kChannel, 0, kDeaf);
    admission.reset();
    moved.media_delivered();

    CHECK_FALSE(second.has_value());
}

TEST_CASE("publishers of a channel may come and go three hundred times, then twice a second") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};

    come_and_go(admission, 300);
    const auto above = admission.admit(kChannel, 0, kDeaf);
    const auto elsewhere = admission.admit(ChannelId{"BsXego4U6tnj"}, 0, kDeaf);
    clock.advance(milliseconds{499});
    const auto too_early = admission.admit(kChannel, 0, kDeaf);
    clock.advance(milliseconds{1});
    const auto later = admission.admit(kChannel, 0, kDeaf);

    REQUIRE_FALSE(above.has_value());
    CHECK(above.error().code == ErrorCode::LimitExceeded);
    CHECK(above.error().what ==
          "publishers of the channel AsXego4U6tnj come and go more than 2 times a second: let the "
          "encoder wait before it connects again");
    CHECK(elsewhere.has_value());
    CHECK_FALSE(too_early.has_value());
    CHECK(later.has_value());
}

TEST_CASE("a higher priority takes over at once, the same one does not") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    std::vector<std::string> told;
    const auto tell = [&told](std::string why) { told.push_back(why); };
    const auto none = admission.admit(kChannel, 0, tell);

    const auto first = admission.admit(kChannel, 1, tell);
    const auto same = admission.admit(kChannel, 1, kDeaf);
    const auto lower = admission.admit(kChannel, 0, kDeaf);
    const auto higher = admission.admit(kChannel, 2, kDeaf);

    CHECK(first.value().took_over());
    CHECK_FALSE(none.value().took_over());
    CHECK(none.value().is_taken_over());
    CHECK(same.error().code == ErrorCode::Conflict);
    CHECK(lower.error().code == ErrorCode::Conflict);
    CHECK(higher.value().took_over());
    CHECK_FALSE(higher.value().is_taken_over());
    CHECK(told ==
          std::vector<std::string>(2, "another publisher took over, with a higher priority"));
}

TEST_CASE("a priority is forgotten with its publisher") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    {
        const auto first = admission.admit(kChannel, 7, kDeaf);
    }

    const auto second = admission.admit(kChannel, 0, kDeaf);

    REQUIRE(second.has_value());
    CHECK_FALSE(second->took_over());
    CHECK(admission.admit(kChannel, 1, kDeaf).has_value());
}

TEST_CASE("a priority is a number from 1 to 2147483647, anything else is none") {
    CHECK(takeover_priority("priority=1") == 1);
    CHECK(takeover_priority("priority=2147483647") == 2'147'483'647);
    CHECK(takeover_priority("token=a&priority=7&x") == 7);

    CHECK(takeover_priority("") == 0);
    CHECK(takeover_priority("priority=") == 0);
    CHECK(takeover_priority("priority=0") == 0);
    CHECK(takeover_priority("priority=-1") == 0);
    CHECK(takeover_priority("priority=1x") == 0);
    CHECK(takeover_priority("priority=2147483648") == 0);
    CHECK(takeover_priority("priority=99999999999999999999") == 0);
    CHECK(takeover_priority("priorities=3") == 0);
}

}  // namespace oxbow::ingest
