#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "base/times.h"

namespace oxbow::control {

/// Counts calls: at most so many of one kind inside any second. Thread-safe.
class CallRates {
public:
    /// How many kinds are remembered; beyond, those that are silent for a second are forgotten.
    static constexpr std::size_t kKindsMax = 1'000;

    /// Whether one more call of `kind` is allowed at `now`; counts it if so.
    bool take(const std::string& kind, std::size_t per_second, SteadyTime now);

private:
    std::mutex mutex_;
    std::map<std::string, std::deque<SteadyTime>> calls_;
};

}  // namespace oxbow::control
