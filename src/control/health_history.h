#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "base/ids.h"
#include "base/times.h"
#include "control/live_control.h"

namespace oxbow::control {

/// How a stream did at one moment: rates of the five seconds before.
struct HealthSample {
    WallTime at;
    std::int64_t bits_per_second = 0;
    double frame_rate = 0;
    std::int64_t key_frame_interval_ms = 0;  // between the newest two
    std::int64_t viewers = 0;
};

/// How the streams of the last half hour did. In memory alone. Thread-safe.
class HealthHistory {
public:
    static constexpr std::chrono::seconds kSampleEvery{5};
    static constexpr std::chrono::minutes kKept{30};
    static constexpr std::size_t kSamplesMax = kKept / kSampleEvery;  // of a channel
    /// Channels with samples; beyond, one that comes new has none.
    static constexpr std::size_t kChannelsMax = 2'000;

    /// One sample of each stream that is measured already, and what is too old goes.
    void take(const std::vector<LiveStreamInfo>& streams, WallTime now);

    /// The samples after `then`, oldest first.
    std::vector<HealthSample> since(const ChannelId& channel, WallTime then) const;

    std::size_t channels() const;

private:
    mutable std::mutex mutex_;
    std::map<ChannelId, std::deque<HealthSample>> samples_;
};

}  // namespace oxbow::control
