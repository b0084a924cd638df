#include "control/call_rates.h"

#include <chrono>

namespace oxbow::control {
namespace {

constexpr std::chrono::seconds kWindow{1};

}  // namespace

bool CallRates::take(const std::string& kind, std::size_t per_second, SteadyTime now) {
    const std::scoped_lock lock{mutex_};
    if (calls_.size() >= kKindsMax) {
        std::erase_if(calls_, [now](const auto& entry) {
            return entry.second.empty() || entry.second.back() + kWindow <= now;
        });
    }
    std::deque<SteadyTime>& calls = calls_[kind];
    while (!calls.empty() && calls.front() + kWindow <= now) calls.pop_front();
    if (calls.size() >= per_second) return false;
    calls.push_back(now);
    return true;
}

}  // namespace oxbow::control
