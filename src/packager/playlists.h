#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text_version.h"
#include "base/times.h"
#include "packager/live_segment.h"

namespace oxbow {

/// What live and rewind playlists declare at most and at least: chosen once for each playlist.
inline constexpr int kLiveTargetDurationSeconds = 6;
inline constexpr int kLiveTargetDurationSecondsMin = 2;
inline constexpr int kChunkTargetDurationSeconds =
    16;  // a chunk may hold 10 s and then one segment of 6 s

/// What EXT-X-SERVER-CONTROL and EXT-X-PART-INF say.
inline constexpr MediaTime kPartTargetDeclared = std::chrono::milliseconds{410};
inline constexpr MediaTime kPartHoldBack = 3 * kPartTargetDeclared;
constexpr MediaTime skip_until(int target_seconds) {
    return std::chrono::seconds{6 * target_seconds};
}
/// How long the parts of a closed segment stay listed, and how far behind the end of the playlist
/// players stay that take none.
constexpr MediaTime parts_listed(int target_seconds) {
    return std::chrono::seconds{3 * target_seconds};
}

/// How long a segment may be where a playlist declares `target_seconds`: key frames of a clock of
/// milliseconds are a little more or less apart than their encoder is told, and a duration counts
/// by its nearest second (RFC 8216 §4.3.3.1).
constexpr MediaTime segment_max_of(int target_seconds) {
    const MediaTime tolerant = std::chrono::milliseconds{1'000 * target_seconds + 400};
    return std::min<MediaTime>(tolerant, std::chrono::seconds{kLiveTargetDurationSeconds});
}
/// What playlists declare for a stream whose key frames are `apart`.
constexpr int target_seconds_for(MediaTime apart) {
    int target_seconds = kLiveTargetDurationSecondsMin;
    while (target_seconds < kLiveTargetDurationSeconds && segment_max_of(target_seconds) < apart)
        ++target_seconds;
    return target_seconds;
}

/// The end of a playlist with parts: those of the segment behind the last that is listed, and the
/// name of the part that comes next.
struct OpenParts {
    std::vector<SegmentPart> parts{};
    std::string part_path{};  // of `parts`
    WallTime program_date_time{};
    bool discontinuity = false;  // of the segment that they begin
    std::string hint{};          // its name; empty: none comes
};

/// One line group of a live or rewind playlist.
struct SegmentEntry {
    std::string uri;
    MediaTime duration{};
    WallTime program_date_time;
    bool discontinuity = false;
    LiveSegmentPtr segment{};  // whose parts may be listed, too
};

/// The sliding live playlist of `window`.
///
/// In:  the number of window[0] and how many discontinuities were removed before it; `root`: what
///      stands in front of the names of parts; `open`: null for players that break on parts.
/// Out: the whole playlist; with EXT-X-ENDLIST when `ended`.
/// Source: RFC 8216 §4.3; draft-pantos-hls-rfc8216bis §4.4.4.9, §6.2.5 (blocking reload);
///         PROGRAM-DATE-TIME before every segment.
struct LiveWindow {
    std::span<const SegmentEntry> entries;
    std::uint64_t media_sequence = 0;
    std::uint64_t discontinuity_sequence = 0;
    bool ended = false;
    int target_seconds = kLiveTargetDurationSeconds;
    /// Names of the segments that come next, for players that know no parts and fetch a segment
    /// while it grows, as that of Amazon IVS; others pass the lines over.
    std::span<const std::string> prefetch{};
};
std::string live_playlist(const LiveWindow& window, std::string_view root,
                          const OpenParts* open = nullptr);

/// The rewind playlist: EVENT, from the first segment of a recording to ENDLIST, appended and never
/// rebuilt. PROGRAM-DATE-TIME on the first entry, after each discontinuity and on every tenth.
class RewindPlaylist {
public:
    explicit RewindPlaylist(int target_seconds = kLiveTargetDurationSeconds)
        : target_seconds_(target_seconds) {}

    void append(const SegmentEntry& entry);
    void end();
    std::uint64_t segments() const { return segments_; }
    std::shared_ptr<const TextVersion> version() const;

    /// The same for players that take parts: with those at its end. Its head is the same from the
    /// first version to the last.
    struct LowLatency {
        std::shared_ptr<const TextVersion> whole;
        std::shared_ptr<const TextVersion> delta;  // what is older than skip_until() left out
    };
    LowLatency low_latency(std::string_view root, const OpenParts& open) const;

private:
    /// Entries that a delta holds. Parts stand between the two texts.
    struct Recent {
        std::string head{};
        std::string lines{};
        LiveSegmentPtr segment;
        MediaTime duration;
    };

    int target_seconds_;
    GrowingText text_;  // of what a delta leaves out
    std::deque<Recent> recent_;
    MediaTime recent_time_{};
    std::uint64_t segments_ = 0;
    bool ended_ = false;
};

/// One live segment inside a chunk object.
struct ByteRangeEntry {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    MediaTime duration{};
    WallTime program_date_time;
};

/// One object of a recording: consecutive live segments, contiguous from offset 0, at least one.
struct Chunk {
    std::uint64_t number = 0;  // "17.ts"
    bool discontinuity = false;
    std::vector<ByteRangeEntry> segments;

    MediaTime duration() const;
    std::uint64_t bytes() const;
};

/// Both rendition playlists of a recording, appended chunk by chunk: the standard one (a chunk per
/// entry, with TOTAL-SECS) and the byte-range one (a live segment per entry). EVENT throughout,
/// ENDLIST at the end.
class RecordingPlaylists {
public:
    void append(const Chunk& chunk);
    /// In: when this version is written (#ID3-EQUIV-TDTG).
    std::shared_ptr<const TextVersion> standard(WallTime written_at, bool ended) const;
    std::shared_ptr<const TextVersion> byte_range(bool ended) const;
    MediaTime total() const { return total_; }
    std::uint64_t chunks() const { return chunks_; }
    /// Of both playlists' entries.
    std::size_t bytes() const { return standard_entries_.size() + byte_range_entries_.size(); }

private:
    GrowingText standard_entries_;
    GrowingText byte_range_entries_;
    MediaTime total_{};
    std::uint64_t chunks_ = 0;
};

/// What a byte-range playlist begins with, and the lines of one live segment in it: a list that is
/// written segment by segment and may be cut off anywhere still reads up to its last whole entry.
std::string byte_range_header();
std::string byte_range_lines(std::uint64_t chunk, const ByteRangeEntry& entry, bool discontinuity);

/// A byte-range playlist read back.
struct ByteRangePlaylist {
    std::vector<Chunk> chunks;
    bool ended = false;
};

/// Reads back a byte-range playlist that RecordingPlaylists or Amazon IVS wrote: the tags of an
/// entry in any order, unknown tags passed over, an entry without a time where the one before ends.
///
/// Out:    chunks in order, and whether ENDLIST was there.
/// Errors: Malformed      not such a playlist; says the line.
///         LimitExceeded  more than kEntriesMax segments.
Result<ByteRangePlaylist> read_byte_range_playlist(std::string_view text);
inline constexpr std::size_t kEntriesMax = 1'000'000;

/// One rendition as a multivariant playlist describes it.
struct Variant {
    std::string path;             // "720p30/playlist.m3u8"
    std::string group_id;         // "720p30"
    std::string name;             // "720p": without the rate at 30, with it otherwise
    std::uint64_t bandwidth = 0;  // bits per second, the peak of any segment
    std::string codecs;           // "avc1.64001F,mp4a.40.2"
    int width = 0;                // 0: no video
    int height = 0;
    double frame_rate = 0;  // 0: not known
    bool of_lead = false;   // bandwidth is that of a lead, which is mostly one key frame
};

/// The multivariant playlist of a recording, as Amazon IVS writes it (session data, one EXT-X-MEDIA
/// and EXT-X-STREAM-INF per variant, no newline at the end) with FRAME-RATE added.
std::string recording_multivariant_playlist(std::string_view channel_id,
                                            std::string_view account_id,
                                            std::span<const Variant> variants);

/// The multivariant playlist of live and rewind.
std::string multivariant_playlist(std::span<const Variant> variants);

/// The rate that `frames` in `duration` stand for: the header's where it agrees within 5 %, else
/// the nearest usual rate within 2 %, else the measured one.
double frame_rate_of(const RenditionParameters& parameters, std::uint32_t frames,
                     MediaTime duration);

// 720p30; audio only: "audio"
std::string rendition_name(const RenditionParameters& parameters, double frame_rate);

/// A variant of these parameters; path left empty.
Variant variant_of(const RenditionParameters& parameters, double frame_rate,
                   std::uint64_t bandwidth);

/// What the first segment of a rendition tells of it; path left empty.
Variant variant_of(const LiveSegment& first);

/// Takes into `variant` what a later segment brings that it does not say: more bits per second (or
/// the first that count, behind a lead), and the codec of a track that came late. A player that was
/// not told of a codec leaves its track out.
///
/// Out:    true when it says something else than before: playlists that show it are to be written
/// again. Source: RFC 8216 §4.3.4.2 (CODECS names every format that any sample has).
bool widen(Variant& variant, const LiveSegment& segment);

}  // namespace oxbow
