#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

/// Where a key frame is in a live segment.
struct KeyFramePlace {
    std::size_t offset = 0;  // of its first packet in the segment's bytes
    MediaTime pts{};         // on the timeline of the recording
};

/// A part of a live segment (EXT-X-PART), which players fetch while the segment is still open: from
/// PAT and PMT to the end of a PES. The parts of a segment, joined, are the segment.
struct SegmentPart {
    std::uint64_t number = 0;      // running through the broadcast
    MediaTime duration{};          // whole milliseconds
    bool independent = false;      // it holds a key frame
    std::vector<BytesView> bytes;  // of the segment's buffer
};

/// How much a lead holds; nothing where there is none.
struct LeadSize {
    std::size_t bytes = 0;
    MediaTime duration{};
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
    bool lead = false;   // it ends early, so that there is something to play: the next completes it
    LeadSize completes;  // what it goes on with, where the one before is a lead
    std::optional<KeyFramePlace> key_frame;  // its first
    std::uint32_t video_frames = 0;
    std::uint32_t audio_frames = 0;
    std::vector<SegmentPart> parts;  // that make it up; empty: it is served whole only
    std::string part_path;  // "/seg/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1/mp3k9a-p": their names
    AppendBuffer bytes;

    WallTime end() const {
        return program_date_time + std::chrono::milliseconds{milliseconds(duration)};
    }
};

/// The segment's bit rate, as BANDWIDTH counts it; with the lead that it completes, whose key frame
/// is its own.
inline std::uint64_t bits_per_second(const LiveSegment& segment) {
    const LeadSize& lead = segment.completes;
    const std::int64_t duration_ms =
        std::max<std::int64_t>(1, milliseconds(lead.duration + segment.duration));
    return (lead.bytes + segment.bytes.size()) * 8'000 / static_cast<std::uint64_t>(duration_ms);
}

using LiveSegmentPtr = std::shared_ptr<const LiveSegment>;

/// A part that is complete, of a segment that may be open: of that nothing else may be read but by
/// who writes it.
struct LivePart {
    LiveSegmentPtr segment;
    SegmentPart part;
};

// /seg/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1/mp3k9a-p12.ts
inline std::string part_uri(std::string_view part_path, std::uint64_t number) {
    return std::string{part_path} + std::to_string(number) + ".ts";
}

}  // namespace oxbow
