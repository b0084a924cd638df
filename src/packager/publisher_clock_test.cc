#include "packager/publisher_clock.h"

#include <doctest/doctest.h>

namespace oxbow {
using namespace std::chrono_literals;

namespace {

using Outcome = PublisherClock::Outcome;

/// A clock whose publisher's second 100 is second 0 of the timeline, and which jumps by 10 s.
struct Placed {
    Placed() { clock.anchor(100s, 0s); }

    PublisherClock::Place video(MediaTime dts) {
        return clock.place(Track::Video, dts, MediaTime::max());
    }
    PublisherClock::Place audio(MediaTime dts) {
        return clock.place(Track::Audio, dts, MediaTime::max());
    }

    PublisherClock clock{10s};
};

}  // namespace

TEST_CASE("both tracks are placed by the anchor") {
    Placed placed;

    CHECK(placed.video(100s).dts == 0s);
    CHECK(placed.audio(100'010ms).dts == 10ms);
    CHECK(placed.audio(99'990ms).outcome == Outcome::Jumped);  // behind its own last
}

TEST_CASE("a repeated dts is moved on by a millisecond once, then it has no place") {
    Placed placed;
    placed.video(100s);

    CHECK(placed.video(100s).dts == 1ms);
    CHECK(placed.video(100s).outcome == Outcome::NoPlace);
    CHECK(placed.video(100'001ms).dts == 2ms);
    CHECK(placed.video(100'003ms).dts == 3ms);
}

TEST_CASE("a dts jumps when it is more than jump_max ahead") {
    Placed placed;
    placed.video(100s);

    CHECK(placed.video(110'001ms).outcome == Outcome::Jumped);
    CHECK(placed.video(110s).dts == 10s);
}

TEST_CASE("a track that was silent goes on where its clock says, however long") {
    Placed placed;
    placed.audio(100s);
    placed.video(100s);
    placed.video(109s);
    placed.video(118s);

    CHECK(placed.audio(118'010ms).dts == 18'010ms);
}

TEST_CASE("at the horizon a dts jumps, below it does not") {
    Placed placed;
    placed.video(100s);

    CHECK(placed.clock.place(Track::Video, 105s, 5s).outcome == Outcome::Jumped);
    CHECK(placed.clock.place(Track::Video, 104'999ms, 5s).outcome == Outcome::Placed);
}

TEST_CASE("after a jump the other track follows onto the new clock by itself") {
    Placed placed;
    placed.video(100s);
    placed.audio(100s);
    REQUIRE(placed.video(5s).outcome == Outcome::Jumped);
    placed.clock.anchor_track(Track::Video, 5s, 40ms);

    CHECK(placed.video(5s).dts == 40ms);
    CHECK(placed.audio(100'021ms).dts == 21ms);  // a late frame of the old clock
    CHECK(placed.audio(5'010ms).dts == 50ms);
}

TEST_CASE("frames of a new clock that would lie on placed ones are dropped") {
    Placed placed;
    placed.video(100s);
    placed.audio(100'100ms);
    placed.clock.anchor_track(Track::Video, 5s, 40ms);
    placed.video(5s);

    CHECK(placed.audio(5'050ms).outcome == Outcome::NoPlace);
    CHECK(placed.audio(5'070ms).dts == 110ms);
}

TEST_CASE("a track whose leap stays within jump_max follows the other's when that fits better") {
    Placed placed;
    placed.video(100s);
    placed.audio(100'020ms);
    REQUIRE(placed.video(110'021ms).outcome == Outcome::Jumped);
    placed.clock.anchor_track(Track::Video, 110'021ms, 40ms);
    placed.video(110'021ms);

    CHECK(placed.audio(110'030ms).dts == 49ms);
}

TEST_CASE("a track that begins after a jump of the other is on the new clock") {
    Placed placed;
    placed.video(100s);
    placed.clock.anchor_track(Track::Video, 97s, 40ms);
    placed.video(97s);

    CHECK(placed.audio(97'010ms).dts == 50ms);
}

TEST_CASE("a track that returns to the clock the other never left is where it would have been") {
    Placed placed;
    placed.video(100s);
    placed.audio(100s);
    placed.clock.anchor_track(Track::Video, 3s, 40ms);
    placed.video(3s);

    CHECK(placed.video(100'080ms).dts == 80ms);
}

TEST_CASE("a track with a clock of its own starts a nudge behind its last frame at least") {
    Placed placed;
    placed.audio(100s);
    placed.audio(100'500ms);

    placed.clock.anchor_track(Track::Audio, 7s, 200ms);

    CHECK(placed.audio(7s).dts == 501ms);
}

TEST_CASE("a frame lasts until the next, a hole is no frame") {
    Placed placed;
    placed.video(100s);
    placed.video(101s);
    CHECK(placed.clock.frame_duration(Track::Video) == 1s);

    placed.video(102'001ms);

    CHECK(placed.clock.frame_duration(Track::Video) == 1s);
    CHECK(placed.clock.last(Track::Video) == 2'001ms);
}

}  // namespace oxbow
