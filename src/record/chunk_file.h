#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/append_buffer.h"
#include "base/result.h"

namespace oxbow::record {

/// The open chunk on disk: DATA/spool/{recordingId}/{number}.ts. Closing it hands the file to the
/// store, which makes it the object by renaming: media is written once.
class ChunkFile {
public:
    /// Errors: Unavailable  the file cannot be made.
    static Result<ChunkFile> create(std::filesystem::path path);

    ChunkFile(ChunkFile&& other) noexcept;
    ChunkFile& operator=(ChunkFile&&) = delete;
    ~ChunkFile();

    /// Appends a whole live segment by writev(2).
    ///
    /// Errors: Unavailable  the disk did not take all of it (full, failing); the file is cut back
    /// to
    ///         the last whole segment.
    Result<void> append(const AppendBuffer& segment);

    const std::filesystem::path& path() const { return path_; }
    std::uint64_t size() const { return size_; }

private:
    ChunkFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}

    std::filesystem::path path_;
    int fd_;
    std::uint64_t size_ = 0;
};

}  // namespace oxbow::record
