#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/growing_list.h"
#include "base/ids.h"
#include "base/shared_file.h"
#include "packager/live_segment.h"
#include "packager/playlists.h"

namespace oxbow::live {

/// Where a live segment lies in the bucket: a range of a chunk object.
struct ChunkRange {
    std::uint64_t chunk = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// Which process named which live segments of a recording: "0:mp3k9a,57:mp4b1c" means that the
/// numbers 0 to 56 carry the epoch mp3k9a and later ones mp4b1c.
class SegmentEpochs {
public:
    SegmentEpochs() = default;
    /// Parts that are not "number:epoch" are passed over: their segments are not found by name.
    explicit SegmentEpochs(std::string_view text);

    /// Empty when none is known.
    std::string_view of(std::uint64_t number) const;

private:
    std::vector<std::pair<std::uint64_t, std::string>> from_;
};

/// A listed segment that is held in memory, and where it lies on the disk, if it was written when
/// it was listed.
struct MediaPlace {
    LiveSegmentPtr segment;
    FileRegion file;
};
struct HeldSegment {
    std::uint64_t number = 0;
    MediaPlace media;
};

/// A recording's timeline as viewers see it at one moment; immutable.
struct TimelineView {
    RecordingId recording;
    std::string prefix;                               // of its objects in the bucket
    std::string rendition;                            // "720p30"
    std::shared_ptr<const TextVersion> multivariant;  // /rewind/{CHANNEL_ID}.m3u8
    // /rewind/{CHANNEL_ID}/{recordingId}/{rendition}.m3u8
    std::shared_ptr<const TextVersion> playlist;
    SegmentEpochs epochs;  // in the names of its segments
    bool ended = false;
    std::deque<HeldSegment> held;           // consecutive numbers, the newest last
    GrowingList<ChunkRange>::View located;  // [n]: segment n, for all that are in closed chunks

    /// Whether segment `number` of this recording carries `epoch` in its name.
    bool names(std::uint64_t number, std::string_view epoch) const {
        return epochs.of(number) == epoch;
    }

    /// nullptr when the segment is not held any more, or not there yet.
    const MediaPlace* held_segment(std::uint64_t number) const;
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
    };

    explicit Timeline(Names names) : names_(std::move(names)) {}

    /// The number that the next segment will have.
    std::uint64_t next_number() const { return next_number_; }
    const RecordingId& recording() const { return names_.recording; }
    bool ended() const { return ended_; }

    // /seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts
    std::string uri(std::uint64_t number) const;

    /// Gives out the next number, before the segment is listed.
    std::uint64_t take_number() { return next_number_++; }

    /// Lists the segment; numbers come in order.
    void list(std::uint64_t number, MediaPlace media);

    /// The chunk is an object now: its segments may leave memory.
    void locate(const Chunk& chunk);

    void describe(std::string rendition, std::string multivariant);
    void end();

    std::shared_ptr<const TimelineView> view() const;

private:
    void release_held();

    Names names_;
    std::string rendition_;
    std::shared_ptr<const TextVersion> multivariant_;
    RewindPlaylist playlist_;
    std::deque<HeldSegment> held_;
    GrowingList<ChunkRange> located_;
    std::uint64_t next_number_ = 0;
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
