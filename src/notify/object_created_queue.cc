#include "notify/object_created_queue.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::notify {
namespace {

bool may_get_better(const Error& error) {
    return error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout;
}

}  // namespace

ObjectCreatedQueue::ObjectCreatedQueue(ObjectCreatedQueueOptions options, Handler handler)
    : options_(std::move(options)), handler_(std::move(handler)), thread_([this] { work(); }) {}

ObjectCreatedQueue::~ObjectCreatedQueue() {
    stop();
}

void ObjectCreatedQueue::push(const store::ObjectCreated& created) {
    if (!wanted(created.object.key)) return;
    std::string event = render_s3_event(created, options_.source);
    bool dropped = false;
    {
        const std::scoped_lock lock{mutex_};
        if (stopping_) return;
        dropped = events_.size() >= options_.events_max;
        if (dropped) events_.pop_front();
        events_.push_back(std::move(event));
    }
    changed_.notify_all();
    if (dropped) {
        log::error(
            "[notify] more than {} events wait: the oldest is dropped; a restart reads the "
            "bucket again",
            options_.events_max);
    }
}

Result<void> ObjectCreatedQueue::accept(std::string_view s3_event_json) {
    const auto records = read_s3_event(s3_event_json);
    if (!records) return std::unexpected(records.error());
    if (std::ranges::none_of(*records, [this](const auto& record) { return wanted(record.key); })) {
        return {};
    }
    {
        const std::scoped_lock lock{mutex_};
        if (stopping_ || events_.size() >= options_.events_max) {
            return fail(
                ErrorCode::Unavailable,
                fmt::format("{} events wait to be handled, no more are taken; send it again "
                            "later",
                            events_.size()));
        }
        events_.emplace_back(s3_event_json);
    }
    changed_.notify_all();
    return {};
}

bool ObjectCreatedQueue::drain(std::chrono::milliseconds deadline) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, deadline, [this] { return events_.empty() && !handling_; });
}

void ObjectCreatedQueue::stop() {
    {
        const std::scoped_lock lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void ObjectCreatedQueue::work() {
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !events_.empty(); });
        if (events_.empty()) return;
        const std::string event = std::move(events_.front());
        events_.pop_front();
        handling_ = true;

        lock.unlock();
        handle_event(event);
        lock.lock();
        handling_ = false;
        changed_.notify_all();
    }
}

void ObjectCreatedQueue::handle_event(const std::string& event) {
    const auto records = read_s3_event(event);
    if (!records) {
        log::error("[notify] {}", records.error().what);
        return;
    }
    for (const ObjectCreatedRecord& record : *records) {
        if (wanted(record.key)) handle_record(record);
    }
}

void ObjectCreatedQueue::handle_record(const ObjectCreatedRecord& record) {
    std::chrono::milliseconds backoff = options_.backoff_first;
    for (int attempt = 1; attempt <= options_.attempts_max; ++attempt) {
        const Result<void> handled = handler_(record);
        if (handled) return;
        const bool last = attempt == options_.attempts_max || !may_get_better(handled.error());
        log::warning("[notify] event of '{}' not handled, {}: {}", log::printable(record.key, 256),
                     last ? "given up" : "tried again", handled.error().what);
        if (last) return;
        wait(backoff);
        backoff = std::min(backoff * 2, options_.backoff_max);
    }
}

/// Waits `time`, or until stop().
void ObjectCreatedQueue::wait(std::chrono::milliseconds time) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, time, [this] { return stopping_; });
}

}  // namespace oxbow::notify
