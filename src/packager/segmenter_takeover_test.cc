// Another publisher goes on with a broadcast.

#include <doctest/doctest.h>

#include "packager/segmenter.h"
#include "packager/test_transport_stream.h"
#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

namespace {

const WallTime kWall{1'000'000ms};

/// A broadcast whose units arrive when they are due: its second publisher begins at any time.
struct Broadcast {
    explicit Broadcast(WallTime wall = kWall) : segmenter({}, {.media = 0s, .wall = wall}) {}

    Broadcast& parameters(const VideoParameters& video, std::optional<AudioParameters> audio = {}) {
        collect(closed, segmenter.set_video_parameters(video));
        if (audio) collect(closed, segmenter.set_audio_parameters(*audio));
        return *this;
    }
    Broadcast& push(AccessUnit unit, Milliseconds arrives) {
        if (segmenter.waits()) segmenter.arrived(kWall + arrives);
        collect(closed, segmenter.push(std::move(unit)));
        return *this;
    }
    /// A key frame and pictures every 40 ms, a second of them, by the publisher's clock.
    Broadcast& second(Milliseconds dts, Milliseconds arrives) {
        push(idr(dts), arrives);
        for (Milliseconds at = 40ms; at < 1s; at += 40ms) push(slice(dts + at), arrives + at);
        return *this;
    }
    Broadcast& next_publisher() {
        segmenter.next_publisher();
        return *this;
    }
    Broadcast& finish() {
        collect(closed, segmenter.finish());
        return *this;
    }

    Segmenter segmenter;
    std::vector<LiveSegmentPtr> closed;
};

}  // namespace

TEST_CASE("the first picture's time is when it came, not when its parameters did") {
    Broadcast cast;
    cast.parameters(film_video()).second(0ms, 700ms).finish();

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->program_date_time == kWall + 700ms);
    CHECK(cast.closed[0]->start == 0s);
}

TEST_CASE("the first picture's time is never before the end of what is there") {
    Broadcast cast{kWall + 900ms};
    cast.parameters(film_video()).second(0ms, 700ms).finish();

    CHECK(cast.closed.at(0)->program_date_time == kWall + 900ms);
}

TEST_CASE("what is only sound begins when its first sound came") {
    Broadcast cast;
    collect(cast.closed, cast.segmenter.set_audio_parameters(stereo()));
    for (Milliseconds at = 0ms; at <= 4s; at += 20ms) cast.push(sound(at), 500ms + at);

    REQUIRE(!cast.closed.empty());
    CHECK(cast.closed[0]->program_date_time == kWall + 500ms);
}

TEST_CASE(
    "a takeover without loss is one stream: the segment lasts until the next publisher begins") {
    Broadcast cast;
    cast.parameters(film_video()).second(0ms, 0ms);

    cast.next_publisher().parameters(film_video());
    cast.second(77'000ms, 1'300ms).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 1'300ms);
    CHECK(cast.closed[1]->start == 1'300ms);
    CHECK(cast.closed[1]->program_date_time == kWall + 1'300ms);
    CHECK(cast.closed[1]->duration == 1s);
    CHECK_FALSE(cast.closed[1]->discontinuity);
    CHECK(cast.closed[1]->starts_with_idr);
    CHECK(cast.closed[1]->parameters == cast.closed[0]->parameters);
}

TEST_CASE("a takeover while the first publisher is ahead of its time follows its media") {
    Broadcast cast;
    cast.parameters(film_video()).second(0ms, 0ms);

    cast.next_publisher().parameters(film_video()).second(0ms, 300ms).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 1s);
    CHECK(cast.closed[1]->start == 1s);
    CHECK(cast.closed[1]->program_date_time == kWall + 1s);
    CHECK_FALSE(cast.closed[1]->discontinuity);
}

TEST_CASE("what is missing at a takeover is a discontinuity above two seconds") {
    Broadcast bridged;
    Broadcast holed;
    bridged.parameters(film_video()).second(0ms, 0ms).next_publisher().parameters(film_video());
    holed.parameters(film_video()).second(0ms, 0ms).next_publisher().parameters(film_video());

    bridged.second(0ms, 3'000ms).finish();
    holed.second(0ms, 3'001ms).finish();

    REQUIRE(bridged.closed.size() == 2);
    CHECK(bridged.closed[0]->duration == 3s);
    CHECK_FALSE(bridged.closed[1]->discontinuity);
    REQUIRE(holed.closed.size() == 2);
    CHECK(holed.closed[0]->duration == 1s);
    CHECK(holed.closed[1]->discontinuity);
    CHECK(holed.closed[1]->start == 1s);
    CHECK(holed.closed[1]->program_date_time == kWall + 3'001ms);
}

TEST_CASE("other parameters at a takeover are a discontinuity, with nothing missing too") {
    Broadcast cast;
    cast.parameters(film_video()).second(0ms, 0ms);

    cast.next_publisher().parameters(other_video()).second(0ms, 1s).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[1]->discontinuity);
    CHECK(cast.closed[1]->parameters->video == other_video());
    CHECK(cast.closed[1]->program_date_time == kWall + 1s);
}

TEST_CASE("a track that the next publisher does not have is gone, with a discontinuity") {
    Broadcast cast;
    cast.parameters(film_video(), stereo()).second(0ms, 0ms);

    cast.next_publisher().parameters(film_video()).second(0ms, 1s).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[1]->discontinuity);
    CHECK_FALSE(cast.closed[1]->parameters->audio);
}

TEST_CASE("only sound may follow pictures") {
    Broadcast cast;
    cast.parameters(film_video(), stereo()).second(0ms, 0ms);

    cast.next_publisher();
    collect(cast.closed, cast.segmenter.set_audio_parameters(stereo()));
    for (Milliseconds at = 0ms; at <= 3s; at += 20ms) cast.push(sound(at), 1s + at);
    cast.finish();

    REQUIRE(cast.closed.size() >= 2);
    CHECK(cast.closed[0]->video_frames == 25);
    CHECK(cast.closed[1]->discontinuity);
    CHECK_FALSE(cast.closed[1]->parameters->video);
    CHECK(cast.closed[1]->program_date_time == kWall + 1s);
}

TEST_CASE("a second takeover before the first has shown anything is one") {
    Broadcast cast;
    cast.parameters(film_video()).second(0ms, 0ms);

    cast.next_publisher().parameters(other_video()).next_publisher().parameters(film_video());
    cast.second(0ms, 1'500ms).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 1'500ms);
    CHECK_FALSE(cast.closed[1]->discontinuity);
}

TEST_CASE("a publisher that takes over and brings nothing takes nothing away") {
    Broadcast cast;
    cast.parameters(film_video()).second(0ms, 0ms).next_publisher().finish();

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->duration == 1s);
    CHECK(cast.closed[0]->video_frames == 25);
}

}  // namespace oxbow
