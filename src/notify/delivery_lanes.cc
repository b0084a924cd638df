#include "notify/delivery_lanes.h"

#include <algorithm>

#include "base/ensure.h"

namespace oxbow::notify {

using std::chrono::milliseconds;

void DeliveryLanes::add(const catalog::PendingDelivery& delivery) {
    lanes_[delivery.channel].owed.push_back({delivery.cursor, delivery.time});
    ++size_;
}

std::optional<std::uint64_t> DeliveryLanes::next(SteadyTime now) const {
    if (away_.until > now) return std::nullopt;
    std::optional<std::uint64_t> oldest;
    for (const auto& [channel, lane] : lanes_) {
        if (lane.pause.until > now) continue;
        const std::uint64_t cursor = lane.owed.front().cursor;
        if (!oldest || cursor < *oldest) oldest = cursor;
    }
    return oldest;
}

std::optional<SteadyTime> DeliveryLanes::due() const {
    std::optional<SteadyTime> first;
    for (const auto& [channel, lane] : lanes_) {
        const SteadyTime at = std::max(lane.pause.until, away_.until);
        first = first ? std::min(*first, at) : at;
    }
    return first;
}

void DeliveryLanes::delivered(std::uint64_t cursor) {
    away_ = {};
    const auto lane = lane_of(cursor);
    lane->second.pause = {};
    lane->second.owed.pop_front();
    --size_;
    if (lane->second.owed.empty()) lanes_.erase(lane);
}

std::vector<std::uint64_t> DeliveryLanes::failed(std::uint64_t cursor, Failure failure,
                                                 SteadyTime now, WallTime wall, double chance) {
    const auto tried = lane_of(cursor);
    prolong(failure == Failure::Away ? away_ : tried->second.pause, now, chance);
    if (failure == Failure::Refused) away_ = {};

    std::vector<std::uint64_t> given_up;
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
        const auto next = std::next(lane);
        if (failure == Failure::Away) {
            give_up_expired(lane, lane->second.owed.size(), wall, given_up);
        } else if (lane == tried) {
            give_up_expired(lane, 1, wall, given_up);  // those behind it had no try yet
        }
        lane = next;
    }
    std::ranges::sort(given_up);
    return given_up;
}

/// Gives up the first `count_max` of a lane, as far as their time is over.
void DeliveryLanes::give_up_expired(Lanes::iterator lane, std::size_t count_max, WallTime wall,
                                    std::vector<std::uint64_t>& given_up) {
    auto& owed = lane->second.owed;
    std::size_t count = 0;
    while (count < std::min(count_max, owed.size()) && owed[count].time + times_.retry_for <= wall)
        given_up.push_back(owed[count++].cursor);
    if (count > 0) lane->second.pause = {};
    owed.erase(owed.begin(), owed.begin() + static_cast<std::ptrdiff_t>(count));
    size_ -= count;
    if (owed.empty()) lanes_.erase(lane);
}

DeliveryLanes::Lanes::iterator DeliveryLanes::lane_of(std::uint64_t cursor) {
    const auto found = std::ranges::find_if(
        lanes_, [cursor](const auto& named) { return named.second.owed.front().cursor == cursor; });
    ENSURE(found != lanes_.end());
    return found;
}

void DeliveryLanes::prolong(Pause& pause, SteadyTime now, double chance) const {
    milliseconds whole = times_.backoff_first;
    for (int i = 0; i < pause.failures && whole < times_.backoff_max; ++i) whole *= 2;
    whole = std::min(whole, times_.backoff_max);
    ++pause.failures;
    const auto spared =
        static_cast<milliseconds::rep>(static_cast<double>(whole.count()) * chance / 2);
    pause.until = now + whole - milliseconds{spared};
}

}  // namespace oxbow::notify
