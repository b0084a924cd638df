#pragma once

// Access units for the tests of this room: the smallest that look like pictures and sounds.

#include <chrono>
#include <cstddef>
#include <vector>

#include "media/access_unit.h"
#include "media/h264.h"
#include "media/test_parameter_sets.h"
#include "packager/live_segment.h"

namespace oxbow::test {

using Milliseconds = std::chrono::milliseconds;

/// A picture of one slice of `bytes`; shown `reorder` after its dts.
inline AccessUnit picture(Milliseconds dts, KeyFrame key_frame, std::size_t bytes = 500,
                          Milliseconds reorder = {}) {
    AccessUnit unit;
    unit.key_frame = key_frame;
    unit.dts = dts;
    unit.pts = dts + reorder;
    unit.data.assign(bytes, 0xab);
    unit.data[0] = key_frame == KeyFrame::Yes ? 0x65 : 0x41;
    unit.nal_units = {{.offset = 0, .size = static_cast<std::uint32_t>(bytes)}};
    return unit;
}

inline AccessUnit idr(Milliseconds dts) {
    return picture(dts, KeyFrame::Yes);
}
inline AccessUnit slice(Milliseconds dts) {
    return picture(dts, KeyFrame::No);
}

/// A frame of sound behind two bytes that are not part of it, as FLV has them.
inline AccessUnit sound(Milliseconds dts, std::size_t bytes = 100) {
    AccessUnit unit;
    unit.track = Track::Audio;
    unit.dts = dts;
    unit.pts = dts;
    unit.data.assign(bytes + 2, 0xcd);
    unit.audio_frame = {.offset = 2, .size = static_cast<std::uint32_t>(bytes)};
    return unit;
}

/// 854x480 at 24 frames a second.
inline VideoParameters film_video() {
    return h264::read_decoder_configuration(kFilmRecord).value().parameters;
}

/// The same size and rate with another picture parameter set, as of another encoder.
inline VideoParameters other_video() {
    VideoParameters other = film_video();
    other.pps[0][1] ^= 1;
    return other;
}

/// 48 kHz stereo: a frame lasts 21.3 ms.
inline AudioParameters stereo() {
    return {.object_type = 2,
            .frequency_index = 3,
            .channel_configuration = 2,
            .sample_rate = 48'000,
            .channels = 2};
}

inline Bytes joined(const AppendBuffer& buffer) {
    Bytes out;
    for (const BytesView piece : buffer.slices()) append(out, piece);
    return out;
}

/// What follows each other in time, in one list.
inline void collect(std::vector<LiveSegmentPtr>& all, std::vector<LiveSegmentPtr> more) {
    all.insert(all.end(), more.begin(), more.end());
}

}  // namespace oxbow::test
