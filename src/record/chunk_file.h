#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/append_buffer.h"
#include "base/result.h"
#include "base/shared_file.h"

namespace oxbow::record {

/// The open chunk on disk: DATA/spool/{recordingId}/{number}.ts. Closing it hands the file to the
/// store, which makes it the object by renaming: media is written once.
class ChunkFile {
public:
    /// Errors: Unavailable  the file cannot be made.
    static Result<ChunkFile> create(std::filesystem::path path);

    /// Appends a whole live segment by writev(2).
    ///
    /// Out:    where it lies. The file stays open for readers when it has become an object.
    /// Errors: Unavailable  the disk did not take all of it (full, failing): nothing was appended,
    ///         and the next segment takes its place.
    Result<FileRegion> append(const AppendBuffer& segment);

    /// Takes the newest segment back; bytes of it may stay behind size(), as those of a torn one.
    void drop_back_to(std::uint64_t size) { size_ = size; }

    /// Cuts off what stands behind size(). Errors: Unavailable.
    Result<void> cut();

    /// Waits until what was appended survives a power loss. Errors: Unavailable.
    Result<void> sync();

    const std::filesystem::path& path() const { return path_; }
    std::uint64_t size() const { return size_; }

private:
    ChunkFile(std::filesystem::path path, int fd)
        : path_(std::move(path)), file_(std::make_shared<const SharedFile>(fd)) {}

    std::filesystem::path path_;
    std::shared_ptr<const SharedFile> file_;
    std::uint64_t size_ = 0;
};

}  // namespace oxbow::record
