#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/times.h"

namespace oxbow::edge {

/// When viewers were last sent something of which recording: its rewind playlist, a segment, an
/// object. Of kServedMax recordings; above that the one served longest ago is forgotten.
///
/// Only ids of recordings that are there may be noted. Thread-safe, never blocks.
class ServedRecordings {
public:
    explicit ServedRecordings(const Clock& clock) : clock_(clock) {}

    void note(std::string_view recording);
    /// The same by the key of one of its objects; a key of no recording is passed over.
    void note_object(std::string_view key);

    /// nullopt: not since this process began.
    std::optional<SteadyTime> last(const RecordingId& recording) const;

    static constexpr std::size_t kServedMax = 100'000;

private:
    struct Entry {
        std::string recording;
        SteadyTime at;
    };
    using Entries = std::list<Entry>;

    const Clock& clock_;
    mutable std::mutex mutex_;
    Entries newest_first_;
    std::unordered_map<std::string_view, Entries::iterator> by_id_;  // names lie in the entries
};

/// The recording's id in a key of one of its objects; empty when it is none.
// j8Z9O91ndcVs of ivs/v1/123456789012/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs/media/hls/0.ts
std::string_view recording_in_key(std::string_view key);

}  // namespace oxbow::edge
