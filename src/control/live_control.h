#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "ivs/ingest_configuration.h"

namespace oxbow::control {

/// A stream on the air, as GetStream and ListStreams give it.
struct LiveStreamInfo {
    ChannelId channel;
    StreamId stream_id;
    std::string playback_url;
    WallTime started_at;    // Stream Start: from when it could be played
    bool starving = false;  // less than half of its media came in the last five seconds
    std::int64_t viewer_count = 0;
    std::optional<ivs::IngestConfiguration> ingest{};  // as measured now; its session has the rest
    // Of the last five seconds; 0: not measured yet.
    std::int64_t recent_bits_per_second = 0;
    double recent_frame_rate = 0;
};

/// What the control plane does to streams. Declared here, answered by the live service.
/// Thread-safe.
class LiveControl {
public:
    virtual ~LiveControl() = default;
    virtual std::optional<LiveStreamInfo> stream(const ChannelId& channel) const = 0;
    virtual std::vector<LiveStreamInfo> streams() const = 0;
    /// Disconnects the publisher; false when the channel is not live.
    virtual bool stop_stream(const ChannelId& channel, const std::string& why) = 0;
    /// Puts `text` into the stream, for all viewers at the same media time.
    ///
    /// Out:    it is in the open segment, or will be in the next one.
    /// Errors: NotFound       the channel is not live.
    ///         LimitExceeded  too much waits already for a segment: nothing was taken.
    ///         Timeout        the channel did not say in time whether it took it.
    virtual Result<void> put_metadata(const ChannelId& channel, const std::string& text) = 0;
};

}  // namespace oxbow::control
