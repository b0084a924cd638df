#include "remote/due_channels.h"

#include <algorithm>
#include <utility>

namespace oxbow::remote {

std::vector<ChannelId> due_channels(const catalog::Directory& directory,
                                    const std::map<ChannelId, SteadyTime>& look_at, SteadyTime now,
                                    std::size_t limit) {
    std::vector<std::pair<SteadyTime, ChannelId>> due;
    for (const catalog::ChannelPlace& place : *directory.channels_by_creation) {
        const auto found = look_at.find(place.id);
        const SteadyTime at = found == look_at.end() ? SteadyTime::min() : found->second;
        if (at <= now && directory.channels.contains(place.id)) due.emplace_back(at, place.id);
    }
    std::ranges::sort(due);
    std::vector<ChannelId> out;
    for (auto& [at, channel] : due) {
        if (out.size() == limit) break;
        out.push_back(std::move(channel));
    }
    return out;
}

}  // namespace oxbow::remote
