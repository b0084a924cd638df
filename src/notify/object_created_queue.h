#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "notify/s3_event.h"
#include "store/object_store.h"

namespace oxbow::notify {

struct ObjectCreatedQueueOptions {
    S3EventSource source;
    std::string key_suffix = "/events/recording-started.json";  // others are of no interest
    std::size_t events_max = 4096;
    int attempts_max = 10;  // of one record: about half a minute with the times below
    std::chrono::milliseconds backoff_first{100};  // doubled after each failed attempt
    std::chrono::milliseconds backoff_max{10'000};
};

/// Carries events of the bucket to their handler, on a thread of its own, one record at a time, in
/// the order in which they came.
///
/// At least once: a record whose handler answers Unavailable or Timeout is tried again,
/// attempts_max times; other errors do not get better and are logged. What is lost all the same (a
/// full queue, the last failed attempt, a killed process) is found again when the application reads
/// the bucket at its start.
///
/// Thread safety: all but stop() from any thread.
class ObjectCreatedQueue {
public:
    /// May block and be called again with the same record. Exceptions: none.
    using Handler = std::function<Result<void>(const ObjectCreatedRecord&)>;

    ObjectCreatedQueue(ObjectCreatedQueueOptions options, Handler handler);
    ~ObjectCreatedQueue();
    ObjectCreatedQueue(const ObjectCreatedQueue&) = delete;
    ObjectCreatedQueue& operator=(const ObjectCreatedQueue&) = delete;

    /// Takes an event of our own bucket, by way of the same S3 event text that any other bucket
    /// sends. Never waits, since recording calls it: when full, the oldest event makes place, with
    /// an error in the log.
    void push(const store::ObjectCreated& created);

    /// Takes an S3 event from outside. Its sender keeps what we refuse and sends it again.
    /// Errors: as read_s3_event; Unavailable when the queue is full. Nothing is taken then.
    Result<void> accept(std::string_view s3_event_json);

    /// Waits until all that was taken before is handled; false when `deadline` passed first.
    bool drain(std::chrono::milliseconds deadline);

    /// Takes nothing more, finishes what is queued without waiting between attempts, and joins the
    /// thread. Called by the destructor; idempotent.
    void stop();

private:
    void work();
    void handle_event(const std::string& event);
    void handle_record(const ObjectCreatedRecord& record);
    void wait(std::chrono::milliseconds time);
    bool wanted(std::string_view key) const { return key.ends_with(options_.key_suffix); }

    const ObjectCreatedQueueOptions options_;
    const Handler handler_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> events_;  // S3 event texts
    bool handling_ = false;
    bool stopping_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace oxbow::notify
