#pragma once

#include <filesystem>
#include <string>
#include <utility>

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

    /// Removes the lock's own file while it is still held, for a start that fails; does nothing
    /// where the file was there before.
    void take_back();

    ProcessLock(ProcessLock&& other) noexcept;
    ProcessLock& operator=(ProcessLock&&) = delete;
    ~ProcessLock();

private:
    explicit ProcessLock(std::string path) : path_(std::move(path)) {}
    Result<void> open();
    Result<void> lock(const std::filesystem::path& guarded) const;
    Result<void> write_holder() const;
    bool is_the_file_of_its_path() const;

    std::string path_;
    int fd_ = -1;
    bool made_ = false;  // by this object
};

}  // namespace oxbow::catalog
