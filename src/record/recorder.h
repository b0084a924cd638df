#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "record/limits.h"
#include "record/recording.h"
#include "record/take_up.h"

namespace oxbow::record {

/// The recordings of all channels, on a thread of their own: a disk that stalls delays recordings,
/// never a live channel.
///
/// Every call returns at once; work is done in order. The queue is bounded by kQueuedBytesMax: a
/// segment that does not fit is not taken, and its recording lacks it. A failed recording that
/// cannot be closed, as on a full disk, is tried again every kCloseFailedEvery. Thread-safe.
class Recorder {
public:
    explicit Recorder(RecordingPlace place, std::size_t queued_bytes_max = kQueuedBytesMax);
    ~Recorder();

    void begin(RecordingSpec spec, std::shared_ptr<RecordingListener> listener);
    /// Goes on with a recording that an earlier process left open.
    void take_up(TakenUp taken_up, std::shared_ptr<RecordingListener> listener);
    /// In:  `gap`: how many segments before this one were not taken.
    /// Out: false: the queue is full, the segment is not taken.
    bool append(const RecordingId& recording, LiveSegmentPtr segment, std::uint64_t gap = 0);
    void stream_left(const RecordingId& recording, WallTime until);
    void stream_joined(const RecordingId& recording, StreamId stream);
    void end(const RecordingId& recording);

    /// Runs `job` between two steps of recordings, for who must not meet one half done.
    void post(std::function<void()> job) { enqueue(0, std::move(job)); }

    /// Does all that was asked for until now, then stops. Recordings that were not ended stay open.
    void drain();

private:
    using Step = std::function<Result<void>(Recording&)>;
    void enqueue(std::size_t bytes, std::function<void()> job);
    void step(const RecordingId& recording, std::size_t bytes, Step step);
    void give_up(const RecordingId& recording, const std::string& why);
    void close_failed();
    void run();

    RecordingPlace place_;
    const std::size_t queued_bytes_max_;
    std::map<RecordingId, std::unique_ptr<Recording>> recordings_;  // the thread's own
    std::vector<std::unique_ptr<Recording>> failed_;  // not closed yet; the thread's own
    SteadyTime close_failed_at_{};                    // the next try; the thread's own

    std::mutex mutex_;
    std::condition_variable changed_;
    struct Job {
        std::size_t bytes;
        std::function<void()> run;
    };
    std::deque<Job> queue_;
    std::size_t queued_bytes_ = 0;
    bool draining_ = false;
    std::thread thread_;
};

}  // namespace oxbow::record
