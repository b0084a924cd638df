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

}  // namespace

Recording::Recording(RecordingPlace place, RecordingSpec spec,
                     std::shared_ptr<RecordingListener> listener)
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
        if (auto opened = open_chunk(segment.discontinuity); !opened) return opened;
    }
    const ByteRangeEntry entry{open_->file.size(), segment.bytes.size(), segment.duration,
                               segment.program_date_time};
    const auto written = open_->file.append(segment.bytes);
    if (!written) return std::unexpected(written.error());
    const bool discontinuity = open_->chunk.discontinuity && open_->chunk.segments.empty();
    if (auto logged = log_->append(open_->chunk.number, entry, discontinuity); !logged)
        return logged;
    open_->chunk.segments.push_back(entry);
    if (widen(variant_, segment)) multivariants_written_ = false;
    listener_->on_written(*written);

    const bool first_chunk = open_->chunk.number == 0;
    if (first_chunk || open_->chunk.duration() >= kChunkTarget) return close_chunk();
    return {};
}

Result<void> Recording::open_chunk(bool discontinuity) {
    const std::uint64_t number = playlists_.chunks();
    auto file = ChunkFile::create(spool() / fmt::format("{}.ts", number));
    if (!file) return std::unexpected(file.error());
    open_.emplace(OpenChunk{
        std::move(*file),
        {.number = number, .discontinuity = discontinuity && number > 0, .segments = {}}});
    return {};
}

Result<void> Recording::start_rendition(const LiveSegment& first) {
    const RenditionParameters& parameters = *first.parameters;
    const double frame_rate = frame_rate_of(parameters, first.video_frames, first.duration);
    rendition_ = rendition_name(parameters, frame_rate);
    variant_ = variant_of(parameters, frame_rate, bits_per_second(first));
    row_.rendition = rendition_;
    auto log = SegmentLog::create(spool());
    if (!log) return std::unexpected(log.error());
    log_.emplace(std::move(*log));
    return {};
}

Result<void> Recording::close_chunk() {
    if (auto saved = save_open_chunk(); !saved) return saved;
    if (!announced_) return announce();
    if (playlists_are_due()) {
        if (auto put = put_playlists(false); !put) return put;
        if (auto put = put_multivariants_if_grown(); !put) return put;
    }
    publish_view(PlaylistsFrom::Memory);
    return place_.catalog.update_recording(row_);
}

/// Makes the open chunk an object, if a whole segment is in it. After an error it is still open.
Result<void> Recording::save_open_chunk() {
    if (!open_ || open_->chunk.segments.empty()) return {};
    const Chunk& chunk = open_->chunk;
    const auto object = place_.store.adopt(open_->file.path(),
                                           ivs::chunk_key(row_.prefix, rendition_, chunk.number));
    if (!object) return std::unexpected(object.error());
    playlists_.append(chunk);
    row_.duration = std::chrono::milliseconds{milliseconds(playlists_.total())};
    row_.bytes += chunk.bytes();
    listener_->on_chunk(chunk);
    open_.reset();
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
    multivariants_written_ = true;
    const std::array<std::pair<std::string_view, std::string_view>, 2> kinds{
        {{kStandardMultivariant, kStandardPlaylist}, {kByteRangeMultivariant, kByteRangePlaylist}}};
    for (const auto& [name, playlist] : kinds) {
        variant_.path = fmt::format("{}/{}", rendition_, playlist);
        const std::string text = recording_multivariant_playlist(
            spec_.channel.view(), spec_.account, std::span{&variant_, 1});
        if (auto put = put_text(media_key(name), text); !put) return put;
    }
    return {};
}

/// A player that chose by the first segment was told too little of a stream that grew, or that has
/// a track which came late.
Result<void> Recording::put_multivariants_if_grown() {
    if (multivariants_written_) return {};
    return put_multivariants();
}

Result<void> Recording::stream_left() {
    if (open_) {
        if (auto closed = close_chunk(); !closed) return closed;
    }
    if (!announced_) return {};
    publish_view(PlaylistsFrom::Memory);
    return put_playlists(false);
}

Result<void> Recording::stream_joined(StreamId stream) {
    row_.streams.push_back(std::move(stream));
    if (!announced_) return {};
    publish_view(PlaylistsFrom::Memory);
    return place_.catalog.update_recording(row_);
}

Result<void> Recording::end() {
    if (open_) {
        if (auto closed = close_chunk(); !closed) return closed;
    }
    if (!announced_) {
        clear_spool();
        return {};
    }
    row_.status = catalog::RecordingStatus::Ended;
    row_.ended_at = place_.clock.wall();
    if (auto put = put_playlists(true); !put) return put;
    if (auto put = put_multivariants_if_grown(); !put) return put;
    // The row before the event: after an ended event nothing may fail any more.
    if (auto updated = place_.catalog.update_recording(row_); !updated) return updated;
    if (auto put = put_event(ivs::recording_ended_key(row_.prefix)); !put) return put;
    publish_view(PlaylistsFrom::Bucket);
    clear_spool();
    listener_->on_state(row_);
    listener_->on_ended();
    return {};
}

void Recording::fail_with(const std::string& why) {
    log::error("[channel {}] [recording {}] ended with a failure: {}", spec_.channel.view(),
               spec_.recording.view(), why);
    row_.status = catalog::RecordingStatus::EndedWithFailure;
    row_.status_message = "InternalServerException";
    row_.ended_at = place_.clock.wall();
    if (!close_failed()) {
        if (announced_) publish_view(PlaylistsFrom::Memory);
        log::error("[channel {}] [recording {}] cannot be closed yet; it is tried again",
                   spec_.channel.view(), spec_.recording.view());
    }
    if (!announced_) listener_->on_not_started();
    listener_->on_failed(why);
}

bool Recording::close_failed() {
    if (!announced_) return take_back();
    // What is written stays: closing the chunk renames it, which needs no space.
    if (!save_open_chunk()) return false;
    const bool closed = put_playlists(true).has_value() &&
                        put_event(ivs::recording_failed_key(row_.prefix)).has_value() &&
                        place_.catalog.update_recording(row_).has_value();
    if (!closed) return false;
    publish_view(PlaylistsFrom::Bucket);
    clear_spool();
    listener_->on_state(row_);
    return true;
}

bool Recording::take_back() {
    const auto objects = place_.store.list(row_.prefix + "/");
    if (!objects) return false;
    for (const store::ObjectInfo& object : *objects) {
        if (!place_.store.remove(object.key)) return false;
    }
    const auto removed = place_.catalog.remove_recording(row_.id);
    if (!removed && removed.error().code != ErrorCode::NotFound) return false;
    const auto view = place_.views.get(spec_.channel);
    if (view && view->recording.id == row_.id) publish_newest_of_catalogue();
    clear_spool();
    return true;
}

void Recording::publish_newest_of_catalogue() {
    const auto newest = place_.catalog.recordings(spec_.channel, {.offset = 0, .limit = 1});
    std::shared_ptr<const RecordingView> view;
    if (newest && !newest->empty()) {
        view = std::make_shared<const RecordingView>(RecordingView{.recording = newest->front()});
    }
    place_.views.publish(spec_.channel, std::move(view));
}

void Recording::clear_spool() {
    closed_ = true;
    open_.reset();
    log_.reset();
    std::error_code ignored;  // a folder that stays is only untidy; the next start removes it
    std::filesystem::remove_all(spool(), ignored);
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
