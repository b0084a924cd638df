#include "app/channel_pipeline.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "ivs/recording_metadata.h"

namespace oxbow::app {
namespace asio = boost::asio;
namespace {

/// A segment that was cut short says nothing of the rate: it is mostly one key frame, or has none.
constexpr MediaTime kRateMeasured = std::chrono::seconds{1};

}  // namespace

ChannelPipeline::ChannelPipeline(ChannelId channel, asio::any_io_executor executor,
                                 PipelineWiring wiring)
    : channel_(std::move(channel)),
      executor_(std::move(executor)),
      wiring_(std::move(wiring)),
      live_(channel_, wiring_.channel_views, wiring_.on_view),
      stall_timer_(executor_),
      reconnect_timer_(executor_),
      takeover_timer_(executor_) {}

// --- A broadcast: publisher -> segmenter ---------------------------------------------------------

std::uint64_t ChannelPipeline::begin(BroadcastSpec spec) {
    const bool goes_on = broadcast_ && spec.takes_over && broadcast_->takeovers < kTakeoversMax;
    if (goes_on) return take_over(std::move(spec));
    if (broadcast_) end(broadcast_->number);
    if (ending_) list_all();
    idle_ = false;
    const auto& recording = spec.recording;
    broadcast_.emplace(Broadcast{
        .number = ++broadcasts_,
        .stream = ivs::make_stream_id(),
        .started_at = wiring_.clock.wall(),
        .recorded = recording.has_value(),
        .reconnect_window = recording ? recording->reconnect_window : std::chrono::seconds{0},
        .thumbnails = recording ? record::thumbnail_settings(*recording) : std::nullopt,
        .metadata = spec.metadata,
        .target_seconds = target_seconds_of(spec)});
    broadcast_->watch = make_watch(std::move(spec));
    live_.begin(broadcast_->stream, broadcast_->started_at, broadcast_->target_seconds);
    ++wiring_.counters.streams;
    log::info("[channel {}] [stream {}] begins", channel_.view(), broadcast_->stream.view());
    return broadcast_->number;
}

/// A playlist says it once and for all: a broadcast that may be merged into a recording goes by the
/// recording's.
int ChannelPipeline::target_seconds_of(const BroadcastSpec& spec) const {
    if (recording_) return recording_->timeline->target_seconds();
    if (wiring_.target_seconds) return *wiring_.target_seconds;
    return spec.key_frames_apart ? target_seconds_for(*spec.key_frames_apart)
                                 : kLiveTargetDurationSeconds;
}

std::shared_ptr<StreamWatch> ChannelPipeline::make_watch(BroadcastSpec spec) {
    catalog::StreamSession session;
    session.id = broadcast_->stream;
    session.channel = channel_;
    session.started_at = broadcast_->started_at;
    session.channel_then = std::move(spec.channel);
    session.recording_configuration = std::move(spec.recording);
    StreamWatch::Wiring wiring{.clock = wiring_.clock,
                               .events = wiring_.events,
                               .statuses = wiring_.stream_statuses,
                               .on_breach = on_breach(std::move(spec.stop))};
    auto watch = std::make_shared<StreamWatch>(std::move(session), executor_, std::move(wiring));
    watch->meter().set_metadata(std::move(spec.metadata));
    watch->begin();
    return watch;
}

std::function<void(const ivs::LimitBreach&)> ChannelPipeline::on_breach(
    std::function<void(std::string)> stop) const {
    if (!wiring_.enforce_limits || !stop) return {};
    return [stop = std::move(stop)](const ivs::LimitBreach& breach) {
        stop(fmt::format("{} is above the {} {} of its channel's type", breach.limit_name,
                         breach.limit_value, breach.limit_unit));
    };
}

/// The stream and its recording stay; only who sends it is another.
std::uint64_t ChannelPipeline::take_over(BroadcastSpec spec) {
    takeover_timer_.cancel();
    broadcast_->number = ++broadcasts_;
    ++broadcast_->takeovers;
    broadcast_->metadata = spec.metadata;
    broadcast_->watch->next_publisher(std::move(spec.metadata), on_breach(std::move(spec.stop)));
    if (broadcast_->segmenter) broadcast_->segmenter->next_publisher();
    log::info("[channel {}] [stream {}] goes on with another publisher", channel_.view(),
              broadcast_->stream.view());
    return broadcast_->number;
}

void ChannelPipeline::hand_over(std::uint64_t broadcast) {
    if (!is_on_air(broadcast)) return;
    broadcast_->number = ++broadcasts_;
    takeover_timer_.expires_after(kFirstSegmentMax);
    takeover_timer_.async_wait([weak = weak_from_this(),
                                number = broadcast_->number](boost::system::error_code cancelled) {
        const auto self = weak.lock();
        if (!cancelled && self) self->end(number);
    });
}

Segmenter& ChannelPipeline::segmenter() {
    if (!broadcast_->segmenter) {
        // Behind what an open recording holds: should this broadcast be merged into it, its clock
        // goes on.
        Segmenter::Start start;  // its time is that of its first picture
        if (recording_) {
            start.media = recording_->media_end;
            start.wall = recording_->wall_end;
            start.discontinuity = true;
        }
        start.part_path = fmt::format("/seg/{}/{}/{}-p", channel_.view(), broadcast_->stream.view(),
                                      wiring_.epoch);
        start.lead = !rate_decides();
        const SegmenterLimits limits{.segment_max = segment_max_of(broadcast_->target_seconds)};
        broadcast_->segmenter.emplace(limits, start);
    }
    return *broadcast_->segmenter;
}

void ChannelPipeline::set_metadata(std::uint64_t broadcast, StreamMetadata metadata) {
    if (!is_on_air(broadcast)) return;
    broadcast_->metadata = metadata;
    broadcast_->watch->meter().set_metadata(std::move(metadata));
}

void ChannelPipeline::set_video_parameters(std::uint64_t broadcast, VideoParameters parameters) {
    if (!is_on_air(broadcast)) return;
    broadcast_->watch->meter().set_video_parameters(parameters);
    take(segmenter().set_video_parameters(std::move(parameters)));
}

void ChannelPipeline::set_audio_parameters(std::uint64_t broadcast, AudioParameters parameters) {
    if (!is_on_air(broadcast)) return;
    broadcast_->watch->meter().set_audio_parameters(parameters);
    take(segmenter().set_audio_parameters(std::move(parameters)));
}

void ChannelPipeline::push(std::uint64_t broadcast, AccessUnit unit) {
    if (!is_on_air(broadcast)) return;
    broadcast_->watch->meter().take(unit);
    if (segmenter().waits()) segmenter().arrived(wiring_.clock.wall());
    take(segmenter().push(std::move(unit)));
}

Result<void> ChannelPipeline::put_metadata(std::string_view text) {
    if (!broadcast_) return fail(ErrorCode::NotFound, "the channel is not on the air");
    return segmenter().put_metadata(text);
}

void ChannelPipeline::end(std::uint64_t broadcast) {
    if (!is_on_air(broadcast)) return;
    if (broadcast_->segmenter) take(broadcast_->segmenter->finish());
    if (recording_) recording_->timeline->end_parts();
    const Broadcast ended = std::move(*broadcast_);
    broadcast_.reset();
    ended.watch->publisher_gone();
    key_frames_apart_ = ended.watch->meter().key_frames_apart();
    ending_ = Ending{ended.stream, ended.watch};
    // A broadcast that brought nothing has not used up the time that its recording waits.
    if (recording_ && recording_->publisher_there) wait_for_publisher(ended.reconnect_window);
    finish_broadcast();
    log::info("[channel {}] [stream {}] ended", channel_.view(), ended.stream.view());
}

void ChannelPipeline::shut_down() {
    if (broadcast_) end(broadcast_->number);
    if (recording_) end_recording();
    reconnect_timer_.cancel();
    takeover_timer_.cancel();
}

void ChannelPipeline::forget(const RecordingId& recording) {
    if (!live_.timeline() || live_.timeline()->recording() != recording) return;
    live_.set_timeline(nullptr);
    live_.publish();
}

// --- A closed segment: recorder, then viewers ----------------------------------------------------

void ChannelPipeline::take(const std::vector<LiveSegmentPtr>& segments) {
    const std::vector<LivePart> parts = broadcast_->segmenter->take_parts();
    if (parts.empty() && segments.empty()) return;
    const auto number = broadcast_->segmenter->next_part();
    // What comes behind `from`, which may be there already, behind a segment that closes now.
    const auto next = [&](auto from, std::string_view part_path) {
        if (!number) return std::string{};
        if (from == parts.end()) return part_uri(part_path, *number);
        return part_uri(from->segment->part_path, from->part.number);
    };
    auto shown = parts.begin();
    for (const LiveSegmentPtr& segment : segments) {
        const auto last = std::find_if(
            shown, parts.end(), [&](const LivePart& part) { return part.segment != segment; });
        show_parts({shown, last}, next(last, segment->part_path));
        shown = last;
        take(segment);
        ++broadcast_->closed;
    }
    show_parts({shown, parts.end()},
               next(parts.end(),
                    parts.empty() ? segments.back()->part_path : parts.back().segment->part_path));
    if (!segments.empty()) promise_segments();
    if (!segments.empty() && !broadcast_->segmenter->next_part()) {
        live_.serve_whole();
        if (recording_) recording_->timeline->serve_whole();
    }
    if (!parts.empty()) live_.publish();
}

/// Parts go out before the disk has them: a crash takes no more than the open segment.
/// In: the name of the one behind them.
void ChannelPipeline::show_parts(std::span<const LivePart> parts, const std::string& next) {
    live_.add_parts(broadcast_->closed, parts, next);
    // Before its first segment closes it is not known whether a recording goes on with it.
    if (recording_ && recording_->publisher_there && broadcast_->variant)
        recording_->timeline->add_parts(recording_->timeline->next_number(), parts, next);
}

void ChannelPipeline::take(const LiveSegmentPtr& segment) {
    choose_recording(segment);
    if (!broadcast_->variant) {
        broadcast_->variant = variant_of(*segment);
        live_.describe(*broadcast_->variant);
    }
    widen_variants(*segment);
    if (recording_) {
        take_recorded(segment);
    } else {
        take_unrecorded(segment);
    }
}

void ChannelPipeline::take_recorded(const LiveSegmentPtr& segment) {
    recording_->media_end = segment->start + segment->duration;
    recording_->wall_end = segment->end();
    if (recording_->streams == 1 && segment->duration >= kRateMeasured)
        recording_->original_rates.widen(bits_per_second(*segment));
    const std::shared_ptr<live::Timeline> timeline = recording_->timeline;
    const std::uint64_t number = timeline->take_number();
    pending_.push_back({number, timeline->uri(number), {segment, {}}, timeline, false});
    if (wiring_.recorder.append(recording_->id, segment, recording_->lost)) {
        recording_->lost = 0;
        timelines_.at(recording_->id)
            .unwritten.push_back({number, segment, wiring_.clock.steady()});
        if (disk_is_slow_) {
            list_all();
        } else {
            await_disk();
        }
        return;
    }
    ++wiring_.counters.lost_segments;
    if (recording_->lost++ == 0) {
        log::error("[channel {}] [recording {}] is interrupted: the disk is too slow",
                   channel_.view(), recording_->id.view());
        on_interrupted(recording_->id);
    }
    timeline->lose(number);
    settle(timeline, number, {});
    list_settled();
}

/// Of a segment that no recording numbers: by its place in the broadcast, so that no two of it are
/// called alike, recorded between them or not.
// /seg/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1/mp3k9a-57.ts
std::string ChannelPipeline::unrecorded_uri(std::uint64_t number) const {
    return fmt::format("/seg/{}/{}/{}-{}.ts", channel_.view(), broadcast_->stream.view(),
                       wiring_.epoch, number);
}

/// Says how the segments that come next will most likely be called.
void ChannelPipeline::promise_segments() {
    for (std::uint64_t ahead = 0; ahead < live::kPromisedSegments; ++ahead) {
        live_.promise(broadcast_->closed + ahead,
                      recording_
                          ? recording_->timeline->uri(recording_->timeline->next_number() + ahead)
                          : unrecorded_uri(broadcast_->closed + ahead));
    }
}

void ChannelPipeline::take_unrecorded(const LiveSegmentPtr& segment) {
    const std::uint64_t number = broadcast_->closed;
    pending_.push_back({number, unrecorded_uri(number), {segment, {}}, nullptr, true});
    list_settled();
}

/// What a segment brings that was not said yet, more bits per second or a late track, is told at
/// once.
void ChannelPipeline::widen_variants(const LiveSegment& segment) {
    if (widen(*broadcast_->variant, segment)) live_.describe(*broadcast_->variant);
    if (recording_ && widen(recording_->variant, segment)) {
        recording_->timeline->describe(recording_->variant.group_id,
                                       multivariant_playlist(std::span{&recording_->variant, 1}));
    }
}

// --- What viewers see ----------------------------------------------------------------------------

void ChannelPipeline::await_disk() {
    if (awaiting_disk_) return;
    awaiting_disk_ = true;
    stall_timer_.expires_after(kDiskStallMax);
    stall_timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self) return;
        self->awaiting_disk_ = false;
        if (self->pending_.empty()) return;
        log::warning("[channel {}] the disk is slow: segments go out before they are recorded",
                     self->channel_.view());
        self->disk_is_slow_ = true;
        self->list_all();
    });
}

void ChannelPipeline::list(const Pending& pending) {
    live_.list(pending.uri, pending.media,
               pending.timeline ? std::optional{pending.number} : std::nullopt);
}

/// Shows what was listed. The first segment makes the broadcast one that can be played.
void ChannelPipeline::publish_listed() {
    live_.publish();
    (ending_ ? ending_->watch : broadcast_->watch)->went_live();
}

/// In: whether the timeline has grown already.
void ChannelPipeline::list_settled(bool grown) {
    bool listed = false;
    for (; !pending_.empty() && pending_.front().settled; pending_.pop_front()) {
        list(pending_.front());
        listed = true;
    }
    if (listed) {
        publish_listed();
    } else if (grown) {
        live_.publish();
    }
    if (pending_.empty() && awaiting_disk_) {
        awaiting_disk_ = false;
        stall_timer_.cancel();
    }
    finish_broadcast();
}

void ChannelPipeline::list_all() {
    if (!pending_.empty()) {
        for (; !pending_.empty(); pending_.pop_front()) list(pending_.front());
        publish_listed();
    }
    finish_broadcast();
}

/// Ends the live playlist of a broadcast that is over, once its last segment is in it.
void ChannelPipeline::finish_broadcast() {
    if (!ending_ || !pending_.empty()) return;
    live_.end();
    ending_->watch->end();
    auto timer = std::make_shared<asio::steady_timer>(executor_, kLivePlaylistStays);
    timer->async_wait(
        [weak = weak_from_this(), stream = ending_->stream, timer](boost::system::error_code) {
            const auto self = weak.lock();
            if (!self) return;
            self->live_.forget(stream);
            self->let_go();
        });
    ending_.reset();
}

/// A channel that is off the air and complete in the bucket needs nothing in memory.
void ChannelPipeline::let_go() {
    if (broadcast_ || ending_ || live_.has_ended_broadcasts() || !timelines_.empty()) return;
    live_.withdraw();
    idle_ = true;
}

}  // namespace oxbow::app
