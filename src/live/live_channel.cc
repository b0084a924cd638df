#include "live/live_channel.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::live {
namespace {

/// As kRewindToRoot, of a live playlist: see playlist_path().
constexpr std::string_view kPlaylistToRoot = "../../../../..";

using Window = std::deque<std::shared_ptr<const WindowSegment>>;

MediaTime duration_of(const Window& window) {
    MediaTime total{};
    for (const auto& item : window) total += item->media.segment->duration;
    return total;
}

}  // namespace

const MediaPlace* BroadcastView::segment(std::string_view uri) const {
    const auto found = std::ranges::find(
        segments, uri, [](const auto& item) -> std::string_view { return item->uri; });
    return found == segments.end() ? nullptr : &(*found)->media;
}

std::shared_ptr<const BroadcastView> ChannelView::broadcast(std::string_view stream) const {
    if (on_air && on_air->stream.view() == stream) return on_air;
    for (const auto& broadcast : ended) {
        if (broadcast->stream.view() == stream) return broadcast;
    }
    return nullptr;
}

LiveChannel::LiveChannel(ChannelId channel, ChannelViews& views,
                         std::function<void(const ChannelView&)> published)
    : channel_(std::move(channel)), views_(views), published_(std::move(published)) {}

void LiveChannel::begin(StreamId stream, WallTime started_at) {
    if (on_air_) end();
    on_air_.emplace(OnAir{.stream = std::move(stream), .started_at = started_at});
    publish();
}

void LiveChannel::describe(const Variant& variant) {
    on_air_->variant = variant;
    on_air_->variant->path = playlist_path(channel_, on_air_->stream);
}

void LiveChannel::list(std::string uri, MediaPlace media, std::optional<std::uint64_t> number) {
    ENSURE(on_air_);
    on_air_->window.push_back(std::make_shared<const WindowSegment>(
        WindowSegment{std::move(uri), std::move(media), number}));
    slide();
}

void LiveChannel::slide() {
    const bool recorded = timeline_ && !timeline_->ended();
    Window& window = on_air_->window;
    MediaTime listed = duration_of(window);
    while (window.size() > kWindowSegmentsMin &&
           listed - window.front()->media.segment->duration >= kWindowMin) {
        const auto gone = window.front();
        listed -= gone->media.segment->duration;
        if (gone->media.segment->discontinuity && on_air_->media_sequence > 0)
            ++on_air_->discontinuity_sequence;
        ++on_air_->media_sequence;
        window.pop_front();
        // A recording keeps it; without one, or where the disk did not take it yet, a player that
        // read the last playlist may still come for it.
        const bool kept = recorded && gone->number && timeline_->lists(*gone->number);
        if (!kept) on_air_->faded.push_back(gone);
    }
    // RFC 8216 §6.2.2: a segment stays for as long as the longest playlist that listed it.
    Window& faded = on_air_->faded;
    MediaTime kept = duration_of(faded);
    while (!faded.empty() && kept - faded.front()->media.segment->duration >= listed) {
        kept -= faded.front()->media.segment->duration;
        faded.pop_front();
    }
}

void LiveChannel::end() {
    if (!on_air_) return;
    if (!on_air_->window.empty()) {
        ended_.push_back(view_of(*on_air_, true));
        if (ended_.size() > kEndedBroadcastsMax) ended_.pop_front();
    }
    on_air_.reset();
    publish();
}

void LiveChannel::forget(const StreamId& stream) {
    std::erase_if(ended_, [&](const auto& broadcast) { return broadcast->stream == stream; });
    publish();
}

std::shared_ptr<const BroadcastView> LiveChannel::view_of(const OnAir& broadcast,
                                                          bool ended) const {
    auto view = std::make_shared<BroadcastView>();
    view->stream = broadcast.stream;
    view->started_at = broadcast.started_at;
    view->recorded = timeline_ != nullptr;
    if (broadcast.variant) {
        view->width = broadcast.variant->width;
        view->height = broadcast.variant->height;
        view->frame_rate = broadcast.variant->frame_rate;
    }
    if (broadcast.variant && !broadcast.window.empty()) {
        view->multivariant = std::make_shared<const TextVersion>(
            multivariant_playlist(std::span{&*broadcast.variant, 1}));
    }
    std::vector<SegmentEntry> entries;
    for (const auto& item : broadcast.window) {
        const bool first_of_all = entries.empty() && broadcast.media_sequence == 0;
        entries.push_back({.uri = fmt::format("{}{}", kPlaylistToRoot, item->uri),
                           .duration = item->media.segment->duration,
                           .program_date_time = item->media.segment->program_date_time,
                           .discontinuity = item->media.segment->discontinuity && !first_of_all});
    }
    view->playlist = std::make_shared<const TextVersion>(
        live_playlist(entries, broadcast.media_sequence, broadcast.discontinuity_sequence, ended));
    std::ranges::copy(broadcast.faded, std::back_inserter(view->segments));
    std::ranges::copy(broadcast.window, std::back_inserter(view->segments));
    return view;
}

void LiveChannel::publish() {
    auto view = std::make_shared<ChannelView>();
    view->channel = channel_;
    if (on_air_) view->on_air = view_of(*on_air_, false);
    view->ended.assign(ended_.begin(), ended_.end());
    if (timeline_) view->timeline = timeline_->view();
    view->reconnect_until = reconnect_until_;
    views_.publish(channel_, view);
    if (published_) published_(*view);
}

void LiveChannel::withdraw() {
    timeline_ = nullptr;
    views_.publish(channel_, nullptr);
}

std::string LiveChannel::playlist_path(const ChannelId& channel, const StreamId& stream) {
    return fmt::format("/api/video/v1/playlist/{}/{}.m3u8", channel.view(), stream.view());
}

std::string LiveChannel::rewind_path(const ChannelId& channel, const RecordingId& recording,
                                     std::string_view rendition) {
    return fmt::format("/rewind/{}/{}/{}.m3u8", channel.view(), recording.view(), rendition);
}

}  // namespace oxbow::live
