#include <doctest/doctest.h>

#include "packager/playlists.h"
#include "packager/segmenter.h"
#include "packager/test_transport_stream.h"
#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

namespace {

const WallTime kWall{1'000'000ms};

VideoParameters without_rate() {
    VideoParameters out = film_video();
    out.frame_rate.reset();
    return out;
}

/// A segmenter that begins with a lead; units arrive `late` behind their dts.
struct LeadCast {
    explicit LeadCast(VideoParameters parameters = film_video())
        : segmenter({}, {.media = 0s,
                         .wall = WallTime{},
                         .part_path = "/seg/AsXego4U6tnj/st-1/mp3k9a-p",
                         .lead = true}) {
        collect(closed, segmenter.set_video_parameters(std::move(parameters)));
    }
    LeadCast& push(AccessUnit unit, Milliseconds arrives) {
        if (segmenter.waits()) segmenter.arrived(kWall + arrives);
        collect(closed, segmenter.push(std::move(unit)));
        for (LivePart& part : segmenter.take_parts()) parts.push_back(std::move(part));
        return *this;
    }
    LeadCast& push(AccessUnit unit) {
        const Milliseconds dts{milliseconds(unit.dts)};
        return push(std::move(unit), dts);
    }
    /// A key frame and pictures every 40 ms behind it, from `from` to `to`.
    LeadCast& group(Milliseconds from, Milliseconds to) {
        push(idr(from));
        for (Milliseconds at = from + 40ms; at < to; at += 40ms) push(slice(at));
        return *this;
    }
    LeadCast& finish() {
        collect(closed, segmenter.finish());
        return *this;
    }

    Segmenter segmenter;
    std::vector<LiveSegmentPtr> closed;
    std::vector<LivePart> parts;
};

}  // namespace

TEST_CASE("a lead ends with its first part, and the segment behind it at the next key frame") {
    LeadCast cast;
    cast.group(0ms, 2s).group(2s, 4s).group(4s, 4'040ms);

    REQUIRE(cast.closed.size() == 3);
    CHECK(cast.closed[0]->lead);
    CHECK(cast.closed[0]->duration == 400ms);
    CHECK(cast.closed[0]->parts.size() == 1);
    CHECK_FALSE(cast.closed[1]->lead);
    CHECK(cast.closed[1]->duration == 1'600ms);
    CHECK_FALSE(cast.closed[1]->starts_with_idr);
    CHECK_FALSE(cast.closed[1]->discontinuity);
    CHECK(cast.closed[2]->duration == 2s);
    CHECK(cast.closed[2]->starts_with_idr);
}

TEST_CASE("what completes a lead has parts with numbers behind it, and its rate counts both") {
    LeadCast cast;
    cast.group(0ms, 2s).push(idr(2s));

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[1]->parts.size() == 4);
    CHECK(cast.closed[1]->parts.front().number == 1);
    const std::size_t bytes = cast.closed[0]->bytes.size() + cast.closed[1]->bytes.size();
    CHECK(bits_per_second(*cast.closed[1]) == bytes * 8 / 2);
}

TEST_CASE("a key frame one second behind the beginning of a lead ends what completes it") {
    LeadCast cast;
    cast.group(0ms, 1s).push(idr(1s));

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[1]->duration == 600ms);
}

TEST_CASE("without key frames a lead and what completes it are as long as one segment") {
    LeadCast cast;
    cast.group(0ms, 6'040ms);

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[1]->start + cast.closed[1]->duration == 6s);
}

TEST_CASE("a lead fixes the time of the broadcast: what comes earlier later does not move it") {
    LeadCast cast;
    cast.group(0ms, 440ms);
    CHECK_FALSE(cast.segmenter.waits());
    cast.push(slice(440ms), 0ms).push(idr(2s));

    CHECK(cast.closed.at(0)->program_date_time == kWall);
    CHECK(cast.closed.at(1)->program_date_time == kWall + 400ms);
}

TEST_CASE("what comes faster than it lasts is no lead: the time of the broadcast is not known") {
    LeadCast cast;
    cast.push(idr(0ms), 1s);
    for (Milliseconds at = 40ms; at < 1s; at += 40ms) cast.push(slice(at), 1s);
    for (Milliseconds at = 1s; at < 2s; at += 40ms) cast.push(slice(at));
    cast.push(idr(2s));

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->lead);
    CHECK(cast.closed[0]->duration == 1'200ms);
    CHECK(cast.closed[0]->program_date_time == kWall);
    CHECK(cast.closed[1]->duration == 800ms);
}

TEST_CASE("a lead says its frame rate, or there is none") {
    LeadCast regular{without_rate()};
    regular.group(0ms, 2s).push(idr(2s));
    CHECK(regular.closed.size() == 2);
    CHECK(variant_of(*regular.closed[0]).group_id == "480p25");

    LeadCast with_a_hole{without_rate()};
    for (const Milliseconds at : {0ms, 40ms, 80ms, 200ms, 240ms, 280ms, 320ms, 360ms})
        with_a_hole.push(at == 0ms ? idr(at) : slice(at));
    for (Milliseconds at = 400ms; at < 760ms; at += 40ms) with_a_hole.push(slice(at));
    CHECK(with_a_hole.closed.empty());
}

TEST_CASE("a change of parameters behind a lead begins a discontinuity that completes nothing") {
    LeadCast cast;
    cast.group(0ms, 440ms);
    collect(cast.closed, cast.segmenter.set_video_parameters(other_video()));
    cast.push(idr(480ms)).push(idr(1'600ms));

    REQUIRE(cast.closed.size() == 3);
    CHECK(cast.closed[2]->discontinuity);
    CHECK(cast.closed[2]->completes.bytes == 0);
    CHECK_FALSE(cast.closed[2]->lead);
}

TEST_CASE("a broadcast that ends before its first part is full has no lead") {
    LeadCast cast;
    cast.group(0ms, 200ms).finish();

    REQUIRE(cast.closed.size() == 1);
    CHECK_FALSE(cast.closed[0]->lead);
}

TEST_CASE("the rate of a lead counts until that of a whole segment is known") {
    LeadCast cast;
    cast.push(picture(0ms, KeyFrame::Yes, 50'000));
    for (Milliseconds at = 40ms; at < 2s; at += 40ms) cast.push(slice(at));
    cast.push(idr(2s));
    Variant variant = variant_of(*cast.closed.at(0));
    const std::uint64_t of_lead = variant.bandwidth;

    CHECK(widen(variant, *cast.closed.at(1)));
    CHECK(variant.bandwidth == bits_per_second(*cast.closed.at(1)));
    CHECK(variant.bandwidth < of_lead);
    CHECK_FALSE(widen(variant, *cast.closed.at(0)));
}

}  // namespace oxbow
