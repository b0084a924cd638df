#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/journal.h"
#include "record/recording.h"

namespace oxbow::record {

/// A recording that an earlier process left open, in order again: every segment that was written
/// lies in a chunk object, its playlists and metadata are in the bucket, its row in the catalogue.
struct TakenUp {
    RecordingSpec spec;  // with the epoch of this process
    catalog::Recording row;
    Variant variant;
    std::vector<Chunk> chunks;
    SegmentNames names;  // of those in the chunks
    std::uint64_t next_number = 0;
    std::uint64_t next_chunk = 0;
    MediaTime media_end{};
    WallTime wall_end;
    std::optional<WallTime> away_until;  // its publisher had left; until when it could come back
    Journal journal;
};

/// Reads back what an earlier process left open, at start, before anybody publishes: torn tails are
/// cut at the last whole segment, chunks made objects, playlists and metadata written again. One
/// that was being ended is ended. One whose journal is of version 1, or lost, is ended with a
/// failure that says so. One that the disk does not take now is kept for the next start.
///
/// In:  `epoch` of this process; `boot` as boot_of_machine() says it: behind a power loss segments
///      that were not synced are read and compared with their checksums.
/// Out: those that can go on; the caller hands each to Recorder::take_up, to go on or to end.
Result<std::vector<TakenUp>> take_up_recordings(const RecordingPlace& place,
                                                const std::string& epoch, const std::string& boot);

/// What the metadata of a recording says that was cut off, and went on.
inline constexpr std::string_view kServerInterrupted = "ServerInterrupted";
/// The same of one that lacks segments that the disk did not take.
inline constexpr std::string_view kDiskInterrupted = "DiskInterrupted";

}  // namespace oxbow::record
