#include "edge/served_recordings.h"

namespace oxbow::edge {

void ServedRecordings::note(std::string_view recording) {
    const SteadyTime now = clock_.steady();
    const std::lock_guard lock{mutex_};
    if (const auto found = by_id_.find(recording); found != by_id_.end()) {
        found->second->at = now;
        newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
        return;
    }
    if (newest_first_.size() == kServedMax) {
        by_id_.erase(newest_first_.back().recording);
        newest_first_.pop_back();
    }
    newest_first_.push_front({std::string{recording}, now});
    by_id_.emplace(newest_first_.front().recording, newest_first_.begin());
}

void ServedRecordings::note_object(std::string_view key) {
    if (const std::string_view recording = recording_in_key(key); !recording.empty())
        note(recording);
}

std::optional<SteadyTime> ServedRecordings::last(const RecordingId& recording) const {
    const std::lock_guard lock{mutex_};
    const auto found = by_id_.find(recording.view());
    if (found == by_id_.end()) return std::nullopt;
    return found->second->at;
}

std::string_view recording_in_key(std::string_view key) {
    constexpr int kPartsBefore = 9;  // ivs, v1, account, channel, year, month, day, hour, minute
    for (int i = 0; i < kPartsBefore; ++i) {
        const std::size_t slash = key.find('/');
        if (slash == std::string_view::npos) return {};
        key.remove_prefix(slash + 1);
    }
    const std::size_t end = key.find('/');
    return end == std::string_view::npos ? std::string_view{} : key.substr(0, end);
}

}  // namespace oxbow::edge
