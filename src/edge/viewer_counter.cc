#include "edge/viewer_counter.h"

#include <functional>
#include <string_view>

namespace oxbow::edge {
namespace {

/// One number for an address and a User-Agent; the port differs with every connection.
std::size_t viewer_of(const net::HttpRequest& request) {
    const std::string_view peer = request.peer;
    const std::hash<std::string_view> hash;
    if (!request.viewer.empty()) return hash(request.viewer);
    const std::size_t address = hash(peer.substr(0, peer.rfind(':')));
    const std::size_t agent = hash(request.header("user-agent").value_or(""));
    return address ^ (agent + 0x9e3779b97f4a7c15 + (address << 6) + (address >> 2));
}

}  // namespace

ViewerCounter::Shard& ViewerCounter::shard_of(const ChannelId& channel) const {
    return shards_[std::hash<ChannelId>{}(channel) % shards_.size()];
}

void ViewerCounter::fetched(const ChannelId& channel, const net::HttpRequest& request) {
    const std::size_t viewer = viewer_of(request);
    const SteadyTime now = clock_.steady();
    Shard& shard = shard_of(channel);
    const std::scoped_lock lock{shard.mutex};
    Channel& watched = shard.channels[channel];
    forget_gone_if_due(watched, now);
    if (watched.last_fetch.size() < kViewersMax) {
        watched.last_fetch[viewer] = now;
    } else if (const auto known = watched.last_fetch.find(viewer);
               known != watched.last_fetch.end()) {
        known->second = now;
    }
}

std::int64_t ViewerCounter::count(const ChannelId& channel) const {
    const SteadyTime now = clock_.steady();
    Shard& shard = shard_of(channel);
    const std::scoped_lock lock{shard.mutex};
    const auto found = shard.channels.find(channel);
    if (found == shard.channels.end()) return 0;
    forget_gone_if_due(found->second, now);
    const auto count = static_cast<std::int64_t>(found->second.last_fetch.size());
    if (count == 0) shard.channels.erase(found);
    return count;
}

void ViewerCounter::forget_gone_if_due(Channel& channel, SteadyTime now) {
    if (now - channel.forgotten_at < kForgetEvery) return;
    channel.forgotten_at = now;
    std::erase_if(channel.last_fetch,
                  [now](const auto& entry) { return now - entry.second >= kViewerStays; });
}

}  // namespace oxbow::edge
