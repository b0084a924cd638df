#include "packager/segmenter.h"

#include <doctest/doctest.h>

#include "packager/test_transport_stream.h"
#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

namespace {

const WallTime kWall{1'000'000ms};

/// A segmenter and the segments it has closed so far.
struct Broadcast {
    explicit Broadcast(Segmenter::Start start = {.media = 0s, .wall = kWall},
                       SegmenterLimits limits = {})
        : segmenter(limits, start) {}

    Broadcast& video(VideoParameters parameters = film_video()) {
        collect(closed, segmenter.set_video_parameters(std::move(parameters)));
        return *this;
    }
    Broadcast& audio(AudioParameters parameters = stereo()) {
        collect(closed, segmenter.set_audio_parameters(parameters));
        return *this;
    }
    Broadcast& push(AccessUnit unit) {
        collect(closed, segmenter.push(std::move(unit)));
        return *this;
    }
    /// Pictures every 40 ms from `from`, `count` of them, none a key frame.
    Broadcast& slices(Milliseconds from, int count) {
        for (int i = 0; i < count; ++i) push(slice(from + 40ms * i));
        return *this;
    }
    /// AAC frames every 20 ms from `from`, `count` of them.
    Broadcast& sounds(Milliseconds from, int count) {
        for (int i = 0; i < count; ++i) push(sound(from + 20ms * i));
        return *this;
    }
    Broadcast& finish() {
        collect(closed, segmenter.finish());
        return *this;
    }
    std::vector<TsPacket> packets(std::size_t segment) const {
        return read_packets(joined(closed.at(segment)->bytes));
    }

    Segmenter segmenter;
    std::vector<LiveSegmentPtr> closed;
};

}  // namespace

TEST_CASE("a segment ends at the first key frame at or after the target, not before") {
    Broadcast cast;
    cast.video();

    cast.push(idr(0ms)).push(idr(960ms)).push(slice(1s));
    CHECK(cast.closed.empty());
    cast.push(idr(1040ms));

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->start == 0s);
    CHECK(cast.closed[0]->duration == 1040ms);
    CHECK(cast.closed[0]->starts_with_idr);
    CHECK(cast.closed[0]->video_frames == 3);
    CHECK(cast.closed[0]->audio_frames == 0);
    CHECK_FALSE(cast.closed[0]->discontinuity);
}

TEST_CASE("a key frame exactly at the target ends the segment") {
    Broadcast cast;
    cast.video().push(idr(0ms));

    cast.push(idr(1s));

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->duration == 1s);
}

TEST_CASE("without key frames a segment ends at the last frame boundary not above its maximum") {
    Broadcast cast;
    cast.video().push(idr(0ms)).slices(40ms, 149);  // the last one ends at 6.000 s

    CHECK(cast.closed.empty());
    cast.push(slice(6s));

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->duration == 6s);
    CHECK(cast.closed[0]->video_frames == 150);
    cast.slices(6'040ms, 200);
    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[1]->start == 6s);
    CHECK_FALSE(cast.closed[1]->starts_with_idr);
    CHECK_FALSE(cast.closed[1]->discontinuity);
}

TEST_CASE("a frame that would pass the maximum goes into the next segment") {
    Broadcast cast;
    cast.video().push(idr(0ms)).slices(41ms,
                                       149);  // the last one, at 5.961 s, would end at 6.001 s

    CHECK(cast.closed.empty());
    cast.push(slice(6'002ms));

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->duration == 6s);
    CHECK(cast.closed[0]->video_frames == 150);

    Broadcast later;
    later.video().push(idr(0ms)).slices(42ms, 149);  // at 5.962 s, to 6.002 s
    REQUIRE(later.closed.size() == 1);
    CHECK(later.closed[0]->duration == 5'962ms);
    CHECK(later.closed[0]->video_frames == 149);
}

TEST_CASE("a key frame that is a whole maximum after the start begins a segment") {
    Broadcast cast;
    cast.video().audio().push(sound(0ms)).push(idr(20ms)).slices(60ms, 149);

    cast.push(idr(6'020ms));

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->duration == 6s);
    cast.push(idr(7'100ms));
    CHECK(cast.closed[1]->starts_with_idr);
}

TEST_CASE("pictures before the first key frame are dropped, and their sound with them") {
    Broadcast cast;
    cast.video().audio().push(slice(0ms)).push(sound(10ms)).push(slice(40ms)).push(sound(90ms));

    cast.push(idr(80ms)).push(idr(1'100ms));

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->video_frames == 1);
    CHECK(cast.closed[0]->audio_frames == 1);
    CHECK(cast.closed[0]->duration == 1'020ms);
    CHECK(cast.segmenter.dropped() == 3);
}

TEST_CASE(
    "audio before the first key frame goes into the first segment, which begins with the picture") {
    Broadcast cast{{.media = 30s, .wall = kWall, .discontinuity = true}};
    cast.video().audio().push(sound(5'000ms)).push(sound(5'020ms));

    cast.push(idr(5'040ms)).push(idr(6'040ms));

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->start == 30s);
    CHECK(cast.closed[0]->program_date_time == kWall);
    CHECK(cast.closed[0]->duration == 1s);
    CHECK(cast.closed[0]->discontinuity);
    CHECK(cast.closed[0]->audio_frames == 2);
    CHECK(read_pes(cast.packets(0), 0x101).at(0).dts == 90 * 40'000);
    CHECK(read_pes(cast.packets(0), 0x100).at(0).pts == 90 * 39'960);
}

TEST_CASE("audio is kept up to a second before the first key frame, not longer") {
    Broadcast cast;
    cast.video().audio().push(sound(999ms)).push(sound(1s));

    cast.push(idr(2s)).finish();

    CHECK(cast.closed.at(0)->audio_frames == 1);
    CHECK(cast.segmenter.dropped() == 1);
}

TEST_CASE("a broadcast without video is audio only after video_wait, in segments of two seconds") {
    Broadcast cast;
    cast.audio().sounds(0ms, 201);  // 0 to 4.000 s

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 2s);
    CHECK(cast.closed[0]->audio_frames == 100);
    CHECK(cast.closed[0]->video_frames == 0);
    CHECK_FALSE(cast.closed[0]->starts_with_idr);
    CHECK_FALSE(cast.closed[0]->parameters->video);
    CHECK(cast.closed[1]->start == 2s);
}

TEST_CASE("audio waits for the picture when video parameters have announced it") {
    Broadcast cast;
    cast.video().audio().sounds(0ms, 500).finish();

    CHECK(cast.closed.empty());
    CHECK(cast.segmenter.dropped() == 399);  // what video_wait holds is 101
}

TEST_CASE("a broadcast of sound that ends within video_wait is audio only") {
    Broadcast cast;
    cast.audio().sounds(0ms, 10).finish();

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->audio_frames == 10);
    CHECK(cast.closed[0]->duration == 201ms);  // 180 ms and a frame of 1024 samples
}

TEST_CASE(
    "video that comes into an audio-only broadcast begins a discontinuity with its key frame") {
    Broadcast cast;
    cast.audio().sounds(0ms, 160);  // to 3.180 s; the second segment is open since 2.000 s

    cast.video().push(slice(3'190ms)).push(idr(3'200ms)).push(sound(3'200ms)).push(idr(4'200ms));

    REQUIRE(cast.closed.size() == 3);
    CHECK(cast.closed[1]->duration == 1'200ms);
    CHECK(cast.closed[2]->start == 3'200ms);
    CHECK(cast.closed[2]->discontinuity);
    CHECK(cast.closed[2]->starts_with_idr);
    CHECK(cast.closed[2]->parameters->video == film_video());
    CHECK(cast.closed[2]->parameters->audio == stereo());
}

TEST_CASE("the same parameters again change nothing") {
    Broadcast cast;
    cast.video().audio().push(idr(0ms));

    cast.video().audio().push(slice(40ms));

    CHECK(cast.closed.empty());
}

TEST_CASE("other video parameters end the segment, and pictures wait for their key frame") {
    Broadcast cast;
    cast.video().push(idr(0ms)).slices(40ms, 2);

    cast.video(other_video());
    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->duration == 120ms);
    cast.push(slice(120ms)).push(idr(160ms)).push(idr(1'160ms));

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[1]->start == 120ms);
    CHECK(cast.closed[1]->duration == 1'040ms);
    CHECK(cast.closed[1]->discontinuity);
    CHECK(cast.closed[1]->parameters->video == other_video());
    CHECK(cast.segmenter.dropped() == 1);
}

TEST_CASE("other audio parameters end the segment, and the picture goes on") {
    Broadcast cast;
    AudioParameters mono = stereo();
    mono.channel_configuration = 1;
    mono.channels = 1;
    cast.video().audio().push(idr(0ms)).push(sound(0ms)).push(slice(40ms));

    cast.audio(mono).push(sound(60ms)).push(slice(80ms)).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 80ms);
    CHECK(cast.closed[1]->discontinuity);
    CHECK(cast.closed[1]->parameters->audio == mono);
    CHECK(cast.closed[1]->video_frames == 1);
    CHECK(cast.closed[1]->audio_frames == 1);
}

TEST_CASE("parameters that change before anything is muxed are no discontinuity") {
    Broadcast cast;

    cast.video().audio().video(other_video()).push(idr(0ms)).finish();

    REQUIRE(cast.closed.size() == 1);
    CHECK_FALSE(cast.closed[0]->discontinuity);
}

TEST_CASE("a clock that jumps ends the segment; the timeline goes on where it ended") {
    Broadcast cast;
    cast.video().push(idr(0ms)).slices(40ms, 10);  // the last one at 400 ms

    cast.push(slice(10'401ms)).slices(10'441ms, 1).push(idr(11'441ms));

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 440ms);
    CHECK(cast.closed[1]->start == 440ms);
    CHECK(cast.closed[1]->duration == 1'040ms);
    CHECK(cast.closed[1]->discontinuity);
    CHECK(cast.closed[1]->program_date_time == kWall + 440ms);
}

TEST_CASE("a clock that goes back ends the segment") {
    Broadcast cast;
    cast.video().push(idr(50s)).push(slice(50'040ms));

    cast.push(idr(0ms)).push(idr(1s));

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 80ms);
    CHECK(cast.closed[1]->discontinuity);
    CHECK(cast.closed[1]->duration == 1s);
}

TEST_CASE("sound and picture that jump together keep their distance and make one discontinuity") {
    Broadcast cast;
    cast.video().audio().push(idr(0ms)).push(sound(0ms)).push(slice(40ms)).push(sound(21ms));

    cast.push(idr(70s)).push(sound(70'010ms)).push(idr(71s)).push(idr(72s));

    REQUIRE(cast.closed.size() == 3);
    CHECK(cast.closed[1]->discontinuity);
    CHECK_FALSE(cast.closed[2]->discontinuity);
    CHECK(read_pes(cast.packets(1), 0x101).at(0).dts == 90 * 10'080);
    CHECK(read_pes(cast.packets(1), 0x100).at(0).pts == 90 * 10'090);
}

TEST_CASE("a clock that jumps with every frame makes no more than a discontinuity per target") {
    Broadcast cast;
    cast.video().push(idr(0ms));

    for (int i = 0; i < 25; ++i) cast.push(slice(5'000s)).push(slice(0s));
    cast.finish();

    REQUIRE(cast.closed.size() == 3);
    CHECK(cast.closed[0]->duration == 41ms);     // 1/24 s, as the VUI says
    CHECK(cast.closed[1]->duration == 1'025ms);  // 25 frames
    CHECK(cast.closed[2]->duration == 1'025ms);
    CHECK(cast.segmenter.dropped() == 0);
}

TEST_CASE("a hole in the picture is bridged by sound, and no segment is longer than its maximum") {
    Broadcast cast;
    cast.video().audio().push(idr(0ms)).sounds(0ms, 700);  // to 13.980 s

    cast.push(idr(14s)).finish();

    REQUIRE(cast.closed.size() == 3);
    CHECK(cast.closed[0]->duration == 6s);
    CHECK(cast.closed[1]->duration == 6s);
    CHECK(cast.closed[1]->video_frames == 0);
    CHECK(cast.closed[2]->start == 12s);
    CHECK(cast.closed[2]->video_frames == 1);
    CHECK_FALSE(cast.closed[2]->discontinuity);
}

TEST_CASE("a hole longer than a segment ends the segment at its maximum") {
    Broadcast cast;
    cast.video().push(idr(0ms));

    cast.push(idr(9s)).push(idr(10s));

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 6s);
    CHECK(cast.closed[1]->start == 6s);
    CHECK(cast.closed[1]->duration == 4s);
    CHECK_FALSE(cast.closed[1]->discontinuity);
}

TEST_CASE("a hole behind a change of parameters counts as a jump when it would fill a segment") {
    Broadcast fits;
    fits.video().push(idr(0ms)).video(other_video());  // closed at 41 ms
    Broadcast jumps;
    jumps.video().push(idr(0ms)).video(other_video());

    fits.push(idr(6'040ms)).finish();
    jumps.push(idr(6'041ms)).finish();

    CHECK(read_pes(fits.packets(1), 0x101).at(0).dts == 90 * 16'040);
    CHECK(read_pes(jumps.packets(1), 0x101).at(0).dts == 90 * 10'041);
    CHECK(jumps.closed.at(1)->start == 41ms);
}

TEST_CASE("durations are whole milliseconds and sum exactly, also of clocks that are not") {
    Broadcast cast;
    cast.video().push(idr(0ms));
    for (int i = 1; i <= 90; ++i) {
        AccessUnit unit = picture(0ms, i % 30 == 0 ? KeyFrame::Yes : KeyFrame::No);
        unit.dts = MediaTime{3'003 * i};
        unit.pts = unit.dts;
        cast.push(std::move(unit));
    }

    REQUIRE(cast.closed.size() == 3);
    CHECK(cast.closed[0]->duration == 1'001ms);
    CHECK(cast.closed[1]->start == 1'001ms);
    CHECK(cast.closed[2]->start == 2'002ms);
    CHECK(cast.closed[2]->end() == kWall + 3'003ms);
}

TEST_CASE("every segment begins with PAT and PMT and its first picture carries SPS and PPS") {
    Broadcast cast;
    cast.video().audio().push(idr(0ms)).push(sound(0ms)).slices(40ms, 160).finish();

    REQUIRE(cast.closed.size() == 2);
    const auto packets = cast.packets(1);
    CHECK(packets.at(0).pid == 0);
    CHECK(packets.at(1).pid == 0x1000);
    const auto pictures = read_pes(packets, 0x101);
    CHECK(Bytes(pictures.at(0).payload.begin() + 10, pictures.at(0).payload.begin() + 36) ==
          kFilmSps);
    CHECK(pictures.at(0).payload.at(49) == 0x41);
    CHECK(pictures.at(1).payload.size() == 509);  // delimiter, start code, slice
}

TEST_CASE("segments joined in order are one stream") {
    Broadcast cast;
    cast.video().audio();
    for (int i = 0; i < 100; ++i) {
        cast.push(picture(40ms * i, i % 30 == 0 ? KeyFrame::Yes : KeyFrame::No, 3'000));
        cast.push(sound(40ms * i)).push(sound(40ms * i + 20ms));
    }
    cast.finish();

    REQUIRE(cast.closed.size() == 4);
    Bytes all;
    for (const auto& segment : cast.closed) append(all, joined(segment->bytes));
    const auto packets = read_packets(all);
    CHECK(continuity_errors(packets) == 0);
    CHECK(read_pes(packets, 0x101).size() == 100);
    CHECK(read_pes(packets, 0x101).back().dts == 90 * 13'960);
    CHECK(cast.closed[3]->audio_frames == 20);
    CHECK(cast.closed[3]->start + cast.closed[3]->duration == 4s);
}

TEST_CASE("the last frame of a broadcast lasts as long as the one before it") {
    Broadcast cast;
    cast.video().push(idr(0ms)).push(slice(33ms)).push(slice(100ms)).finish();

    CHECK(cast.closed.at(0)->duration == 167ms);
}

TEST_CASE("composition times are kept, and those that cannot be are brought into bounds") {
    Broadcast cast;
    cast.video();
    cast.push(picture(0ms, KeyFrame::Yes, 500, 80ms));
    cast.push(picture(40ms, KeyFrame::No, 500, -1ms));
    cast.push(picture(80ms, KeyFrame::No, 500, 5s));
    cast.push(picture(120ms, KeyFrame::No, 500, 5'001ms)).finish();

    const auto pictures = read_pes(cast.packets(0), 0x101);
    CHECK(pictures.at(0).pts == 90 * 10'080);
    CHECK(pictures.at(1).pts == 90 * 10'040);
    CHECK(pictures.at(2).pts == 90 * 15'080);
    CHECK(pictures.at(3).pts == 90 * 15'120);
}

TEST_CASE("a unit with which a segment would pass bytes_max begins the next") {
    SegmenterLimits limits;
    limits.bytes_max = 12'000;
    Broadcast cast{{.media = 0s, .wall = kWall}, limits};
    cast.video().push(picture(0ms, KeyFrame::Yes, 5'000)).push(picture(40ms, KeyFrame::No, 4'000));

    cast.push(picture(80ms, KeyFrame::No, 2'000)).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->duration == 80ms);
    CHECK(cast.closed[0]->bytes.size() <= 12'000);
    CHECK(cast.closed[1]->video_frames == 1);
    CHECK(cast.segmenter.dropped() == 0);
}

TEST_CASE("a unit that no segment could hold is dropped") {
    SegmenterLimits limits;
    limits.bytes_max = 5'000;
    Broadcast cast{{.media = 0s, .wall = kWall}, limits};
    cast.video().push(idr(0ms));

    cast.push(picture(40ms, KeyFrame::No, 5'000)).push(slice(80ms)).finish();

    CHECK(cast.segmenter.dropped() == 1);
    CHECK(cast.closed.back()->video_frames == 1);
}

TEST_CASE("what cannot be muxed is dropped") {
    Broadcast cast;
    cast.push(idr(0ms)).push(sound(0ms));
    CHECK(cast.segmenter.dropped() == 2);  // no parameters
    cast.video().audio().push(idr(0ms));

    AccessUnit only_sei = slice(40ms);
    only_sei.data[0] = 0x06;
    cast.push(std::move(only_sei))
        .push(sound(0ms, 8'184))
        .push(sound(21ms, 8'185))
        .push(sound(42ms, 0));

    CHECK(cast.segmenter.dropped() == 5);
    CHECK(cast.finish().closed.at(0)->audio_frames == 1);
}

TEST_CASE("a broadcast in which nothing was shown has no segment") {
    Broadcast nothing;
    Broadcast pictures_only;
    pictures_only.video().slices(0ms, 100);

    CHECK(nothing.finish().closed.empty());
    CHECK(pictures_only.finish().closed.empty());
    CHECK(pictures_only.segmenter.dropped() == 100);
}

TEST_CASE("the first segment's time is that of the picture that came earliest for its dts") {
    Broadcast cast;
    cast.video();
    const auto push = [&](AccessUnit unit, WallTime arrival) {
        REQUIRE(cast.segmenter.waits());
        cast.segmenter.arrived(arrival);
        cast.push(std::move(unit));
    };
    push(idr(0ms), kWall + 50ms);
    push(slice(40ms), kWall + 50ms);
    push(slice(80ms), kWall + 100ms);
    push(slice(120ms), kWall + 150ms);
    cast.segmenter.arrived(kWall + 2s);
    cast.push(idr(1'200ms));

    REQUIRE(cast.closed.size() == 1);
    CHECK(cast.closed[0]->program_date_time == kWall + 10ms);
    CHECK_FALSE(cast.segmenter.waits());
    cast.segmenter.arrived(kWall);
    cast.push(idr(2'400ms));
    CHECK(cast.closed.at(1)->program_date_time == kWall + 10ms + 1'200ms);
}

TEST_CASE("the first segment's time is never before that of the start") {
    Broadcast cast;
    cast.video();
    cast.segmenter.arrived(kWall + 5ms);
    cast.push(idr(0ms));
    cast.segmenter.arrived(kWall + 10ms);
    cast.push(slice(40ms));
    cast.push(idr(1'200ms));

    CHECK(cast.closed.at(0)->program_date_time == kWall);
}

}  // namespace oxbow
