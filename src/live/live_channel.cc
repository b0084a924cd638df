#include "live/live_channel.h"

#include <vector>

#include <fmt/format.h>

namespace oxbow::live {

LiveChannel::LiveChannel(ChannelId channel, ChannelViews& views)
    : channel_(std::move(channel)), views_(views) {}

void LiveChannel::begin(BroadcastInfo info) {
    info_ = std::move(info);
    window_.clear();
    media_sequence_ = 0;
    discontinuity_sequence_ = 0;
    on_air_ = true;
    publish();
}

void LiveChannel::describe(const Variant& variant) {
    info_->width = variant.width;
    info_->height = variant.height;
    info_->frame_rate = variant.frame_rate;
    info_->rendition = variant.group_id;
    Variant live = variant;
    live.path = playlist_path(channel_, info_->stream);
    info_->multivariant = multivariant_playlist(std::span{&live, 1});
}

void LiveChannel::list(std::uint64_t number, const std::string& uri, const LiveSegmentPtr& segment) {
    const bool first = window_.empty() && media_sequence_ == 0;
    window_.push_back({{number, segment},
                       {.uri = uri,
                        .duration = segment->duration,
                        .program_date_time = segment->program_date_time,
                        .discontinuity = segment->discontinuity && !first}});
    slide();
}

void LiveChannel::slide() {
    MediaTime listed{};
    for (const Listed& item : window_) listed += item.entry.duration;
    while (window_.size() > kWindowSegmentsMin && listed - window_.front().entry.duration >= kWindowMin) {
        listed -= window_.front().entry.duration;
        if (window_.front().entry.discontinuity) ++discontinuity_sequence_;
        ++media_sequence_;
        window_.pop_front();
    }
}

void LiveChannel::end() {
    on_air_ = false;
    publish();
}

void LiveChannel::forget() {
    info_.reset();
    window_.clear();
    publish();
}

void LiveChannel::set_timeline(std::shared_ptr<Timeline> timeline) { timeline_ = std::move(timeline); }

void LiveChannel::publish() {
    auto view = std::make_shared<ChannelView>();
    view->channel = channel_;
    if (info_) {
        std::vector<SegmentEntry> entries;
        for (const Listed& item : window_) entries.push_back(item.entry);
        view->broadcast = ChannelView::Broadcast{
            .stream = info_->stream,
            .started_at = info_->started_at,
            .on_air = on_air_,
            .recorded = timeline_ != nullptr,
            .multivariant = window_.empty() ? std::string{} : info_->multivariant,
            .playlist = live_playlist(entries, media_sequence_, discontinuity_sequence_, !on_air_),
            .held = {},
            .epoch = info_->epoch,
            .width = info_->width,
            .height = info_->height,
            .frame_rate = info_->frame_rate};
        for (const Listed& item : window_) view->broadcast->held.push_back(item.held);
    }
    if (timeline_) view->timeline = timeline_->view();
    views_.publish(channel_, std::move(view));
}

std::string LiveChannel::playlist_path(const ChannelId& channel, const StreamId& stream) {
    return fmt::format("/api/video/v1/playlist/{}/{}.m3u8", channel.view(), stream.view());
}

std::string LiveChannel::rewind_path(const ChannelId& channel, const RecordingId& recording,
                                     std::string_view rendition) {
    return fmt::format("/rewind/{}/{}/{}.m3u8", channel.view(), recording.view(), rendition);
}

}  // namespace oxbow::live
