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
    if (!segments) return nullptr;
    const auto found = std::ranges::find(
        *segments, uri, [](const auto& item) -> std::string_view { return item->uri; });
    return found == segments->end() ? nullptr : &(*found)->media;
}

const MediaPlace* BroadcastView::segment_at(std::uint64_t number) const {
    if (!segments || number >= reach.segments) return nullptr;
    // The newest stand last. What has left the window may lack among those before.
    const std::uint64_t from_end = reach.segments - number;
    if (from_end > std::min<std::size_t>(segments->size(), kWindowSegmentsMin)) return nullptr;
    return &(*segments)[segments->size() - from_end]->media;
}

const PromisedSegment* BroadcastView::promised_as(std::string_view uri) const {
    if (!promised) return nullptr;
    const auto found = std::ranges::find(*promised, uri, &PromisedSegment::uri);
    return found == promised->end() ? nullptr : &*found;
}

std::vector<std::string> BroadcastView::coming() const {
    std::vector<std::string> out;
    if (!promised || ended) return out;
    for (const PromisedSegment& each : *promised) {
        if (each.number >= reach.segments && out.size() < kPromisedSegments)
            out.push_back(each.uri);
    }
    return out;
}

std::optional<LivePart> BroadcastView::part(std::string_view uri) const {
    const auto find = [uri](const LiveSegmentPtr& segment, std::string_view part_path,
                            std::span<const SegmentPart> parts) -> std::optional<LivePart> {
        if (part_path.empty() || !uri.starts_with(part_path)) return std::nullopt;
        for (const SegmentPart& part : parts) {
            if (part_uri(part_path, part.number) == uri) return LivePart{segment, part};
        }
        return std::nullopt;
    };
    for (const SharedParts* const parts : {&open_parts, &later_parts}) {
        for (const auto& open : *parts) {
            if (auto found =
                    find(open->segment, open->segment->part_path, std::span{&open->part, 1}))
                return found;
        }
    }
    if (!segments) return std::nullopt;
    for (const auto& item : *segments) {
        const LiveSegmentPtr& segment = item->media.segment;
        if (auto found = find(segment, segment->part_path, segment->parts)) return found;
    }
    return std::nullopt;
}

std::shared_ptr<const BroadcastView> ChannelView::broadcast(std::string_view stream) const {
    if (on_air && on_air->stream.view() == stream) return on_air;
    for (const auto& broadcast : ended) {
        if (broadcast->stream.view() == stream) return broadcast;
    }
    return nullptr;
}

std::shared_ptr<const TimelineView> ChannelView::timeline_of(const RecordingId& recording) const {
    if (timeline && timeline->recording == recording) return timeline;
    return former && former->recording == recording ? former : nullptr;
}

LiveChannel::LiveChannel(ChannelId channel, ChannelViews& views,
                         std::function<void(const ChannelView&)> published)
    : channel_(std::move(channel)), views_(views), published_(std::move(published)) {}

void LiveChannel::begin(StreamId stream, WallTime started_at, int target_seconds) {
    if (on_air_) end();
    on_air_.emplace(OnAir{
        .stream = std::move(stream), .started_at = started_at, .target_seconds = target_seconds});
    publish();
}

void LiveChannel::describe(const Variant& variant) {
    on_air_->variant = variant;
    on_air_->variant->path = playlist_path(channel_, on_air_->stream);
    on_air_->shown.reset();
}

void LiveChannel::list(std::string uri, MediaPlace media, std::optional<std::uint64_t> number) {
    ENSURE(on_air_);
    on_air_->window.push_back(std::make_shared<const WindowSegment>(
        WindowSegment{std::move(uri), std::move(media), number}));
    ++on_air_->listed;
    std::erase_if(on_air_->parts,
                  [this](const OnAir::Part& part) { return part.segment < on_air_->listed; });
    slide();
}

void LiveChannel::add_parts(std::uint64_t segment, std::span<const LivePart> parts,
                            std::string next) {
    ENSURE(on_air_);
    for (const LivePart& part : parts)
        on_air_->parts.push_back({segment, std::make_shared<const LivePart>(part)});
    on_air_->next_part = std::move(next);
}

void LiveChannel::promise(std::uint64_t segment, std::string uri) {
    auto& promised = on_air_->promised;
    if (!promised.empty() && segment <= promised.back().number) return;
    promised.push_back({segment, std::move(uri)});
    if (promised.size() > kPromisesKept) promised.pop_front();
    on_air_->shown.reset();
}

/// Behind every change of what is listed.
void LiveChannel::slide() {
    on_air_->shown.reset();
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

std::shared_ptr<const TextVersion> LiveChannel::playlist_of(const Listed& listed, bool ended,
                                                            const OpenParts* open,
                                                            std::span<const std::string> coming) {
    std::vector<SegmentEntry> entries;
    for (const auto& item : listed.window) {
        const LiveSegment& segment = *item->media.segment;
        const bool first_of_all = entries.empty() && listed.media_sequence == 0;
        entries.push_back({.uri = fmt::format("{}{}", kPlaylistToRoot, item->uri),
                           .duration = segment.duration,
                           .program_date_time = segment.program_date_time,
                           .discontinuity = segment.discontinuity && !first_of_all,
                           .segment = item->media.segment});
    }
    const LiveWindow window{.entries = entries,
                            .media_sequence = listed.media_sequence,
                            .discontinuity_sequence = listed.discontinuity_sequence,
                            .ended = ended,
                            .target_seconds = listed.target_seconds,
                            .prefetch = coming};
    return std::make_shared<const TextVersion>(live_playlist(window, kPlaylistToRoot, open));
}

LiveChannel::OnAir::Shown LiveChannel::shown_of(const OnAir& broadcast) {
    OnAir::Shown shown;
    const Window& window = broadcast.window;
    if (broadcast.variant && !window.empty()) {
        shown.multivariant = std::make_shared<const TextVersion>(
            multivariant_playlist(std::span{&*broadcast.variant, 1}));
    }
    shown.listed = std::make_shared<const Listed>(Listed{{window.begin(), window.end()},
                                                         broadcast.media_sequence,
                                                         broadcast.discontinuity_sequence,
                                                         broadcast.target_seconds});
    shown.plain = LazyPlaylist{[listed = shown.listed] { return playlist_of(*listed, false); }};
    WindowSegments segments{broadcast.faded.begin(), broadcast.faded.end()};
    segments.insert(segments.end(), window.begin(), window.end());
    shown.segments = std::make_shared<const WindowSegments>(std::move(segments));
    shown.promised = std::make_shared<const std::vector<PromisedSegment>>(
        broadcast.promised.begin(), broadcast.promised.end());
    return shown;
}

std::shared_ptr<const BroadcastView> LiveChannel::view_of(OnAir& broadcast, bool ended) const {
    if (!broadcast.shown) broadcast.shown = shown_of(broadcast);
    const auto& [multivariant, listed, plain, segments, promised] = *broadcast.shown;
    auto view = std::make_shared<BroadcastView>();
    view->stream = broadcast.stream;
    view->started_at = broadcast.started_at;
    view->recorded = timeline_ != nullptr;
    if (broadcast.variant) {
        view->width = broadcast.variant->width;
        view->height = broadcast.variant->height;
        view->frame_rate = broadcast.variant->frame_rate;
    }
    view->multivariant = multivariant;
    view->ended = ended;
    view->reach.segments = broadcast.listed;
    if (!broadcast.window.empty())
        view->reach.parts_of_newest = broadcast.window.back()->media.segment->parts.size();
    for (const OnAir::Part& part : broadcast.parts) {
        // The time of the very first segment is not final before it closes.
        if (ended || broadcast.listed == 0 || part.segment < broadcast.listed) continue;
        const bool is_open = part.segment == broadcast.listed;
        (is_open ? view->open_parts : view->later_parts).push_back(part.part);
    }
    view->reach.open_parts = view->open_parts.size();
    if (!ended && broadcast.listed > 0) {
        view->next_part = broadcast.next_part;
        if (!broadcast.whole_only) view->promised = promised;
    }
    view->playlist = ended ? LazyPlaylist{[listed] { return playlist_of(*listed, true); }} : plain;
    if (!broadcast.whole_only) {
        view->with_parts = LazyPlaylist{[listed, ended, open = view->open_parts,
                                         hint = hint_of(view->later_parts, view->next_part),
                                         coming = view->coming()] {
            const OpenParts parts = open_parts_of(open, hint);
            return playlist_of(*listed, ended, &parts, coming);
        }};
    }
    view->segments = segments;
    return view;
}

void LiveChannel::set_timeline(std::shared_ptr<Timeline> timeline) {
    if (timeline_ && timeline_ != timeline && !timeline_->ended()) former_ = timeline_;
    if (former_ == timeline) former_ = nullptr;
    timeline_ = std::move(timeline);
}

void LiveChannel::publish() {
    auto view = std::make_shared<ChannelView>();
    view->channel = channel_;
    if (on_air_) view->on_air = view_of(*on_air_, false);
    view->ended.assign(ended_.begin(), ended_.end());
    if (timeline_) view->timeline = timeline_->view();
    if (former_ && former_->ended()) former_ = nullptr;
    if (former_) view->former = former_->view();
    view->reconnect_until = reconnect_until_;
    views_.publish(channel_, view);
    if (published_) published_(*view);
}

void LiveChannel::withdraw() {
    timeline_ = nullptr;
    former_ = nullptr;
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
