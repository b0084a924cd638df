#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/times.h"
#include "ivs/recording_metadata.h"

namespace oxbow::meta {

struct LiveStream {
    StreamId stream_id;
    std::string playback_url;  // absolute, or a path that the answer makes absolute
    std::optional<WallTime> started_at = std::nullopt;
    bool rewindable =
        false;  // its rewind timeline has begun, which may be before its recording has
};

using RecordingStatus = ivs::RecordingStatus;

/// A channel's newest recording, as its recorder knows it.
struct RecordingState {
    RecordingId recording_id;
    RecordingStatus status = RecordingStatus::Started;
    std::vector<StreamId> stream_ids;  // merged into it, oldest first
    WallTime started_at;
    std::optional<WallTime> ended_at;
    std::optional<WallTime> reconnect_until;  // set while the publisher is away and may come back
    std::chrono::milliseconds duration{};     // of what its playlists list
};

/// What the states of a channel were told from: while two stamps are equal, live_stream() and
/// newest_recording() say the same.
struct StateStamp {
    std::weak_ptr<const void> live;  // weak: a stamp keeps nothing of a stream in memory
    std::weak_ptr<const void> recording;

    bool operator==(const StateStamp& other) const {
        return is_same(live, other.live) && is_same(recording, other.recording);
    }

private:
    static bool is_same(const std::weak_ptr<const void>& a, const std::weak_ptr<const void>& b) {
        return !a.owner_before(b) && !b.owner_before(a);
    }
};

/// What the two functions need to know of streams. Within one process the live service answers from
/// memory; a remote one asks GetStream and reads the bucket. Thread-safe, never blocks.
class StreamStates {
public:
    virtual ~StreamStates() = default;
    virtual bool channel_exists(const ChannelId& channel) const = 0;
    virtual std::optional<LiveStream> live_stream(const ChannelId& channel) const = 0;
    /// The newest recording that has at least one chunk; nullopt: never recorded.
    virtual std::optional<RecordingState> newest_recording(const ChannelId& channel) const = 0;
    /// nullopt: only live_stream() and newest_recording() tell whether something has changed.
    virtual std::optional<StateStamp> stamp(const ChannelId& channel) const {
        static_cast<void>(channel);
        return std::nullopt;
    }
};

}  // namespace oxbow::meta
