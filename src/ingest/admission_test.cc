#include "ingest/admission.h"

#include <doctest/doctest.h>

namespace oxbow::ingest {
namespace {

using std::chrono::milliseconds;

const ChannelId kChannel{"AsXego4U6tnj"};
const auto kDeaf = [](const std::string&) {};

void come_and_go(Admission& admission, int times) {
    for (int i = 0; i < times; ++i) REQUIRE(admission.admit(kChannel, kDeaf).has_value());
}

}  // namespace

TEST_CASE("a channel takes one publisher, another channel another one") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};

    const auto first = admission.admit(kChannel, kDeaf);
    const auto second = admission.admit(kChannel, kDeaf);
    const auto elsewhere = admission.admit(ChannelId{"BsXego4U6tnj"}, kDeaf);

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
        const auto first = admission.admit(kChannel, kDeaf);
    }

    CHECK(admission.admit(kChannel, kDeaf).has_value());
}

TEST_CASE("a publisher that was quiet for three seconds is taken over and told to stop, once") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    std::vector<std::string> told;
    auto first =
        admission.admit(kChannel, [&told](std::string why) { told.push_back(why); }).value();
    clock.advance(milliseconds{1'000});
    first.media_delivered();

    clock.advance(milliseconds{2'999});
    const auto too_early = admission.admit(kChannel, kDeaf);
    clock.advance(milliseconds{1});
    const auto on_time = admission.admit(kChannel, kDeaf);

    CHECK_FALSE(too_early.has_value());
    CHECK(on_time.has_value());
    CHECK(told ==
          std::vector<std::string>{"another publisher took over, after this one was quiet"});
}

TEST_CASE("a publisher has three seconds for its first media") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    const auto first = admission.admit(kChannel, kDeaf);

    clock.advance(milliseconds{2'999});
    const auto too_early = admission.admit(kChannel, kDeaf);
    clock.advance(milliseconds{1});
    const auto on_time = admission.admit(kChannel, kDeaf);

    CHECK_FALSE(too_early.has_value());
    CHECK(on_time.has_value());
}

TEST_CASE("a ticket that was taken over does not free its successor's place, nor keep it alive") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    auto first = std::make_unique<Admission::Ticket>(admission.admit(kChannel, kDeaf).value());
    clock.advance(milliseconds{3'000});
    const auto second = admission.admit(kChannel, kDeaf);
    REQUIRE(second.has_value());

    first->media_delivered();
    first.reset();
    const auto third = admission.admit(kChannel, kDeaf);
    clock.advance(milliseconds{3'000});
    const auto fourth = admission.admit(kChannel, kDeaf);

    CHECK_FALSE(third.has_value());
    CHECK(fourth.has_value());
}

TEST_CASE("a stop may admit again: it is called without a lock") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};
    bool refused = false;
    const auto first = admission.admit(kChannel, [&](const std::string&) {
        refused = !admission.admit(kChannel, kDeaf).has_value();
    });
    clock.advance(milliseconds{3'000});

    const auto second = admission.admit(kChannel, kDeaf);

    CHECK(second.has_value());
    CHECK(refused);
}

TEST_CASE("a ticket keeps its place when it is moved, and outlives the admission") {
    ManualClock clock{WallTime{}};
    auto admission = std::make_unique<Admission>(clock);
    auto ticket = admission->admit(kChannel, kDeaf).value();

    Admission::Ticket moved{std::move(ticket)};
    const auto second = admission->admit(kChannel, kDeaf);
    admission.reset();
    moved.media_delivered();

    CHECK_FALSE(second.has_value());
}

TEST_CASE("publishers of a channel may come and go three hundred times, then twice a second") {
    ManualClock clock{WallTime{}};
    Admission admission{clock};

    come_and_go(admission, 300);
    const auto above = admission.admit(kChannel, kDeaf);
    const auto elsewhere = admission.admit(ChannelId{"BsXego4U6tnj"}, kDeaf);
    clock.advance(milliseconds{499});
    const auto too_early = admission.admit(kChannel, kDeaf);
    clock.advance(milliseconds{1});
    const auto later = admission.admit(kChannel, kDeaf);

    REQUIRE_FALSE(above.has_value());
    CHECK(above.error().code == ErrorCode::LimitExceeded);
    CHECK(above.error().what ==
          "publishers of the channel AsXego4U6tnj come and go more than 2 times a second: let the "
          "encoder wait before it connects again");
    CHECK(elsewhere.has_value());
    CHECK_FALSE(too_early.has_value());
    CHECK(later.has_value());
}

}  // namespace oxbow::ingest
