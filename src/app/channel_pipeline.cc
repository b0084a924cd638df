#include "app/channel_pipeline.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "ivs/recording_metadata.h"
#include "record/limits.h"

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

// --- Which recording -----------------------------------------------------------------------------

void ChannelPipeline::choose_recording(const LiveSegmentPtr& segment) {
    const WallTime now = wiring_.clock.wall();
    const bool first_of_broadcast = !broadcast_->variant;
    if (first_of_broadcast) live_.await_publisher(std::nullopt);
    if (first_of_broadcast && recording_) {
        if (can_merge(*segment)) {
            ++recording_->streams;
            recording_->publisher_there = true;
            wiring_.recorder.stream_joined(recording_->id, broadcast_->stream);
            log::info("[channel {}] [stream {}] continues recording {}", channel_.view(),
                      broadcast_->stream.view(), recording_->id.view());
            live_.set_timeline(recording_->timeline);
            broadcast_->watch->recorded_as(recording_->id);
            return;
        }
        end_recording();
    }
    if (recording_ && now - recording_->started_at >= wiring_.recording_max) end_recording();
    const bool may_record = broadcast_->recorded && wiring_.clock.steady() >= record_again_at_;
    if (!recording_ && may_record) {
        begin_recording(segment);
    } else if (!recording_ && first_of_broadcast) {
        live_.set_timeline(nullptr);
    }
}

/// Whether a recording waits and its bit rate, as measured, decides if this broadcast goes on with
/// it: then the first segment must be long enough to have one.
bool ChannelPipeline::rate_decides() const {
    if (!recording_ || recording_->original_rates.most == 0) return false;
    return recording_->declared_bits_per_second == 0 ||
           record::declared_bits_per_second(broadcast_->metadata) == 0;
}

record::StreamTraits ChannelPipeline::traits_of_recording() const {
    record::StreamTraits traits = record::traits_of(recording_->variant);
    traits.declared_bits_per_second = recording_->declared_bits_per_second;
    traits.measured = recording_->original_rates;
    return traits;
}

record::StreamTraits ChannelPipeline::traits_of_broadcast(const LiveSegment& first) const {
    record::StreamTraits traits = record::traits_of(variant_of(first));
    traits.declared_bits_per_second = record::declared_bits_per_second(broadcast_->metadata);
    traits.measured.widen(bits_per_second(first));
    return traits;
}

bool ChannelPipeline::can_merge(const LiveSegment& first) const {
    const auto why_not = why_no_merge(first);
    if (why_not) {
        log::info("[channel {}] [stream {}] does not continue recording {}: {}", channel_.view(),
                  broadcast_->stream.view(), recording_->id.view(), *why_not);
    }
    return !why_not;
}

std::optional<std::string> ChannelPipeline::why_no_merge(const LiveSegment& first) const {
    if (!broadcast_->recorded) return "the channel is not recorded any more";
    if (recording_->streams >= record::kMergedStreamsMax)
        return fmt::format("it holds {} streams, as many as may be", record::kMergedStreamsMax);
    if (broadcast_->started_at > recording_->reconnect_until) return "it came too late";
    if (wiring_.clock.wall() - recording_->started_at >= wiring_.recording_max)
        return "it has lasted long enough";
    return record::why_not_merged(traits_of_recording(), traits_of_broadcast(first));
}

void ChannelPipeline::begin_recording(const LiveSegmentPtr& first) {
    const RecordingId id = ivs::make_recording_id();
    record::RecordingSpec spec{
        .account = wiring_.account,
        .region = wiring_.region,
        .channel = channel_,
        .recording = id,
        .stream = broadcast_->stream,
        .started_at = std::max(first->program_date_time, broadcast_->started_at),
        .epoch = wiring_.epoch,
        .thumbnails = broadcast_->thumbnails,
        .live_target_seconds = broadcast_->target_seconds};
    const std::string prefix = ivs::recording_prefix({spec.account, channel_, id, spec.started_at});
    auto timeline = std::make_shared<live::Timeline>(
        live::Timeline::Names{.channel = channel_,
                              .recording = id,
                              .prefix = prefix,
                              .epoch = wiring_.epoch,
                              .target_seconds = broadcast_->target_seconds});
    Variant variant = variant_of(*first);
    variant.path = live::LiveChannel::rewind_path(channel_, id, variant.group_id);
    timeline->describe(variant.group_id, multivariant_playlist(std::span{&variant, 1}));
    recording_ = OpenRecording{
        .id = id,
        .timeline = timeline,
        .started_at = spec.started_at,
        .declared_bits_per_second = record::declared_bits_per_second(broadcast_->metadata),
        .variant = std::move(variant)};
    timelines_.emplace(id, OpenTimeline{.timeline = timeline, .unwritten = {}});
    begin_thumbnails(spec, timeline->prefix(), MediaTime{0});
    live_.set_timeline(std::move(timeline));
    wiring_.recorder.begin(std::move(spec), listener_of(id, broadcast_->stream));
    broadcast_->watch->recorded_as(id);
    log::info("[channel {}] [stream {}] recording {} begins", channel_.view(),
              broadcast_->stream.view(), id.view());
}

/// In: how much the recording holds already.
void ChannelPipeline::begin_thumbnails(const record::RecordingSpec& spec, const std::string& prefix,
                                       MediaTime recorded) {
    if (!spec.thumbnails) return;
    timelines_.at(spec.recording).thumbnails.emplace(spec.thumbnails->interval, recorded);
    wiring_.thumbnails.begin({channel_, spec.recording, prefix, *spec.thumbnails});
}

void ChannelPipeline::take_up(record::TakenUp taken_up, WallTime until) {
    if (recording_) end_recording();
    idle_ = false;
    const RecordingId id = taken_up.spec.recording;
    auto timeline = std::make_shared<live::Timeline>(
        live::Timeline::Names{.channel = channel_,
                              .recording = id,
                              .prefix = taken_up.row.prefix,
                              .epoch = wiring_.epoch,
                              .target_seconds = taken_up.spec.live_target_seconds});
    timeline->take_up(taken_up.chunks, taken_up.names, taken_up.next_number);
    Variant variant = taken_up.variant;
    variant.path = live::LiveChannel::rewind_path(channel_, id, variant.group_id);
    timeline->describe(variant.group_id, multivariant_playlist(std::span{&variant, 1}));
    // What its encoder declared, and how much its first stream was, is not known any more: any bit
    // rate continues it.
    recording_ = OpenRecording{.id = id,
                               .timeline = timeline,
                               .started_at = taken_up.row.started_at,
                               .variant = std::move(variant),
                               .media_end = taken_up.media_end,
                               .wall_end = taken_up.wall_end,
                               .streams = taken_up.row.streams.size(),
                               .publisher_there = false,
                               .reconnect_until = until};
    timelines_.emplace(id, OpenTimeline{.timeline = timeline, .unwritten = {}});
    MediaTime recorded{0};
    for (const Chunk& chunk : taken_up.chunks) recorded += chunk.duration();
    begin_thumbnails(taken_up.spec, taken_up.row.prefix, recorded);
    wiring_.thumbnails.announced(id);
    live_.set_timeline(std::move(timeline));
    live_.await_publisher(until);
    live_.publish();
    const StreamId stream = taken_up.spec.stream;
    wiring_.recorder.take_up(std::move(taken_up), listener_of(id, stream));
    const auto wait = until - wiring_.clock.wall();
    await_reconnect(std::max(wait, std::chrono::milliseconds{0}));
    log::info("[channel {}] recording {} was cut off; it waits for its publisher until {}",
              channel_.view(), id.view(), format_rfc3339(until));
}

void ChannelPipeline::end_recording() {
    wiring_.recorder.end(recording_->id);
    recording_.reset();
    reconnect_timer_.cancel();
}

void ChannelPipeline::wait_for_publisher(std::chrono::seconds window) {
    const WallTime until = wiring_.clock.wall() + window;
    live_.await_publisher(until);
    if (window.count() == 0) return end_recording();
    recording_->publisher_there = false;
    recording_->reconnect_until = until;
    wiring_.recorder.stream_left(recording_->id, until);
    await_reconnect(window);
}

void ChannelPipeline::await_reconnect(std::chrono::milliseconds time) {
    reconnect_timer_.expires_after(time);
    reconnect_timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self || !self->recording_ || self->recording_->publisher_there) return;
        const WallTime until = self->recording_->reconnect_until;
        const bool came_in_time = self->broadcast_ && self->broadcast_->started_at <= until;
        if (came_in_time && self->wiring_.clock.wall() < until + kFirstSegmentMax) {
            return self->await_reconnect(kFirstSegmentMax);
        }
        self->end_recording();
    });
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
