#pragma once

#include <cstddef>
#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace oxbow::store {

/// A file's bytes as they lie in memory, for a request that sends them.
class MappedFile {
public:
    /// Errors: NotFound  no file; Unavailable  it cannot be read.
    static Result<MappedFile> open(const std::filesystem::path& path);

    MappedFile(MappedFile&& other) noexcept
        : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();

    BytesView bytes() const { return {static_cast<const std::uint8_t*>(bytes_), size_}; }

private:
    MappedFile() = default;

    void* bytes_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace oxbow::store
