#pragma once

#include <algorithm>
#include <chrono>

#include "base/times.h"

namespace oxbow::app {

/// When a program that ended is started again: soon after it did its work, later and later while it
/// dies at once.
class RestartPace {
public:
    bool due(SteadyTime now) const { return now >= next_; }

    void started(SteadyTime now) { started_ = now; }

    /// Out: true at the first of its early ends in a row, which is worth a line in the log.
    bool ended(SteadyTime now) {
        const bool early = now - started_ < kEarly;
        const bool first = early && pause_ == kPauseMin;
        next_ = now + (early ? pause_ : std::chrono::milliseconds{0});
        pause_ = early ? std::min(pause_ * 2, kPauseMax) : kPauseMin;
        return first;
    }

    static constexpr std::chrono::milliseconds kEarly{10'000};
    static constexpr std::chrono::milliseconds kPauseMin{2'000};
    static constexpr std::chrono::milliseconds kPauseMax{60'000};

private:
    SteadyTime started_{};
    SteadyTime next_{};
    std::chrono::milliseconds pause_ = kPauseMin;
};

}  // namespace oxbow::app
