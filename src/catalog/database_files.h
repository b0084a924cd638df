#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"
#include "catalog/process_lock.h"

namespace oxbow::catalog {

/// The files of a database while this process has it: "oxbow.db", what SQLite keeps beside it, and
/// the lock. Movable.
class DatabaseFiles {
public:
    /// Locks the database and makes its file where there is none, for its owner's eyes only.
    ///
    /// Errors: Unavailable  another process has it, or it cannot be made or kept from others;
    ///         nothing is left that was not there before.
    static Result<DatabaseFiles> take(const std::filesystem::path& file);

    /// Whether there was no database before.
    bool made() const { return made_; }

    /// Removes what take() and SQLite made; a database that was there before stays. It must be
    /// closed.
    void take_back();

private:
    DatabaseFiles(std::filesystem::path file, ProcessLock lock, bool made)
        : file_(std::move(file)), lock_(std::move(lock)), made_(made) {}

    std::filesystem::path file_;
    ProcessLock lock_;
    bool made_;  // by this start
};

}  // namespace oxbow::catalog
