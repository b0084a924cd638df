#include "notify/event_log.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"

namespace oxbow::notify {
namespace {

constexpr std::chrono::milliseconds kPruneStepEvery{100};

}  // namespace

EventLog::EventLog(catalog::Catalog& catalog, const Clock& clock, EventLogOptions options,
                   Observer observer)
    : catalog_(catalog),
      clock_(clock),
      options_(std::move(options)),
      observer_(std::move(observer)),
      thread_([this] { work(); }) {}

EventLog::~EventLog() {
    stop();
}

void EventLog::append(catalog::LogEntry entry) {
    std::uint64_t dropped = 0;
    {
        const std::scoped_lock lock{mutex_};
        if (entries_.size() < options_.entries_max) {
            entries_.push_back(std::move(entry));
        } else {
            dropped = ++dropped_;
        }
    }
    changed_.notify_all();
    if (dropped > 0 && (dropped & (dropped - 1)) == 0) {
        log::error(
            "[events] the database takes no events and {} wait: {} are lost so far; check its disk",
            options_.entries_max, dropped);
    }
}

bool EventLog::drain(std::chrono::milliseconds deadline) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, deadline, [this] { return entries_.empty() && !writing_; });
}

void EventLog::stop() {
    {
        const std::scoped_lock lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void EventLog::work() {
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait_for(lock, prune_at_ - clock_.steady(),
                          [this] { return stopping_ || !entries_.empty(); });
        if (entries_.empty() && stopping_) return;
        const std::size_t count = std::min(entries_.size(), options_.batch_max);
        const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(count);
        const std::vector<catalog::LogEntry> batch{std::make_move_iterator(entries_.begin()),
                                                   std::make_move_iterator(end)};
        entries_.erase(entries_.begin(), end);
        writing_ = true;
        bool written = false;
        while (!written) {
            lock.unlock();
            written = batch.empty() || write(batch);
            lock.lock();
            if (written) break;
            // What is not written yet is the older part: it goes first, whatever comes meanwhile.
            changed_.wait_for(lock, options_.retry_every, [this] { return stopping_; });
            if (stopping_) break;
        }
        writing_ = false;
        changed_.notify_all();
        lock.unlock();
        prune_if_due();
        lock.lock();
    }
}

bool EventLog::write(const std::vector<catalog::LogEntry>& batch) {
    const auto events = catalog_.append_to_log(batch, options_.receivers);
    if (!events) {
        log::error("[events] {} entries are not in the log yet, it is tried again: {}",
                   batch.size(), events.error().what);
        return false;
    }
    if (!events->empty()) observer_(*events);
    return true;
}

void EventLog::prune_if_due() {
    const SteadyTime now = clock_.steady();
    if (now < prune_at_) return;
    const WallTime wall = clock_.wall();
    const auto more =
        catalog_.prune_events({.events_since = wall - options_.events_kept_for,
                               .events_max = options_.events_max,
                               .sessions_ended_since = wall - options_.sessions_kept_for});
    if (!more) log::warning("[events] old events stay: {}", more.error().what);
    // A step at a time, between batches: nobody waits for a large cleaning.
    prune_at_ = now + (more && *more ? kPruneStepEvery : options_.prune_every);
}

}  // namespace oxbow::notify
