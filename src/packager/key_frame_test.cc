#include "packager/key_frame.h"

#include <doctest/doctest.h>

#include "packager/segmenter.h"
#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

namespace {

const WallTime kWall{1'000'000ms};

/// A key frame of `bytes` among other pictures and sound, in one segment.
LiveSegmentPtr segment_with_key_frame(std::size_t bytes) {
    Segmenter segmenter{{}, {.media = 0s, .wall = kWall}};
    std::vector<LiveSegmentPtr> closed;
    collect(closed, segmenter.set_video_parameters(film_video()));
    collect(closed, segmenter.set_audio_parameters(stereo()));
    for (int i = 0; i < 5; ++i) collect(closed, segmenter.push(sound(20ms * i)));
    collect(closed, segmenter.push(picture(40ms, KeyFrame::Yes, bytes, 80ms)));
    for (int i = 5; i < 20; ++i) collect(closed, segmenter.push(sound(20ms * i)));
    collect(closed, segmenter.push(slice(80ms)));
    collect(closed, segmenter.finish());
    return closed.at(0);
}

/// What a decoder needs of such a key frame: delimiter, parameter sets and the slice.
Bytes expected(std::size_t bytes) {
    Bytes out{0, 0, 0, 1, 9, 0xf0};
    const VideoParameters parameters = film_video();
    for (const auto* sets : {&parameters.sps, &parameters.pps}) {
        append(out, Bytes{0, 0, 0, 1});
        append(out, sets->at(0));
    }
    append(out, Bytes{0, 0, 1, 0x65});
    out.insert(out.end(), bytes - 1, 0xab);
    return out;
}

}  // namespace

TEST_CASE("a key frame comes out of its segment as it went in, with its parameter sets") {
    const auto small = segment_with_key_frame(20);
    const auto large = segment_with_key_frame(200'000);

    CHECK(key_frame_of(*small, 1'000'000).value() == expected(20));
    CHECK(key_frame_of(*large, 1'000'000).value() == expected(200'000));
    CHECK(large->key_frame->pts - large->start >= 80ms);
}

TEST_CASE("a key frame of the size that is allowed comes out, and none of a byte more") {
    const auto segment = segment_with_key_frame(20'000);
    const std::size_t size = expected(20'000).size();

    CHECK(key_frame_of(*segment, size).value().size() == size);
    CHECK(key_frame_of(*segment, size - 1).error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("the key frame of a segment that begins without one is found all the same") {
    Segmenter segmenter{{}, {.media = 0s, .wall = kWall}};
    std::vector<LiveSegmentPtr> closed;
    collect(closed, segmenter.set_video_parameters(film_video()));
    for (int i = 0; i < 160; ++i) {
        const bool key_frame = i == 0 || i == 155;
        collect(closed, segmenter.push(key_frame ? idr(40ms * i) : slice(40ms * i)));
    }
    collect(closed, segmenter.finish());

    REQUIRE(closed.size() == 2);
    CHECK_FALSE(closed[1]->starts_with_idr);
    CHECK(closed[1]->key_frame->pts == MediaTime{6'200ms});
    CHECK(key_frame_of(*closed[1], 1'000'000).value() == expected(500));
}

TEST_CASE("a segment of sound has no key frame") {
    Segmenter segmenter{{}, {.media = 0s, .wall = kWall}};
    std::vector<LiveSegmentPtr> closed;
    collect(closed, segmenter.set_audio_parameters(stereo()));
    for (int i = 0; i < 250; ++i) collect(closed, segmenter.push(sound(20ms * i)));

    REQUIRE_FALSE(closed.empty());
    CHECK(key_frame_of(*closed[0], 1'000'000).error().code == ErrorCode::NotFound);
}

}  // namespace oxbow
