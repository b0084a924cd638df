#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/append_buffer.h"
#include "base/times.h"
#include "media/access_unit.h"

namespace oxbow {

/// What one rendition is made of. Fixed from the first access unit to the next change of
/// parameters.
struct RenditionParameters {
    std::optional<VideoParameters> video;
    std::optional<AudioParameters> audio;

    friend bool operator==(const RenditionParameters&, const RenditionParameters&) = default;
};

/// One live segment: MPEG-TS, muxed once, shared by the live playlist, the rewind timeline, the
/// chunk object and every viewer. Immutable from the moment it is handed out.
struct LiveSegment {
    std::shared_ptr<const RenditionParameters> parameters;
    MediaTime start{};     // dts of its first access unit on the timeline of the recording
    MediaTime duration{};  // whole milliseconds; to the next segment's first access unit
    WallTime program_date_time;
    bool discontinuity = false;  // true: its clock or its parameters do not continue the one before
    bool starts_with_idr = false;
    std::uint32_t video_frames = 0;
    std::uint32_t audio_frames = 0;
    AppendBuffer bytes;

    WallTime end() const {
        return program_date_time + std::chrono::milliseconds{milliseconds(duration)};
    }
};

/// The segment's bit rate, as BANDWIDTH counts it.
inline std::uint64_t bits_per_second(const LiveSegment& segment) {
    const std::int64_t duration_ms = std::max<std::int64_t>(1, milliseconds(segment.duration));
    return segment.bytes.size() * 8'000 / static_cast<std::uint64_t>(duration_ms);
}

using LiveSegmentPtr = std::shared_ptr<const LiveSegment>;

}  // namespace oxbow
