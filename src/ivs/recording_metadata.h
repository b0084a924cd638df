#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"

namespace oxbow::ivs {

// arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj
std::string channel_arn(std::string_view region, std::string_view account, const ChannelId& channel);
std::string stream_key_arn(std::string_view region, std::string_view account, std::string_view id);
std::string recording_configuration_arn(std::string_view region, std::string_view account, std::string_view id);
// sk_us-east-1_AsXego4U6tnj_567890abcdef
StreamKeyValue make_stream_key(std::string_view region, const ChannelId& channel);
// us-east-1.000000000000.channel.AsXego4U6tnj.m3u8      (last part of the playback URL)
std::string playback_name(std::string_view region, std::string_view account, const ChannelId& channel);

ChannelId make_channel_id();      // 12 characters [A-Za-z0-9]
RecordingId make_recording_id();  // 12
StreamId make_stream_id();        // "st-" and 22

/// Reads a channel id: [A-Za-z0-9-]{1,64}. Errors: Malformed.
Result<ChannelId> parse_channel_id(std::string_view text);
/// The channel of a channel ARN. Errors: Malformed.
Result<ChannelId> channel_of_arn(std::string_view arn);

struct RecordingRef {
    std::string account;
    ChannelId channel;
    RecordingId recording;
    WallTime started_at;
};

// ivs/v1/123456789012/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs      (UTC; no zero padding)
std::string recording_prefix(const RecordingRef& ref);

/// Reads a prefix back; minutes are known, seconds are not. Errors: Malformed.
Result<RecordingRef> parse_recording_prefix(std::string_view prefix);

// <prefix>/events/recording-started.json
std::string recording_started_key(std::string_view prefix);
std::string recording_ended_key(std::string_view prefix);
std::string recording_failed_key(std::string_view prefix);
// recording-started-AsXego4U6tnj.json      (at the root of the bucket)
std::string latest_metadata_key(const ChannelId& channel);
// <prefix>/media/hls/720p30/17.ts
std::string chunk_key(std::string_view prefix, std::string_view rendition, std::uint64_t number);

struct RenditionMetadata {
    std::string path;                 // "720p30", relative to hls_path
    std::string playlist;             // "playlist.m3u8"
    std::string byte_range_playlist;  // "byte-range-variant.m3u8"; may be absent in failed ones
    int width = 0;                    // 0: no video
    int height = 0;
};

/// recording-started.json, recording-ended.json, recording-failed.json, and the saved
/// recording-started-{CHANNEL_ID}.json, which adds streamId and makes hls_path absolute.
struct RecordingMetadata {
    std::string channel_arn;
    WallTime started_at;
    std::optional<WallTime> ended_at;
    std::string status = "RECORDING_STARTED";  // RECORDING_ENDED, RECORDING_ENDED_WITH_FAILURE
    std::optional<std::string> status_message;
    std::optional<std::chrono::milliseconds> duration;
    std::string hls_path = "media/hls";
    std::string playlist = "master.m3u8";
    std::string byte_range_playlist = "byte-range-multivariant.m3u8";
    std::vector<RenditionMetadata> renditions;
    std::optional<std::string> stream_id;  // saved metadata only
    // Ours, beside the schema, in recording-started.json and recording-ended.json:
    std::optional<std::string> recording_session_id;
    std::vector<std::string> recording_session_stream_ids;
};

/// Minified, members in the order of the real files, no newline at the end.
std::string to_json(const RecordingMetadata& metadata);

/// Reads any of these files; unknown members are ignored, optional ones may lack.
///
/// Errors: Malformed      not JSON, not version "v1", or a member of the wrong type (named).
///         LimitExceeded  above kMetadataBytesMax, or more than 100 renditions.
Result<RecordingMetadata> read_recording_metadata(std::string_view json);
inline constexpr std::size_t kMetadataBytesMax = 256 * 1024;

}  // namespace oxbow::ivs
