#include <algorithm>

#include <fmt/format.h>

#include "app/channel_pipeline.h"
#include "base/log.h"
#include "ivs/recording_metadata.h"
#include "record/limits.h"

// Which recording a broadcast's segments belong to: a new one, or one that waits for its publisher.

namespace oxbow::app {

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

}  // namespace oxbow::app
