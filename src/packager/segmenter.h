#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/result.h"
#include "packager/live_segment.h"

namespace oxbow {

struct SegmenterLimits {
    MediaTime target = std::chrono::seconds{1};       // a key frame at least this late ends a segment
    MediaTime segment_max = std::chrono::seconds{6};  // ends without a key frame
    MediaTime audio_only_target = std::chrono::seconds{2};
    MediaTime video_wait = std::chrono::seconds{2};   // audio held back for the first picture, then audio only
    std::size_t bytes_max = 64 * 1024 * 1024;         // of one segment
};

/// Cuts the access units of one broadcast into live segments and muxes them into MPEG-TS.
///
/// A segment ends at the first key frame at least `target` after its start, else at the last frame
/// boundary not above `segment_max`; without video, at the first frame at or after
/// `audio_only_target`. Every segment begins with PAT and PMT, its first picture carries SPS and PPS;
/// continuity counters and timestamps run on from segment to segment, so segments joined in order are
/// one stream. Pictures before the first key frame are dropped: nothing could show them. A change of
/// parameters, or a dts that jumps (see kJumpMax) or goes back, ends the segment, and the next one is
/// marked as a discontinuity.
///
/// In:     parameters and access units in order of arrival. Thread safety: one strand.
/// Out:    closed segments, in order. Durations are whole milliseconds and sum exactly.
/// Source: ../docs of this room's README; RFC 8216 §4.3.3.1 (a rounded EXTINF must not pass the target
///         duration); ISO/IEC 13818-1 §2.4.
class Segmenter {
public:
    /// Where a broadcast begins: on a fresh recording at zero; on a reconnect behind what is there.
    struct Start {
        MediaTime media{};         // of the first access unit on the recording's timeline
        WallTime wall;             // PROGRAM-DATE-TIME of the first access unit
        bool discontinuity = false;
    };

    Segmenter(SegmenterLimits limits, Start start);
    ~Segmenter();
    Segmenter(Segmenter&&) noexcept;
    Segmenter& operator=(Segmenter&&) noexcept;

    std::vector<LiveSegmentPtr> set_video_parameters(VideoParameters parameters);
    std::vector<LiveSegmentPtr> set_audio_parameters(AudioParameters parameters);

    /// Errors: LimitExceeded  the open segment would pass `bytes_max`; it is closed without the unit.
    std::vector<LiveSegmentPtr> push(AccessUnit unit);

    /// Ends the broadcast: the open segment, whose last frame lasts as long as the one before it.
    std::vector<LiveSegmentPtr> finish();

    /// Access units dropped so far: before the first key frame, or too large to be muxed.
    std::uint64_t dropped() const;

    static constexpr MediaTime kJumpMax = std::chrono::seconds{10};  // between two dts of a track

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow
