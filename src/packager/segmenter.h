#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "packager/live_segment.h"

namespace oxbow {

struct SegmenterLimits {
    MediaTime target = std::chrono::seconds{1};  // a key frame at least this late ends a segment
    MediaTime segment_max = std::chrono::seconds{6};  // ends without a key frame; segment_max_of()
    MediaTime audio_only_target = std::chrono::seconds{2};
    MediaTime video_wait =
        std::chrono::seconds{2};  // audio held back for the first picture, then audio only
    std::size_t bytes_max = 64 * 1024 * 1024;  // of one segment
    MediaTime part_max = std::chrono::milliseconds{400};
};

/// Cuts the access units of one broadcast into live segments and muxes them into MPEG-TS.
///
/// A segment ends at the first key frame at least `target` after its start, else at the last frame
/// boundary not above `segment_max`; without video, at the first frame at or after
/// `audio_only_target`. Every segment begins with PAT and PMT, its first picture carries SPS and
/// PPS; continuity counters and timestamps run on from segment to segment, so segments joined in
/// order are one stream. Pictures before the first key frame are dropped: nothing could show them.
/// A change of parameters, or a dts that jumps or goes back (see PublisherClock), ends the segment,
/// and the next one is marked as a discontinuity; its media and its PROGRAM-DATE-TIME go on where
/// the one before ended.
///
/// The first key frame is at Start::media. Audio that comes before it is held and goes in front of
/// it: at most kTrackSkewMax of it, and where pictures had to be dropped, their sound is dropped
/// with them. A broadcast that has shown no picture and no video parameters in `video_wait` is
/// audio only, and begins with its first sound, until a key frame comes.
///
/// Where Start::part_path is given, a segment is cut into parts as it grows: one ends at the last
/// frame boundary not above `part_max`, and with its segment. Every part begins with PAT and PMT,
/// its first picture carries SPS and PPS, and no PES crosses from one to the next. What a frame
/// lasts beyond kPartTarget, up to kPartSlack, is counted to what follows; a segment with a longer
/// one is served whole, and after kWholeSegmentsMax of them in a row the rest of the broadcast is.
/// Parts of a publisher's first segment, whose time is not final, are given out with the segment.
///
/// With Start::lead the first segment ends with its first part already, so that players, which
/// begin with no less than a segment, can begin 0.4 s after the first key frame. The next segment
/// completes it: it begins without a key frame, and ends where the two would have ended as one.
/// A part is no lead that came in less than half its time, as what a relay has kept does: it would
/// fix PROGRAM-DATE-TIME too late by the rest of that; nor one whose frame rate is neither stated
/// nor regular, because the first segment names the rendition.
///
/// Another publisher may go on with the broadcast (next_publisher): with its first key frame, on a
/// clock of its own, put onto the timeline where the wall clock says. Where its parameters are
/// those of the one before, and at most kTakeoverHoleMax is missing, the segment before lasts until
/// then and there is no discontinuity; else there is one, and PROGRAM-DATE-TIME shows the hole.
///
/// Timed metadata is put where the stream is: at the time at which the newest picture is due, or
/// the newest sound where there is no picture, always inside the segment that carries it.
///
/// In:     parameters and access units in order of arrival. Thread safety: one strand.
/// Out:    closed segments, in order. Durations are whole milliseconds and sum exactly.
/// Source: this room's README; RFC 8216 §4.3.3.1 (a rounded EXTINF must not pass the target
///         duration); ISO/IEC 13818-1 §2.4.
class Segmenter {
public:
    /// Where a broadcast begins: on a fresh recording at zero; on a reconnect behind what is there.
    struct Start {
        MediaTime media{};  // where the first segment begins on the recording's timeline
        WallTime wall;      // its PROGRAM-DATE-TIME, or later: see arrived()
        bool discontinuity = false;
        std::string part_path{};  // what the names of its parts begin with; empty: no parts
        bool lead = false;        // its first segment ends early; only where it has parts
    };

    Segmenter(SegmenterLimits limits, Start start);
    ~Segmenter();
    Segmenter(Segmenter&&) noexcept;
    Segmenter& operator=(Segmenter&&) noexcept;

    std::vector<LiveSegmentPtr> set_video_parameters(VideoParameters parameters);
    std::vector<LiveSegmentPtr> set_audio_parameters(AudioParameters parameters);

    /// Whether the timeline waits for a publisher's first unit, or its first segment is open. Then
    /// arrived() is to be told before each push() when the unit came: PROGRAM-DATE-TIME is that of
    /// the unit that came earliest for its dts (what came is looked at in turns, and networks are
    /// late by chance), but never one before Start::wall or the end of what is there.
    bool waits() const;
    void arrived(WallTime now);

    /// What comes from here on is from another publisher, which says its parameters anew.
    void next_publisher();

    /// A unit with which the open segment would pass `bytes_max` begins the next one; one that no
    /// segment could hold is dropped.
    std::vector<LiveSegmentPtr> push(AccessUnit unit);

    /// Puts `text` into the open segment, as ID3; between two segments, or when the open one is
    /// full, into the next. Several are in the order of their calls. What still waits when the
    /// broadcast ends has no media to stand beside, and goes with it.
    ///
    /// Errors: LimitExceeded  more than kMetadataBytesMax, or kMetadataHeldMax wait already:
    ///                        nothing was taken.
    Result<void> put_metadata(std::string_view text);

    /// Ends the broadcast: the open segment, whose last frame lasts as long as the one before it.
    std::vector<LiveSegmentPtr> finish();

    /// Parts that were completed since the last call, in order; to be taken behind every call that
    /// gives out segments, and shown before them.
    std::vector<LivePart> take_parts();
    /// The number of the part that comes next; nullopt: the broadcast has no parts.
    std::optional<std::uint64_t> next_part() const;

    /// Access units dropped so far: before the first key frame, without parameters, not to be muxed
    /// (too large, without picture or sound), or on a place of the timeline that is taken.
    std::uint64_t dropped() const;

    static constexpr MediaTime kJumpMax = std::chrono::seconds{10};  // from the latest dts of all
    /// How far audio may run ahead of video: further, and video counts as silent, so that audio
    /// ends segments in its place.
    static constexpr MediaTime kTrackSkewMax = std::chrono::seconds{1};
    /// How much may be missing between two publishers without a discontinuity.
    static constexpr MediaTime kTakeoverHoleMax = std::chrono::seconds{2};
    /// What a part may last at most: as EXT-X-PART-INF declares it.
    static constexpr MediaTime kPartTarget = std::chrono::milliseconds{410};
    static constexpr MediaTime kPartSlack = std::chrono::milliseconds{20};
    static constexpr int kWholeSegmentsMax = 3;
    static constexpr std::size_t kHeldUnitsMax = 1'000;  // audio before the first key frame
    static constexpr std::size_t kHeldBytesMax = 2 * 1024 * 1024;
    static constexpr std::size_t kMetadataBytesMax = 1'024;  // of one text
    static constexpr std::size_t kMetadataHeldMax = 50;      // texts that wait for a segment

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow
