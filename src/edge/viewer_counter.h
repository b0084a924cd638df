#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "base/ids.h"
#include "base/times.h"
#include "net/http.h"

namespace oxbow::edge {

/// How many watch each channel: the distinct viewers that fetched a media playlist of it, live or
/// rewind, in the last kViewerStays.
///
/// A viewer of a private channel is a session (HttpRequest::viewer). Elsewhere, without cookies and
/// without URLs of their own, which caches would have to keep apart, viewers
/// are told apart by address and User-Agent: two alike behind one address count as one, and behind
/// a proxy all have its address. Counts above kViewersMax of a channel are not told apart from it.
///
/// Thread-safe; a fetch costs one short lock.
class ViewerCounter {
public:
    explicit ViewerCounter(const Clock& clock) : clock_(clock) {}

    void fetched(const ChannelId& channel, const net::HttpRequest& request);
    std::int64_t count(const ChannelId& channel) const;

    static constexpr std::chrono::seconds kViewerStays{60};
    static constexpr std::size_t kViewersMax = 100'000;     // of a channel
    static constexpr std::chrono::seconds kForgetEvery{1};  // those that are gone

private:
    struct Channel {
        std::unordered_map<std::size_t, SteadyTime> last_fetch;  // by viewer
        SteadyTime forgotten_at{};
    };
    /// Channels are spread over a few locks, so that the loops seldom wait for each other.
    struct Shard {
        std::mutex mutex;
        std::unordered_map<ChannelId, Channel> channels;
    };
    Shard& shard_of(const ChannelId& channel) const;
    static void forget_gone_if_due(Channel& channel, SteadyTime now);

    const Clock& clock_;
    mutable std::array<Shard, 16> shards_;
};

}  // namespace oxbow::edge
