// What a recording puts into the bucket beside its chunks.

#include <array>

#include <fmt/format.h>

#include "record/limits.h"
#include "record/recording.h"

namespace oxbow::record {
namespace {

constexpr std::string_view kStandardPlaylist = "playlist.m3u8";
constexpr std::string_view kByteRangePlaylist = "byte-range-variant.m3u8";
constexpr std::string_view kStandardMultivariant = "master.m3u8";
constexpr std::string_view kByteRangeMultivariant = "byte-range-multivariant.m3u8";

}  // namespace

// ivs/v1/000000000000/AsXego4U6tnj/2026/11/23/9/5/j8Z9O91ndcVs/media/hls/720p30/playlist.m3u8
std::string Recording::media_key(std::string_view name) const {
    return fmt::format("{}/media/hls/{}", row_.prefix, name);
}

Result<void> Recording::put_text(const std::string& key, std::string_view text) {
    const auto put = place_.store.put(key, as_bytes(text));
    if (!put) return std::unexpected(put.error());
    return {};
}

Result<void> Recording::announce() {
    if (auto put = put_playlists(false); !put) return put;
    if (auto put = put_multivariants(); !put) return put;
    // The row before the event: whoever handles the event may ask for the recording at once.
    if (auto added = place_.catalog.add_recording(row_); !added) return added;
    publish_view(PlaylistsFrom::Memory);
    if (auto put = put_event(ivs::recording_started_key(row_.prefix)); !put) return put;
    announced_ = true;
    listener_->on_state(row_);
    return {};
}

bool Recording::playlists_are_due() const {
    const WallTime now = place_.clock.wall();
    const auto age = now - row_.started_at;
    if (age < kPutEveryChunkFor) return true;
    const std::chrono::milliseconds every =
        age < kPutRarelyAfter ? kPutAtMostEvery : kPutRarelyEvery;
    return now - playlists_put_at_ >= every;
}

Result<void> Recording::put_playlists(bool ended) {
    const WallTime now = place_.clock.wall();
    playlists_put_at_ = now;
    auto standard = put_text(media_key(fmt::format("{}/{}", rendition_, kStandardPlaylist)),
                             playlists_.standard(now, ended)->str());
    if (!standard) return standard;
    return put_text(media_key(fmt::format("{}/{}", rendition_, kByteRangePlaylist)),
                    playlists_.byte_range(ended)->str());
}

Result<void> Recording::put_multivariants() {
    const std::array<std::pair<std::string_view, std::string_view>, 2> kinds{
        {{kStandardMultivariant, kStandardPlaylist}, {kByteRangeMultivariant, kByteRangePlaylist}}};
    for (const auto& [name, playlist] : kinds) {
        variant_.path = fmt::format("{}/{}", rendition_, playlist);
        const std::string text = recording_multivariant_playlist(
            spec_.channel.view(), spec_.account, std::span{&variant_, 1});
        if (auto put = put_text(media_key(name), text); !put) return put;
    }
    multivariants_written_ = true;
    return {};
}

/// Puts what is due. What is not taken now, as on a full disk, is put with a later segment.
void Recording::settle() {
    if (playlists_due_ && put_playlists(false)) playlists_due_ = false;
    // A player that chose by the first segment was told too little of a stream that grew, or that
    // has a track which came late.
    if (!multivariants_written_ && !playlists_due_) static_cast<void>(put_multivariants());
    if (row_due_ && place_.catalog.update_recording(row_)) row_due_ = false;
}

ivs::RecordingMetadata Recording::metadata() const {
    ivs::RecordingMetadata metadata;
    metadata.channel_arn = ivs::channel_arn(spec_.region, spec_.account, spec_.channel);
    metadata.started_at = row_.started_at;
    metadata.ended_at = row_.ended_at;
    metadata.status = ivs::name_of(row_.status);
    if (!row_.status_message.empty()) metadata.status_message = row_.status_message;
    if (row_.ended_at) metadata.duration = row_.duration;
    metadata.renditions = {{.path = rendition_,
                            .playlist = std::string{kStandardPlaylist},
                            .byte_range_playlist = std::string{kByteRangePlaylist},
                            .width = variant_.width,
                            .height = variant_.height}};
    metadata.recording_session_id = spec_.recording.str();
    metadata.segment_epochs = row_.segment_epochs;
    for (const StreamId& stream : row_.streams) {
        metadata.recording_session_stream_ids.push_back(stream.str());
    }
    return metadata;
}

Result<void> Recording::put_event(const std::string& key) {
    return put_text(key, ivs::to_json(metadata()));
}

void Recording::publish_view(PlaylistsFrom from) {
    RecordingView view{.recording = row_};
    if (from == PlaylistsFrom::Memory) {
        const bool ended = row_.status != catalog::RecordingStatus::Started;
        view.standard_playlist = playlists_.standard(place_.clock.wall(), ended);
        view.byte_range_playlist = playlists_.byte_range(ended);
    }
    place_.views.publish(spec_.channel, std::make_shared<const RecordingView>(std::move(view)));
}

}  // namespace oxbow::record
