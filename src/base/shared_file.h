#pragma once

#include <cstdint>
#include <memory>

namespace oxbow {

/// An open file that answers share; closes with its last owner.
class SharedFile {
public:
    explicit SharedFile(int fd) : fd_(fd) {}
    ~SharedFile();
    SharedFile(const SharedFile&) = delete;
    SharedFile& operator=(const SharedFile&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

/// Bytes [offset, offset + length) of an open file; none when `file` is null.
struct FileRegion {
    std::shared_ptr<const SharedFile> file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

}  // namespace oxbow
