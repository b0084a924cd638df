#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "ivs/recording_metadata.h"
#include "packager/playlists.h"
#include "packager/segment_names.h"
#include "record/thumbnail_plan.h"

namespace oxbow::record {

// The journal of an open recording, DATA/spool/{recordingId}/journal: everything that the next
// process needs to go on with it. Text, a record per line, appended and never changed:
//
//     0a56d4f2 journal 2
//     df86a2bf recording j8Z9O91ndcVs AsXego4U6tnj 000000000000 us-east-1 1700000000000
//     ...
//
// Eight hexadecimal digits are the CRC-32C of what stands behind the blank after them, up to the
// end of the line. A line without its end or with another checksum was torn: it and all behind it
// were never written. docs/journal.md describes every record.

/// Which recording it is.
struct JournalHead {
    RecordingId recording;
    ChannelId channel;
    std::string account;
    std::string region;
    WallTime started_at;
    int live_target_seconds = kLiveTargetDurationSeconds;  // what its rewind playlist declares

    friend bool operator==(const JournalHead&, const JournalHead&) = default;
};

/// A live segment that was written to its chunk file.
struct JournalSegment {
    std::uint64_t number = 0;  // in its name
    std::uint64_t chunk = 0;
    bool discontinuity = false;
    ByteRangeEntry entry;
    MediaTime start{};
    std::uint32_t checksum = 0;     // CRC-32C of its bytes
    std::uint64_t journal_end = 0;  // where its record ends; only of one that was read
};

/// How the recording ended, or is being ended.
struct JournalEnd {
    ivs::RecordingStatus status = ivs::RecordingStatus::Ended;
    WallTime at;
    std::string message;  // one word; "": none

    friend bool operator==(const JournalEnd&, const JournalEnd&) = default;
};

/// A journal read back.
struct JournalContent {
    JournalHead head;
    std::vector<StreamId> streams;
    std::optional<Variant> variant;  // nullopt: no segment has come yet
    std::optional<ThumbnailSettings> thumbnails;
    std::vector<JournalSegment> segments;
    SegmentNames names;
    std::string epoch;                   // of the newest process that wrote to it
    std::string boot;                    // of the machine, when that process began
    std::size_t synced = 0;              // this many segments survive a power loss for certain
    std::optional<WallTime> away_until;  // the publisher had left; until when it could come back
    std::string interrupted;             // why its metadata names an interruption; "": it does not
    std::optional<JournalEnd> end;
    std::uint64_t whole_bytes = 0;  // what stands behind was torn
};

// One record each, with its checksum and the end of its line.
std::string journal_head(const JournalHead& head);
/// Segments from the next on carry `epoch`.
std::string journal_process(std::string_view epoch, std::string_view boot);
std::string journal_stream(const StreamId& stream);
/// In: `variant` without its path. Again when it has grown.
std::string journal_rendition(const Variant& variant);
std::string journal_thumbnails(const ThumbnailSettings& settings);
std::string journal_segment(const JournalSegment& segment);
std::string journal_away(WallTime until);
std::string journal_interrupted(std::string_view why);
std::string journal_synced(std::size_t segments);
std::string journal_end(const JournalEnd& end);

/// Reads the bytes of a journal, up to its last whole record.
///
/// Errors: Malformed    no head, or a record with the right checksum that is none.
///         Unsupported  of another version than 2.
///         LimitExceeded  more than kEntriesMax segments.
Result<JournalContent> read_journal(std::string_view bytes);

/// The file, open for its one writer.
class Journal {
public:
    /// Errors: Unavailable  the file cannot be made.
    static Result<Journal> create(const std::filesystem::path& folder, const JournalHead& head);
    /// Opens one that is there, and cuts off what stands behind `whole_bytes`.
    ///
    /// Errors: Unavailable.
    static Result<Journal> open(const std::filesystem::path& folder, std::uint64_t whole_bytes);
    /// Errors: NotFound; Unavailable; those of read_journal.
    static Result<JournalContent> read(const std::filesystem::path& folder);

    Journal(Journal&& other) noexcept;
    Journal& operator=(Journal&&) = delete;
    ~Journal();

    /// Appends whole records by one write(2).
    ///
    /// Errors: Unavailable  the disk did not take all of it; the file is cut back.
    Result<void> append(std::string_view records);

    /// Waits until what was appended survives a power loss. Errors: Unavailable.
    Result<void> sync();

private:
    Journal(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

    int fd_;
    std::uint64_t size_;
    bool torn_ = false;  // a part of a record stands behind size_
};

/// Names this run of the machine: pages that were written and not synced are lost between two.
/// "-": not known, which equals no other.
std::string boot_of_machine();

}  // namespace oxbow::record
