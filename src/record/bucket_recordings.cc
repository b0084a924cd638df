#include "record/bucket_recordings.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "ivs/recording_metadata.h"
#include "packager/segment_names.h"

namespace oxbow::record {
namespace {

constexpr std::string_view kRoot = "ivs/v1/";
// account, channel, year, month, day, hour, minute, recording
constexpr int kFolders = 8;

using Objects = std::vector<store::ObjectInfo>;

bool has(const Objects& objects, const std::string& key) {
    return std::ranges::binary_search(objects, key, {}, &store::ObjectInfo::key);
}

/// The event that says most of the recording.
Result<ivs::RecordingMetadata> read_metadata(store::ObjectStore& store, const Objects& objects,
                                             std::string_view prefix) {
    for (const std::string& key :
         {ivs::recording_ended_key(prefix), ivs::recording_failed_key(prefix),
          ivs::recording_started_key(prefix)}) {
        if (!has(objects, key)) continue;
        const auto text = store.get(key, ivs::kMetadataBytesMax);
        if (!text) return std::unexpected(text.error());
        return ivs::read_recording_metadata(*text);
    }
    return fail(ErrorCode::NotFound, "it has no events/recording-*.json");
}

Result<catalog::RecordingStatus> status_of(const ivs::RecordingMetadata& metadata) {
    using enum catalog::RecordingStatus;
    for (const auto status : {Started, Ended, EndedWithFailure}) {
        if (metadata.status == ivs::name_of(status)) return status;
    }
    return fail(ErrorCode::Malformed,
                fmt::format("its status is '{}'", log::printable(metadata.status, 64)));
}

/// The rendition with the most lines; their order says nothing.
Result<ivs::RenditionMetadata> best_rendition(const ivs::RecordingMetadata& metadata) {
    const auto best = std::ranges::max_element(
        metadata.renditions, {},
        [](const ivs::RenditionMetadata& each) { return std::pair{each.height, each.width}; });
    if (best == metadata.renditions.end())
        return fail(ErrorCode::NotFound, "it has no rendition: nothing was recorded");
    return *best;
}

/// As the metadata names the playlists; of the multivariant one another usual name, where it is
/// there and the named one is not.
catalog::RecordingLayout layout_of(const ivs::RecordingMetadata& metadata,
                                   const ivs::RenditionMetadata& rendition, const Objects& objects,
                                   const std::string& prefix) {
    catalog::RecordingLayout layout;
    layout.hls_path = metadata.hls_path;
    layout.playlist = metadata.playlist;
    const std::string folder = fmt::format("{}/{}/", prefix, metadata.hls_path);
    for (const char* const usual : {"master.m3u8", "multivariant.m3u8"}) {
        if (!has(objects, folder + layout.playlist) && has(objects, folder + usual))
            layout.playlist = usual;
    }
    if (!metadata.byte_range_playlist.empty())
        layout.byte_range_playlist = metadata.byte_range_playlist;
    if (!has(objects, folder + layout.byte_range_playlist))
        layout.byte_range_playlist = layout.playlist;
    if (!rendition.byte_range_playlist.empty())
        layout.rendition_playlist = rendition.byte_range_playlist;
    if (metadata.live_target_seconds) layout.live_target_seconds = *metadata.live_target_seconds;
    return layout;
}

std::uint64_t media_bytes(const Objects& objects) {
    std::uint64_t bytes = 0;
    for (const store::ObjectInfo& object : objects) {
        if (object.key.ends_with(".ts")) bytes += object.size;
    }
    return bytes;
}

}  // namespace

Result<catalog::Recording> recording_in_bucket(store::ObjectStore& store, const std::string& prefix,
                                               Unended unended) {
    const auto ref = ivs::parse_recording_prefix(prefix);
    if (!ref) return fail(ErrorCode::Malformed, "its path is not that of a recording");
    const auto objects = store.list(prefix + "/");
    if (!objects) return std::unexpected(objects.error());
    const auto metadata = read_metadata(store, *objects, prefix);
    if (!metadata) return std::unexpected(metadata.error());
    const auto channel = ivs::channel_of_arn(metadata->channel_arn);
    if (!channel || *channel != ref->channel)
        return fail(ErrorCode::Malformed, "its metadata is of another channel");
    const auto status = status_of(*metadata);
    if (!status) return std::unexpected(status.error());
    const bool ours = metadata->recording_session_id.has_value();
    if (*status == catalog::RecordingStatus::Started && !ours && unended == Unended::Ours) {
        return fail(ErrorCode::Conflict,
                    "it has no end: rebuild again when whoever records it has ended it");
    }
    const auto rendition = best_rendition(*metadata);
    if (!rendition) return std::unexpected(rendition.error());

    catalog::Recording row;
    row.id = ref->recording;
    row.channel = ref->channel;
    row.prefix = prefix;
    row.status = *status;
    row.status_message = metadata->status_message.value_or("");
    row.started_at = metadata->started_at;
    row.duration = metadata->duration.value_or(std::chrono::milliseconds{0});
    row.ended_at = metadata->ended_at;
    if (!row.ended_at && row.status != catalog::RecordingStatus::Started)
        row.ended_at = row.started_at + row.duration;
    row.bytes = media_bytes(*objects);
    for (const std::string& stream : metadata->recording_session_stream_ids)
        row.streams.emplace_back(stream);
    row.rendition = rendition->path;
    row.segment_epochs = metadata->segment_epochs.value_or(SegmentNames::by_index().text());
    row.layout = layout_of(*metadata, *rendition, *objects, prefix);
    return row;
}

namespace {

/// Goes down `depth` folders, and calls `visit` with each prefix there, without the '/' at its end.
template <typename Visit>
Result<void> walk(store::ObjectStore& store, const std::string& folder, int depth, Visit& visit) {
    if (depth == 0) return visit(folder.substr(0, folder.size() - 1));
    const auto inner = store.folders(folder);
    if (!inner) return std::unexpected(inner.error());
    for (const std::string& each : *inner) {
        if (auto walked = walk(store, each, depth - 1, visit); !walked) return walked;
    }
    return {};
}

}  // namespace

Result<BucketRecordings> recordings_in_bucket(store::ObjectStore& store) {
    BucketRecordings out;
    std::set<RecordingId> seen;
    auto visit = [&](const std::string& prefix) -> Result<void> {
        auto recording = recording_in_bucket(store, prefix, Unended::Ours);
        if (!recording && recording.error().code == ErrorCode::Unavailable)
            return std::unexpected(recording.error());
        if (!recording) {
            out.left_out.push_back({prefix, recording.error().what});
        } else if (!seen.insert(recording->id).second) {
            out.left_out.push_back({prefix, "another recording has its id"});
        } else {
            out.recordings.push_back(std::move(*recording));
        }
        return {};
    };
    if (auto walked = walk(store, std::string{kRoot}, kFolders, visit); !walked)
        return std::unexpected(walked.error());
    return out;
}

}  // namespace oxbow::record
