#include "record/recording.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/log.h"
#include "record/limits.h"

namespace oxbow::record {
namespace {

constexpr std::string_view kStandardPlaylist = "playlist.m3u8";
constexpr std::string_view kByteRangePlaylist = "byte-range-variant.m3u8";
constexpr std::string_view kStandardMultivariant = "master.m3u8";
constexpr std::string_view kByteRangeMultivariant = "byte-range-multivariant.m3u8";

std::uint64_t bits_per_second(const LiveSegment& segment) {
    const auto duration_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(1, milliseconds(segment.duration)));
    return segment.bytes.size() * 8 * 1000 / duration_ms;
}

}  // namespace

Recording::Recording(RecordingPlace place, RecordingSpec spec, std::shared_ptr<RecordingListener> listener)
    : place_(std::move(place)), spec_(std::move(spec)), listener_(std::move(listener)) {
    row_ = {.id = spec_.recording,
            .channel = spec_.channel,
            .prefix = ivs::recording_prefix(
                {spec_.account, spec_.channel, spec_.recording, spec_.started_at}),
            .started_at = spec_.started_at,
            .streams = {spec_.stream},
            .segment_epochs = "0:" + spec_.epoch};
}

// ivs/v1/000000000000/AsXego4U6tnj/2026/11/23/9/5/j8Z9O91ndcVs/media/hls/720p30/playlist.m3u8
std::string Recording::media_key(std::string_view name) const {
    return fmt::format("{}/media/hls/{}", row_.prefix, name);
}

Result<void> Recording::put_text(const std::string& key, std::string_view text) {
    const auto put = place_.store.put(key, as_bytes(text));
    if (!put) return std::unexpected(put.error());
    return {};
}

Result<void> Recording::append(const LiveSegment& segment) {
    if (rendition_.empty()) {
        if (auto started = start_rendition(segment); !started) return started;
    }
    if (open_ && segment.discontinuity) {
        if (auto closed = close_chunk(); !closed) return closed;
    }
    if (!open_) {
        const std::uint64_t number = playlists_.chunks();
        auto file = ChunkFile::create(place_.spool / spec_.recording.str() / fmt::format("{}.ts", number));
        if (!file) return std::unexpected(file.error());
        open_.emplace(OpenChunk{std::move(*file),
                                {.number = number,
                                 .discontinuity = segment.discontinuity && number > 0,
                                 .segments = {}}});
    }
    const std::uint64_t offset = open_->file.size();
    if (auto written = open_->file.append(segment.bytes); !written) return written;
    open_->chunk.segments.push_back(
        {offset, segment.bytes.size(), segment.duration, segment.program_date_time});
    variant_.bandwidth = std::max(variant_.bandwidth, bits_per_second(segment));
    listener_->on_written();

    const bool first_chunk = open_->chunk.number == 0;
    if (first_chunk || open_->chunk.duration() >= kChunkTarget) return close_chunk();
    return {};
}

Result<void> Recording::start_rendition(const LiveSegment& first) {
    const RenditionParameters& parameters = *first.parameters;
    const double frame_rate = frame_rate_of(parameters, first.video_frames, first.duration);
    rendition_ = rendition_name(parameters, frame_rate);
    variant_ = variant_of(parameters, frame_rate, bits_per_second(first));
    row_.rendition = rendition_;
    return {};
}

Result<void> Recording::close_chunk() {
    const Chunk chunk = std::move(open_->chunk);
    const std::filesystem::path file = open_->file.path();
    open_.reset();
    const auto object = place_.store.adopt(file, ivs::chunk_key(row_.prefix, rendition_, chunk.number));
    if (!object) return std::unexpected(object.error());
    playlists_.append(chunk);
    row_.duration = std::chrono::milliseconds{milliseconds(playlists_.total())};
    row_.bytes += chunk.bytes();
    listener_->on_chunk(chunk);

    if (chunk.number == 0) return put_started();
    if (playlists_are_due()) {
        if (auto put = put_playlists(false); !put) return put;
    }
    publish_view(false);
    return place_.catalog.update_recording(row_);
}

Result<void> Recording::put_started() {
    if (auto put = put_playlists(false); !put) return put;
    if (auto put = put_multivariants(); !put) return put;
    // The row before the event: whoever handles the event may ask for the recording at once.
    if (auto added = place_.catalog.add_recording(row_); !added) return added;
    publish_view(false);
    return put_event(ivs::recording_started_key(row_.prefix), "RECORDING_STARTED");
}

bool Recording::playlists_are_due() const {
    const WallTime now = place_.clock.wall();
    const auto age = now - row_.started_at;
    if (age < kPutEveryChunkFor) return true;
    const std::chrono::milliseconds every = age < kPutRarelyAfter ? kPutAtMostEvery : kPutRarelyEvery;
    return now - playlists_put_at_ >= every;
}

Result<void> Recording::put_playlists(bool ended) {
    const WallTime now = place_.clock.wall();
    playlists_put_at_ = now;
    auto standard = put_text(media_key(fmt::format("{}/{}", rendition_, kStandardPlaylist)),
                             playlists_.standard(now, ended));
    if (!standard) return standard;
    return put_text(media_key(fmt::format("{}/{}", rendition_, kByteRangePlaylist)),
                    playlists_.byte_range(ended));
}

Result<void> Recording::put_multivariants() {
    bandwidth_written_ = variant_.bandwidth;
    const std::array<std::pair<std::string_view, std::string_view>, 2> kinds{
        {{kStandardMultivariant, kStandardPlaylist}, {kByteRangeMultivariant, kByteRangePlaylist}}};
    for (const auto& [name, playlist] : kinds) {
        variant_.path = fmt::format("{}/{}", rendition_, playlist);
        const std::string text = recording_multivariant_playlist(spec_.channel.view(), spec_.account,
                                                                 std::span{&variant_, 1});
        if (auto put = put_text(media_key(name), text); !put) return put;
    }
    return {};
}

Result<void> Recording::stream_left(WallTime reconnect_until) {
    if (open_) {
        if (auto closed = close_chunk(); !closed) return closed;
    }
    reconnect_until_ = reconnect_until;
    publish_view(false);
    return {};
}

Result<void> Recording::stream_joined(StreamId stream) {
    reconnect_until_.reset();
    row_.streams.push_back(std::move(stream));
    if (!has_chunks()) return {};
    publish_view(false);
    return place_.catalog.update_recording(row_);
}

Result<void> Recording::end() {
    if (open_) {
        if (auto closed = close_chunk(); !closed) return closed;
    }
    reconnect_until_.reset();
    if (!has_chunks()) return {};
    row_.status = catalog::RecordingStatus::Ended;
    row_.ended_at = place_.clock.wall();
    if (auto put = put_playlists(true); !put) return put;
    // The peak is known only now; a player that chose by the first segment's was told too little.
    if (variant_.bandwidth > bandwidth_written_) {
        if (auto put = put_multivariants(); !put) return put;
    }
    if (auto put = put_event(ivs::recording_ended_key(row_.prefix), "RECORDING_ENDED"); !put) return put;
    publish_view(true);
    if (auto updated = place_.catalog.update_recording(row_); !updated) return updated;

    std::error_code ignored;  // an empty folder that stays is only untidy
    std::filesystem::remove(place_.spool / spec_.recording.str(), ignored);
    listener_->on_ended();
    return {};
}

void Recording::fail_with(const std::string& why) {
    log::error("[channel {}] [recording {}] ended with a failure: {}", spec_.channel.view(),
               spec_.recording.view(), why);
    open_.reset();
    reconnect_until_.reset();
    row_.status = catalog::RecordingStatus::EndedWithFailure;
    row_.status_message = "InternalServerException";
    row_.ended_at = place_.clock.wall();
    if (has_chunks()) {
        const bool closed_in_order =
            put_playlists(true).has_value() &&
            put_event(ivs::recording_failed_key(row_.prefix), "RECORDING_ENDED_WITH_FAILURE").has_value() &&
            place_.catalog.update_recording(row_).has_value();
        if (!closed_in_order) {
            log::error("[channel {}] [recording {}] could not be closed; the next start tries again",
                       spec_.channel.view(), spec_.recording.view());
        }
        publish_view(true);
    }
    listener_->on_failed(why);
}

ivs::RecordingMetadata Recording::metadata(std::string_view status) const {
    ivs::RecordingMetadata metadata;
    metadata.channel_arn = ivs::channel_arn(spec_.region, spec_.account, spec_.channel);
    metadata.started_at = row_.started_at;
    metadata.ended_at = row_.ended_at;
    metadata.status = status;
    if (!row_.status_message.empty()) metadata.status_message = row_.status_message;
    if (row_.ended_at) metadata.duration = row_.duration;
    metadata.renditions = {{.path = rendition_,
                            .playlist = std::string{kStandardPlaylist},
                            .byte_range_playlist = std::string{kByteRangePlaylist},
                            .width = variant_.width,
                            .height = variant_.height}};
    metadata.recording_session_id = spec_.recording.str();
    for (const StreamId& stream : row_.streams) {
        metadata.recording_session_stream_ids.push_back(stream.str());
    }
    return metadata;
}

Result<void> Recording::put_event(const std::string& key, std::string_view status) {
    return put_text(key, ivs::to_json(metadata(status)));
}

void Recording::publish_view(bool ended) {
    place_.views.publish(
        spec_.channel,
        std::make_shared<const RecordingView>(RecordingView{
            .recording = row_,
            .reconnect_until = reconnect_until_,
            .standard_playlist = playlists_.standard(place_.clock.wall(), ended),
            .byte_range_playlist = playlists_.byte_range(ended)}));
}

}  // namespace oxbow::record
