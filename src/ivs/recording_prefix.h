#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"

namespace oxbow::ivs {

struct RecordingRef {
    std::string account;
    ChannelId channel;
    RecordingId recording;
    WallTime started_at;
};

// ivs/v1/123456789012/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs      (UTC; no zero padding)
std::string recording_prefix(const RecordingRef& ref);

/// Reads a prefix back; minutes are known, seconds are not. Zero padded numbers are read too: one
/// of Amazon's examples has them. Errors: Malformed.
Result<RecordingRef> parse_recording_prefix(std::string_view prefix);

/// The recording to whose folder an object's key belongs, or any path below its prefix.
/// Errors: Malformed  the key does not begin with a recording prefix and '/'.
Result<RecordingRef> recording_of_key(std::string_view key);

/// The prefix as it stands in such a key. Errors: as recording_of_key.
Result<std::string_view> prefix_of_key(std::string_view key);

// <prefix>/events/recording-started.json
std::string recording_started_key(std::string_view prefix);
std::string recording_ended_key(std::string_view prefix);
std::string recording_failed_key(std::string_view prefix);
// recording-started-AsXego4U6tnj.json      (at the root of the bucket)
std::string latest_metadata_key(const ChannelId& channel);
// <prefix>/media/hls/720p30/17.ts
std::string chunk_key(std::string_view prefix, std::string_view rendition, std::uint64_t number);

/// What the key of every recording-started.json ends with.
inline constexpr std::string_view kRecordingStartedSuffix = "/events/recording-started.json";

}  // namespace oxbow::ivs
