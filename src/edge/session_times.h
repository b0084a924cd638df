#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <unordered_map>

#include "base/times.h"
#include "edge/playback_session.h"

namespace oxbow::edge {

/// How long sessions live: as long as something of them is fetched now and then, and no longer than
/// kAgeMax.
///
/// Every fetch counts, not those of playlists alone: a player reads the playlist of a finished
/// recording once, and its segments for hours. A session is remembered from its second fetch on;
/// one that is not is as good as new while it is young, or while this process is: after a restart
/// players go on.
///
/// Thread-safe; a fetch costs one short lock.
class SessionTimes {
public:
    explicit SessionTimes(const Clock& clock) : clock_(clock), made_at_(clock.wall()) {}

    enum class Life {
        GoesOn,
        Over,
        TooMany,  // kSessionsMax others go on
    };
    /// Something of the session is fetched now.
    Life fetched(const SessionTag& tag, WallTime started_at);

    static constexpr std::chrono::minutes kIdleMax{5};
    static constexpr std::chrono::hours kAgeMax{48};
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kSessionsMax = 200'000;
    static constexpr std::chrono::seconds kForgetEvery{10};  // those that are over

private:
    struct Hash {
        std::size_t operator()(const SessionTag& tag) const;
    };
    /// Sessions are spread over a few locks, so that the loops seldom wait for each other.
    struct Shard {
        std::mutex mutex;
        std::unordered_map<SessionTag, SteadyTime, Hash> last_fetch;
        SteadyTime forgotten_at{};
    };
    static void forget_idle_if_due(Shard& shard, SteadyTime now);

    const Clock& clock_;
    const WallTime made_at_;
    std::array<Shard, kShards> shards_;
};

}  // namespace oxbow::edge
