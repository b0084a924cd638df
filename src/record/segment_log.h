#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "packager/playlists.h"

namespace oxbow::record {

/// What the spool says of a recording's segments: DATA/spool/{recordingId}/segments.m3u8, a
/// byte-range playlist without end, appended by one write per live segment once its media is
/// written. From it a recording that was cut off is put together again, down to its last whole
/// segment.
class SegmentLog {
public:
    /// Errors: Unavailable  the file cannot be made.
    static Result<SegmentLog> create(const std::filesystem::path& folder);

    SegmentLog(SegmentLog&& other) noexcept;
    SegmentLog& operator=(SegmentLog&&) = delete;
    ~SegmentLog();

    /// Errors: Unavailable  the disk did not take the entry.
    Result<void> append(std::uint64_t chunk, const ByteRangeEntry& entry, bool discontinuity);

    /// Reads a log back, up to its last whole entry.
    ///
    /// Errors: NotFound   there is none.
    ///         Malformed  it is not such a list.
    static Result<std::vector<Chunk>> read(const std::filesystem::path& folder);

private:
    explicit SegmentLog(int fd) : fd_(fd) {}
    Result<void> write(std::string_view text);

    int fd_;
};

}  // namespace oxbow::record
