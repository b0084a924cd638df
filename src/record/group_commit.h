#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "record/limits.h"
#include "store/object_store.h"

namespace oxbow::record {

/// Makes what all recordings wrote survive a power loss, once in kCommitEvery, on a thread of its
/// own: a disk that syncs slowly delays nobody. Thread-safe.
class GroupCommit {
public:
    using Sync = std::function<Result<void>()>;

    /// In: `sync` waits until all that was written before it is durable; called by one thread at a
    /// time.
    explicit GroupCommit(Sync sync, std::chrono::milliseconds every = kCommitEvery);
    ~GroupCommit();

    /// Something was written. Out: the number of the commit that makes it durable.
    std::uint64_t note();
    /// All commits up to this number are done. Behind a sync that failed it stays: the system may
    /// have let go of what it could not write, and never says so again.
    std::uint64_t done() const { return done_.load(); }

    /// Commits now, on the caller's thread. Errors: those of the sync.
    Result<void> commit();

    /// Removes the folder once all that was written before this call is durable.
    void remove_when_done(std::filesystem::path folder);

    /// Commits what is left, and ends the thread.
    void stop();

private:
    void run();

    Sync sync_;
    const std::chrono::milliseconds every_;
    std::mutex syncing_;  // one sync at a time
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t next_ = 1;  // the number of the commit that has not begun
    bool dirty_ = false;
    bool trusted_ = true;  // no sync has failed
    bool stopping_ = false;
    std::vector<std::filesystem::path> folders_;
    std::atomic<std::uint64_t> done_{0};
    std::thread thread_;
};

/// Waits until all files below `spool` and all objects of the store are durable: one call of
/// syncfs(2) where both lie on one file system.
Result<void> sync_all(const std::filesystem::path& spool, store::ObjectStore& store);

/// Makes the names of new files in `folder`, and its own, durable. Errors: Unavailable.
Result<void> sync_folders(const std::filesystem::path& folder);

}  // namespace oxbow::record
