#include "control/health_history.h"

#include <algorithm>
#include <iterator>

namespace oxbow::control {

void HealthHistory::take(const std::vector<LiveStreamInfo>& streams, WallTime now) {
    const std::scoped_lock lock{mutex_};
    for (auto& [channel, samples] : samples_)
        while (!samples.empty() && samples.front().at + kKept <= now) samples.pop_front();
    std::erase_if(samples_, [](const auto& entry) { return entry.second.empty(); });
    for (const LiveStreamInfo& stream : streams) {
        const bool measured = stream.recent_bits_per_second > 0 || stream.recent_frame_rate > 0;
        const auto known = samples_.find(stream.channel);
        if (known == samples_.end() && samples_.size() >= kChannelsMax) continue;
        // Nothing where something just was is a stream that starves; otherwise it has just begun.
        const bool goes_on =
            known != samples_.end() && now - known->second.back().at < 2 * kSampleEvery;
        if (!measured && !goes_on) continue;
        auto& samples = samples_[stream.channel];
        const bool has_pictures = stream.ingest && stream.ingest->video;
        samples.push_back({.at = now,
                           .bits_per_second = stream.recent_bits_per_second,
                           .frame_rate = stream.recent_frame_rate,
                           .key_frame_interval_ms =
                               has_pictures ? stream.ingest->video->key_frame_interval_ms : 0,
                           .viewers = stream.viewer_count});
        if (samples.size() > kSamplesMax) samples.pop_front();
    }
}

std::vector<HealthSample> HealthHistory::since(const ChannelId& channel, WallTime then) const {
    const std::scoped_lock lock{mutex_};
    std::vector<HealthSample> out;
    const auto found = samples_.find(channel);
    if (found == samples_.end()) return out;
    std::ranges::copy_if(found->second, std::back_inserter(out),
                         [then](const HealthSample& sample) { return sample.at > then; });
    return out;
}

std::size_t HealthHistory::channels() const {
    const std::scoped_lock lock{mutex_};
    return samples_.size();
}

}  // namespace oxbow::control
