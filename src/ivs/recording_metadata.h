#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/times.h"
#include "ivs/ids.h"
#include "ivs/recording_prefix.h"

namespace oxbow::ivs {

enum class RecordingStatus { Started, Ended, EndedWithFailure };

// RECORDING_ENDED_WITH_FAILURE
std::string_view name_of(RecordingStatus status);

struct RenditionMetadata {
    std::string path;                 // "720p30", relative to hls_path
    std::string playlist;             // "playlist.m3u8"
    std::string byte_range_playlist;  // "byte-range-variant.m3u8"; "": absent, as in failed ones
    int width = 0;                    // 0: no video
    int height = 0;
};

/// Where thumbnails are: a folder of them, or the one file that is always the newest.
struct ThumbnailMetadata {
    std::string path;  // "media/thumbnails", relative to the recording's prefix
    int width = 0;     // 0: not said, as in recordings of 2023
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
    std::string byte_range_playlist = "byte-range-multivariant.m3u8";  // "": absent
    std::vector<RenditionMetadata> renditions;
    std::optional<ThumbnailMetadata> thumbnails;        // with storage SEQUENTIAL
    std::optional<ThumbnailMetadata> latest_thumbnail;  // with storage LATEST
    std::optional<std::string> stream_id;               // saved metadata only
    std::optional<std::string> sequencer;  // saved metadata only, ours: of the event that saved it
    // Ours, beside the schema, in recording-started.json and recording-ended.json:
    std::optional<std::string> recording_session_id;
    std::vector<std::string> recording_session_stream_ids;  // oldest first
    /// What a catalogue that is made again from the bucket must know beside that; with it the times
    /// are written to the millisecond, too, in a member of their own.
    std::optional<std::string> segment_epochs;  // "0:mp3k9a,57:mp4b1c"
    std::optional<int> live_target_seconds;     // what its rewind playlist declares, if not 6
};

inline constexpr std::size_t kMetadataBytesMax = 256 * 1024;
inline constexpr std::size_t kMetadataRenditionsMax = 100;

/// Minified, members in the order of the real files, ours behind them, no newline at the end.
std::string to_json(const RecordingMetadata& metadata);

/// Reads any of these files; unknown members are ignored, optional ones may lack. Paths and names
/// of playlists are checked to be parts of a key: none leads out of the recording.
///
/// Errors: Malformed      not JSON, not version "v1", or a member of the wrong type (named).
///         LimitExceeded  above kMetadataBytesMax, or more than kMetadataRenditionsMax renditions.
Result<RecordingMetadata> read_recording_metadata(std::string_view json);

}  // namespace oxbow::ivs
