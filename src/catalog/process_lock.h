#pragma once

#include <filesystem>

#include "base/result.h"

namespace oxbow::catalog {

/// Keeps a second process from one file, by flock(2) on another beside it, in which stands the
/// holder's process id; mode 0600. The kernel frees it when the holder dies, however it dies.
/// Movable.
class ProcessLock {
public:
    /// In:     the file to guard, "oxbow-data/catalog.sqlite"; the lock is "<file>.lock".
    /// Errors: Unavailable  held already (names the holder), or the lock cannot be written.
    static Result<ProcessLock> take(const std::filesystem::path& guarded);

    ProcessLock(ProcessLock&& other) noexcept;
    ProcessLock& operator=(ProcessLock&&) = delete;
    ~ProcessLock();

private:
    explicit ProcessLock(int fd) : fd_(fd) {}

    int fd_;
};

}  // namespace oxbow::catalog
