#include "record/recorder.h"

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::record {

Recorder::Recorder(RecordingPlace place, std::size_t queued_bytes_max)
    : place_(std::move(place)), queued_bytes_max_(queued_bytes_max), thread_([this] { run(); }) {}

Recorder::~Recorder() {
    drain();
}

void Recorder::enqueue(std::size_t bytes, std::function<void()> job) {
    const std::lock_guard lock{mutex_};
    queued_bytes_ += bytes;
    queue_.push_back({bytes, std::move(job)});
    changed_.notify_one();
}

void Recorder::step(const RecordingId& recording, std::size_t bytes, Step step) {
    enqueue(bytes, [this, recording, step = std::move(step)] {
        const auto found = recordings_.find(recording);
        if (found == recordings_.end()) return;  // it failed before; its listener knows
        if (auto done = step(*found->second); !done) give_up(recording, done.error().what);
    });
}

void Recorder::give_up(const RecordingId& recording, const std::string& why) {
    auto node = recordings_.extract(recording);
    node.mapped()->fail_with(why);
    if (node.mapped()->closed()) return;
    if (failed_.empty()) close_failed_at_ = place_.clock.steady() + kCloseFailedEvery;
    failed_.push_back(std::move(node.mapped()));
}

void Recorder::close_failed() {
    close_failed_at_ = place_.clock.steady() + kCloseFailedEvery;
    std::erase_if(failed_, [](const std::unique_ptr<Recording>& recording) {
        return recording->close_failed();
    });
}

void Recorder::begin(RecordingSpec spec, std::shared_ptr<RecordingListener> listener) {
    enqueue(0, [this, spec = std::move(spec), listener = std::move(listener)]() mutable {
        const RecordingId id = spec.recording;
        recordings_[id] = std::make_unique<Recording>(place_, std::move(spec), std::move(listener));
    });
}

void Recorder::take_up(TakenUp taken_up, std::shared_ptr<RecordingListener> listener) {
    // Shared, because what waits in the queue must be copyable.
    auto held = std::make_shared<TakenUp>(std::move(taken_up));
    enqueue(0, [this, held = std::move(held), listener = std::move(listener)]() mutable {
        const RecordingId id = held->spec.recording;
        recordings_[id] =
            std::make_unique<Recording>(place_, std::move(*held), std::move(listener));
    });
}

bool Recorder::append(const RecordingId& recording, LiveSegmentPtr segment, std::uint64_t gap) {
    const std::size_t bytes = segment->bytes.size();
    {
        const std::lock_guard lock{mutex_};
        if (queued_bytes_ + bytes > queued_bytes_max_) return false;
    }
    step(recording, bytes, [segment = std::move(segment), gap](Recording& open) {
        return open.append(*segment, gap);
    });
    return true;
}

void Recorder::stream_left(const RecordingId& recording, WallTime until) {
    step(recording, 0, [until](Recording& open) { return open.stream_left(until); });
}

void Recorder::stream_joined(const RecordingId& recording, StreamId stream) {
    step(recording, 0,
         [stream = std::move(stream)](Recording& open) { return open.stream_joined(stream); });
}

void Recorder::end(const RecordingId& recording) {
    step(recording, 0, [](Recording& open) { return open.end(); });
    enqueue(0, [this, recording] { recordings_.erase(recording); });
}

void Recorder::drain() {
    {
        const std::lock_guard lock{mutex_};
        draining_ = true;
        changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
}

void Recorder::run() {
    std::unique_lock lock{mutex_};
    while (true) {
        const auto woken = [this] { return draining_ || !queue_.empty(); };
        if (failed_.empty()) {
            changed_.wait(lock, woken);
        } else {
            changed_.wait_for(lock, close_failed_at_ - place_.clock.steady(), woken);
            // By the clock: where others are recorded the wait is never that long.
            if (draining_ || place_.clock.steady() >= close_failed_at_) {
                lock.unlock();
                close_failed();
                lock.lock();
            }
        }
        if (queue_.empty() && draining_) return;
        if (queue_.empty()) continue;
        Job job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job.run();
        job.run = nullptr;  // lets go of the segment outside the lock
        lock.lock();
        queued_bytes_ -= job.bytes;
    }
}

}  // namespace oxbow::record
