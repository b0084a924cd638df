#include "edge/session_times.h"

#include <algorithm>
#include <cstring>

namespace oxbow::edge {

/// A tag is a signature: as good as random.
std::size_t SessionTimes::Hash::operator()(const SessionTag& tag) const {
    std::size_t hash = 0;
    std::memcpy(&hash, tag.data(), sizeof hash);
    return hash;
}

void SessionTimes::forget_idle_if_due(Shard& shard, SteadyTime now) {
    if (now - shard.forgotten_at < kForgetEvery) return;
    shard.forgotten_at = now;
    std::erase_if(shard.last_fetch,
                  [now](const auto& entry) { return now - entry.second >= kIdleMax; });
}

SessionTimes::Life SessionTimes::fetched(const SessionTag& tag, WallTime started_at) {
    const WallTime wall = clock_.wall();
    if (wall - started_at >= kAgeMax) return Life::Over;
    const SteadyTime now = clock_.steady();
    Shard& shard = shards_[tag.back() % kShards];
    const std::scoped_lock lock{shard.mutex};
    const auto known = shard.last_fetch.find(tag);
    if (known != shard.last_fetch.end() && now - known->second < kIdleMax) {
        known->second = now;
        return Life::GoesOn;
    }
    if (known != shard.last_fetch.end() || wall - std::max(started_at, made_at_) >= kIdleMax)
        return Life::Over;
    forget_idle_if_due(shard, now);
    if (shard.last_fetch.size() >= kSessionsMax / kShards) return Life::TooMany;
    shard.last_fetch.emplace(tag, now);
    return Life::GoesOn;
}

}  // namespace oxbow::edge
