#include "record/recording_objects.h"

#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "ivs/ids.h"

namespace oxbow::record {
namespace {

constexpr std::string_view kStandardPlaylist = "playlist.m3u8";
constexpr std::string_view kByteRangePlaylist = "byte-range-variant.m3u8";
constexpr std::string_view kStandardMultivariant = "master.m3u8";
constexpr std::string_view kByteRangeMultivariant = "byte-range-multivariant.m3u8";

// ivs/v1/000000000000/AsXego4U6tnj/2026/11/23/9/5/j8Z9O91ndcVs/media/hls/master.m3u8
std::string media_key(const catalog::Recording& row, std::string_view name) {
    return fmt::format("{}/media/hls/{}", row.prefix, name);
}

std::string rendition_key(const catalog::Recording& row, std::string_view name) {
    return media_key(row, fmt::format("{}/{}", row.rendition, name));
}

Result<void> put(const RecordingPlace& place, const std::string& key, std::string_view text) {
    const auto done = place.store.put(key, as_bytes(text));
    return done ? Result<void>{} : std::unexpected(done.error());
}

}  // namespace

std::string byte_range_playlist_key(const catalog::Recording& row) {
    return rendition_key(row, kByteRangePlaylist);
}

Result<void> put_playlists(const RecordingPlace& place, const catalog::Recording& row,
                           const RecordingPlaylists& playlists, bool ended) {
    auto standard = put(place, rendition_key(row, kStandardPlaylist),
                        playlists.standard(place.clock.wall(), ended)->str());
    if (!standard) return standard;
    return put(place, byte_range_playlist_key(row), playlists.byte_range(ended)->str());
}

Result<void> put_multivariants(const RecordingPlace& place, const catalog::Recording& row,
                               std::string_view account, Variant variant) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kKinds{
        {{kStandardMultivariant, kStandardPlaylist}, {kByteRangeMultivariant, kByteRangePlaylist}}};
    for (const auto& [name, playlist] : kKinds) {
        variant.path = fmt::format("{}/{}", row.rendition, playlist);
        auto done = put(
            place, media_key(row, name),
            recording_multivariant_playlist(row.channel.view(), account, std::span{&variant, 1}));
        if (!done) return done;
    }
    return {};
}

ivs::RecordingMetadata metadata_of(const catalog::Recording& row, std::string_view region,
                                   std::string_view account, const Variant& variant,
                                   const std::optional<ThumbnailSettings>& thumbnails) {
    ivs::RecordingMetadata metadata;
    metadata.channel_arn = ivs::channel_arn(region, account, row.channel);
    metadata.started_at = row.started_at;
    metadata.ended_at = row.ended_at;
    metadata.status = ivs::name_of(row.status);
    if (!row.status_message.empty()) metadata.status_message = row.status_message;
    if (row.ended_at) metadata.duration = row.duration;
    metadata.renditions = {{.path = row.rendition,
                            .playlist = std::string{kStandardPlaylist},
                            .byte_range_playlist = std::string{kByteRangePlaylist},
                            .width = variant.width,
                            .height = variant.height}};
    if (thumbnails) add_thumbnails(metadata, *thumbnails, {variant.width, variant.height});
    metadata.recording_session_id = row.id.str();
    metadata.segment_epochs = row.segment_epochs;
    if (row.layout.live_target_seconds != kLiveTargetDurationSeconds)
        metadata.live_target_seconds = row.layout.live_target_seconds;
    for (const StreamId& stream : row.streams)
        metadata.recording_session_stream_ids.push_back(stream.str());
    return metadata;
}

Result<void> put_metadata(const RecordingPlace& place, const std::string& key,
                          const ivs::RecordingMetadata& metadata) {
    return put(place, key, ivs::to_json(metadata));
}

Result<void> remove_objects(const RecordingPlace& place, const catalog::Recording& row) {
    const auto objects = place.store.list(row.prefix + "/");
    if (!objects) return std::unexpected(objects.error());
    for (const store::ObjectInfo& object : *objects) {
        if (auto removed = place.store.remove(object.key); !removed) return removed;
    }
    return {};
}

}  // namespace oxbow::record
