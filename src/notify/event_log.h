#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/times.h"
#include "catalog/catalog.h"

namespace oxbow::notify {

struct EventLogOptions {
    std::vector<std::string> receivers;  // every event is owed to each of them
    std::chrono::hours events_kept_for{60 * 24};
    std::size_t events_max = 200'000;
    std::chrono::hours sessions_kept_for{60 * 24};  // after their end, as Amazon IVS
    std::size_t entries_max = 20'000;               // that wait for the database
    std::size_t batch_max = 256;                    // that one transaction writes
    std::chrono::milliseconds retry_every{1'000};   // while the database does not take them
    std::chrono::milliseconds prune_every{600'000};
};

/// The ordered, durable log of what happens to channels: takes entries from any thread, writes them
/// to the database on a thread of its own, many in one transaction, and tells of an event only when
/// it is on the disk.
///
/// The order of append() is the order of the log. A database that fails is tried again for as long
/// as it takes; above entries_max the newest entry is dropped, with an error in the log: live never
/// waits. Thread-safe.
class EventLog {
public:
    /// Called on the log's thread with events that are on the disk, in order.
    using Observer = std::function<void(const std::vector<catalog::Event>&)>;

    EventLog(catalog::Catalog& catalog, const Clock& clock, EventLogOptions options,
             Observer observer);
    ~EventLog();
    EventLog(const EventLog&) = delete;
    EventLog& operator=(const EventLog&) = delete;

    /// Returns at once.
    void append(catalog::LogEntry entry);

    /// Waits until all that was appended before is on the disk; false when `deadline` passed first.
    bool drain(std::chrono::milliseconds deadline);

    /// Writes what is queued, without trying again what fails, and joins the thread. Called by the
    /// destructor; idempotent.
    void stop();

private:
    void work();
    bool write(const std::vector<catalog::LogEntry>& batch);
    void prune_if_due();

    catalog::Catalog& catalog_;
    const Clock& clock_;
    const EventLogOptions options_;
    const Observer observer_;
    SteadyTime prune_at_{};  // the thread's own

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<catalog::LogEntry> entries_;
    std::uint64_t dropped_ = 0;
    bool writing_ = false;
    bool stopping_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace oxbow::notify
