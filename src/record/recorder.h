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

namespace oxbow::record {

/// The recordings of all channels, on a thread of their own: a disk that stalls delays recordings,
/// never a live channel.
///
/// Every call returns at once; work is done in order. The queue is bounded by kQueuedBytesMax: a
/// recording whose segment does not fit ends with a failure, and live goes on. A failed recording
/// that cannot be closed, as on a full disk, is tried again every kCloseFailedEvery. Thread-safe.
class Recorder {
public:
    explicit Recorder(RecordingPlace place, std::size_t queued_bytes_max = kQueuedBytesMax);
    ~Recorder();

    void begin(RecordingSpec spec, std::shared_ptr<RecordingListener> listener);
    /// Out: false: the queue is full; the recording ends here with a failure, and takes nothing
    /// more.
    bool append(const RecordingId& recording, LiveSegmentPtr segment);
    void stream_left(const RecordingId& recording);
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

/// Ends what an earlier process left open: its open chunk, cut at the last whole segment, becomes
/// an object, the playlists get ENDLIST, and the recording ends with a failure that says so. At
/// start, before anybody publishes. One that the disk does not take now is kept for the next start.
///
/// Out: how many recordings were ended.
Result<std::size_t> end_unfinished_recordings(const RecordingPlace& place);

}  // namespace oxbow::record
