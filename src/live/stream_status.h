#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/snapshots.h"
#include "base/times.h"
#include "ivs/ingest_configuration.h"
#include "live/stream_meter.h"

namespace oxbow::live {

/// How a channel's stream does at one moment, as measured about every second; immutable.
struct StreamStatus {
    StreamId stream;
    std::optional<WallTime> live_at;  // Stream Start: from when it could be played
    Health health = Health::Unknown;
    std::optional<ivs::IngestConfiguration> ingest;
    std::int64_t recent_bits_per_second = 0;  // of the last five seconds; 0: not measured yet
    double recent_frame_rate = 0;
};

/// nullptr once the stream is over.
using StreamStatuses = Snapshots<ChannelId, StreamStatus>;

}  // namespace oxbow::live
