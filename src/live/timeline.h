#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/growing_list.h"
#include "base/ids.h"
#include "base/lazy.h"
#include "base/shared_file.h"
#include "packager/live_segment.h"
#include "packager/playlists.h"
#include "packager/segment_names.h"

namespace oxbow::live {

/// Where a live segment lies in the bucket: a range of a chunk object.
struct ChunkRange {
    std::uint64_t chunk = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// A listed segment that is held in memory, and where it lies on the disk, if it was written when
/// it was listed.
struct MediaPlace {
    LiveSegmentPtr segment;
    FileRegion file;
};
struct HeldSegment {
    std::uint64_t index = 0;
    MediaPlace media;
};

/// How far a playlist goes: what a blocking reload waits for.
struct PlaylistReach {
    std::uint64_t segments = 0;       // the number behind the last that is listed
    std::size_t open_parts = 0;       // of the segment with that number
    std::size_t parts_of_newest = 0;  // of the last that is listed; 0: it has none

    /// Whether the playlist holds what _HLS_msn and _HLS_part ask for. A part behind the last of a
    /// segment is the first of the next.
    ///
    /// Source: draft-pantos-hls-rfc8216bis §6.2.5.2.
    bool holds(std::uint64_t segment, std::optional<std::uint64_t> part) const;
    /// Whether it is further ahead than a player that follows can be.
    bool is_far_from(std::uint64_t segment, std::optional<std::uint64_t> part) const;
    static constexpr std::uint64_t kSegmentsAheadMax = 1;  // behind the one that is open
    static constexpr std::uint64_t kPartsAheadMax = 3;
};

/// Parts that views share, in order.
using SharedParts = std::vector<std::shared_ptr<const LivePart>>;

/// What the end of a playlist shows: parts of one segment, and the name of the next.
OpenParts open_parts_of(const SharedParts& parts, std::string hint);

/// The name of the part that a playlist lists next: the first of those that wait for a segment
/// which is not written yet, else `next`, the first that is not there.
std::string hint_of(const SharedParts& later, const std::string& next);

/// A playlist that is written when it is asked for.
using LazyPlaylist = Lazy<std::shared_ptr<const TextVersion>>;

/// A recording's timeline as viewers see it at one moment; immutable.
struct TimelineView {
    RecordingId recording;
    std::string prefix;                               // of its objects in the bucket
    std::string hls_path = "media/hls";               // below it
    std::string rendition;                            // "720p30"
    std::shared_ptr<const TextVersion> multivariant;  // /rewind/{CHANNEL_ID}.m3u8
    // /rewind/{CHANNEL_ID}/{recordingId}/{rendition}.m3u8
    LazyPlaylist playlist;
    Lazy<RewindPlaylist::LowLatency> with_parts;  // none: it is served whole only
    PlaylistReach reach;
    SegmentNames names;           // of its segments, by index
    SegmentNames recorded_names;  // under which they can be asked for as well
    bool by_index = false;        // and by their index: of what the bucket has, which stays
    bool ended = false;
    std::shared_ptr<const std::deque<HeldSegment>> held;  // consecutive, the newest last; or null
    GrowingList<ChunkRange>::View located;  // [index], for all that are in closed chunks

    /// nullptr: none is held.
    const LiveSegment* newest_held() const;

    /// The index of the segment that is asked for by this name; nullopt: there is none.
    std::optional<std::uint64_t> index_of(std::string_view epoch, std::uint64_t number) const;

    /// nullptr when the segment at `index` is not held any more, or not there yet.
    const MediaPlace* held_segment(std::uint64_t index) const;
};

/// The rewind timeline of one recording: from its first segment to ENDLIST, across reconnects.
///
/// A segment is held in memory until it is both outside the live window and inside a closed chunk.
/// Thread safety: the channel's strand; view() makes what other threads may read.
class Timeline {
public:
    struct Names {
        ChannelId channel;
        RecordingId recording;
        std::string prefix;
        std::string epoch;  // of this process: no URL ever has two contents
        int target_seconds = kLiveTargetDurationSeconds;  // as its playlist declares from the first
    };

    explicit Timeline(Names names);

    /// Goes on with the timeline of an earlier process. In: what its chunks hold, how its segments
    /// are called, and the number of the next one.
    void take_up(const std::vector<Chunk>& chunks, SegmentNames names, std::uint64_t next_number);

    const RecordingId& recording() const { return names_.recording; }
    const std::string& prefix() const { return names_.prefix; }
    bool ended() const { return ended_; }
    int target_seconds() const { return names_.target_seconds; }

    /// Of a segment that this process names.
    // /seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts
    std::string uri(std::uint64_t number) const { return uri(names_.epoch, number); }

    /// Gives out the next number, before the segment is listed.
    std::uint64_t take_number() { return next_number_++; }

    /// Lists the segment; numbers come in order. One that is left out is live only: the recording
    /// does not hold it.
    void list(std::uint64_t number, MediaPlace media);

    /// Whether the segment is listed, so that it is there as long as the recording.
    bool lists(std::uint64_t number) const;

    /// Shows parts of the segment that gets `number`, and the name of the part that comes behind
    /// them; empty: none comes.
    void add_parts(std::uint64_t number, std::span<const LivePart> parts, std::string next);
    /// The segment will not be listed: the recording lacks it.
    void lose(std::uint64_t number);
    /// No part comes for now.
    void end_parts() { next_part_.clear(); }
    /// No part comes any more: what shows it goes on without.
    void serve_whole() { whole_only_ = true; }
    std::uint64_t next_number() const { return next_number_; }

    /// The chunk is an object now: its segments may leave memory.
    void locate(const Chunk& chunk);

    void describe(std::string rendition, std::string multivariant);
    void end();

    std::shared_ptr<const TimelineView> view();

private:
    std::string uri(std::string_view epoch, std::uint64_t number) const;
    void release_held();

    Names names_;
    SegmentNames segment_names_;
    std::string rendition_;
    std::shared_ptr<const TextVersion> multivariant_;
    RewindPlaylist playlist_;
    std::deque<HeldSegment> held_;
    GrowingList<ChunkRange> located_;
    void settle(std::uint64_t number);
    void refresh_shown();

    std::uint64_t next_number_ = 0;
    std::uint64_t settled_ = 0;  // all numbers below are listed or lost
    struct Part {
        std::uint64_t number;
        std::shared_ptr<const LivePart> part;
    };
    std::deque<Part> parts_;  // of segments that are not settled
    std::string next_part_;
    std::size_t parts_of_newest_ = 0;
    /// What changes with a segment, not with a part; shared by views.
    struct Shown {
        std::shared_ptr<const RewindPlaylist> playlist;
        LazyPlaylist plain;
        std::shared_ptr<const std::deque<HeldSegment>> held;
    };
    std::optional<Shown> shown_;  // nullopt: to be made anew
    bool whole_only_ = false;
    bool ended_ = false;
};

/// From where a rewind playlist lies to the root: segments are named relative to it, so that the
/// same text is right below any prefix, as in the session of a viewer of a private channel.
// ../../../seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts in
// /rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8
inline constexpr std::string_view kRewindToRoot = "../../..";

/// How much of the newest timeline is kept in memory at least: what the live playlist lists.
inline constexpr std::size_t kWindowSegmentsMin = 12;
inline constexpr MediaTime kWindowMin = std::chrono::seconds{24};

}  // namespace oxbow::live
