#pragma once

#include <utility>

#include <unistd.h>

namespace oxbow::store {

/// Owns a file descriptor; -1: none.
class FileHandle {
public:
    FileHandle() = default;
    explicit FileHandle(int fd) : fd_(fd) {}
    FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileHandle& operator=(FileHandle&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileHandle() {
        if (fd_ >= 0) ::close(fd_);
    }

    bool open() const { return fd_ >= 0; }
    int fd() const { return fd_; }

    /// Gives the descriptor away.
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

}  // namespace oxbow::store
