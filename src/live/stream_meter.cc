#include "live/stream_meter.h"

#include <algorithm>
#include <cmath>

namespace oxbow::live {
namespace {

/// The media time from the last access unit of a track to this one, as far as it counts.
MediaTime advance(std::optional<MediaTime>& last, MediaTime dts) {
    const MediaTime step = last ? dts - *last : MediaTime{};
    last = dts;
    return std::clamp(step, MediaTime{}, StreamMeter::kGapMax);
}

std::int64_t rate_of(std::uint64_t bytes, MediaTime time) {
    const double seconds = std::chrono::duration<double>(time).count();
    return seconds <= 0 ? 0 : std::llround(static_cast<double>(bytes) * 8 / seconds);
}

std::int64_t stated(double bits_per_second) {
    constexpr double kBelievable = 1e12;
    return bits_per_second > 0 && bits_per_second < kBelievable ? std::llround(bits_per_second) : 0;
}

/// The publisher's name for itself, fit for JSON whatever bytes it is of.
std::string plain_text(std::string text) {
    constexpr std::size_t kBytesMax = 128;
    text.resize(std::min(text.size(), kBytesMax));
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

}  // namespace

void StreamMeter::set_metadata(StreamMetadata metadata) {
    metadata_ = std::move(metadata);
    metadata_.encoder = plain_text(std::move(metadata_.encoder));
}

StreamMeter::Slice& StreamMeter::Slice::operator+=(const Slice& other) {
    elapsed += other.elapsed;
    video_time += other.video_time;
    audio_time += other.audio_time;
    video_bytes += other.video_bytes;
    audio_bytes += other.audio_bytes;
    pictures += other.pictures;
    return *this;
}

void StreamMeter::take(const AccessUnit& unit) {
    if (unit.track == Track::Audio) {
        open_.audio_bytes += unit.audio_frame.size;
        open_.audio_time += advance(last_sound_, unit.dts);
        return;
    }
    has_pictures_ = true;
    open_.video_bytes += unit.data.size();
    open_.pictures += last_picture_ ? 1 : 0;  // one picture less than there are steps between them
    const bool goes_on = last_picture_ && unit.dts - *last_picture_ <= kGapMax;
    open_.video_time += advance(last_picture_, unit.dts);
    if (last_key_frame_ && goes_on) {
        longest_key_frame_interval_ =
            std::max(longest_key_frame_interval_, unit.dts - *last_key_frame_);
    } else {
        last_key_frame_.reset();
    }
    if (unit.key_frame == KeyFrame::No) return;
    ++key_frames_;
    if (last_key_frame_ && unit.dts > *last_key_frame_)
        key_frame_interval_ = unit.dts - *last_key_frame_;
    last_key_frame_ = unit.dts;
}

std::optional<MediaTime> StreamMeter::key_frames_apart() const {
    const bool is_known =
        key_frames_ >= kKeyFramesMin || longest_key_frame_interval_ > kKeyFramesFarApart;
    return is_known ? std::optional{longest_key_frame_interval_} : std::nullopt;
}

std::optional<Health> StreamMeter::tick(SteadyTime now) {
    open_.elapsed = now - ticked_at_;
    ticked_at_ = now;
    slices_[closed_++ % kSlicesMax] = open_;
    open_ = {};

    const Slice window = newest(kHealthWindow);
    if (window.elapsed < kHealthWindow) return std::nullopt;
    const bool starving = media_of(window) * 2 < MediaTime{window.elapsed};
    const Health before = health_;
    health_ = starving ? Health::Starving : Health::Healthy;
    return health_ == before ? std::nullopt : std::optional{health_};
}

/// The newest closed slices that together are as long as `window`, or all that there are.
StreamMeter::Slice StreamMeter::newest(std::chrono::milliseconds window) const {
    Slice sum;
    const std::size_t held = std::min(closed_, kSlicesMax);
    for (std::size_t back = 1; back <= held && sum.elapsed < window; ++back) {
        sum += slices_[(closed_ - back) % kSlicesMax];
    }
    return sum;
}

MediaTime StreamMeter::media_of(const Slice& slice) const {
    return has_pictures_ ? slice.video_time : slice.audio_time;
}

std::int64_t StreamMeter::bits_per_second() const {
    const Slice window = newest(kHealthWindow);
    if (window.elapsed < kHealthWindow) return 0;
    return rate_of(window.video_bytes + window.audio_bytes,
                   std::max(media_of(window), MediaTime{window.elapsed}));
}

double StreamMeter::frame_rate() const {
    const Slice window = newest(kHealthWindow);
    if (window.elapsed < kHealthWindow) return 0;
    const MediaTime time = std::max(window.video_time, MediaTime{window.elapsed});
    return window.pictures / std::chrono::duration<double>(time).count();
}

std::optional<ivs::IngestConfiguration> StreamMeter::configuration() const {
    if (!video_ && !audio_) return std::nullopt;
    Slice measured = newest(kRateWindow);
    if (closed_ == 0) measured = open_;
    ivs::IngestConfiguration out;
    if (video_) out.video = video_ingest(measured);
    if (audio_) out.audio = audio_ingest(measured);
    return out;
}

ivs::VideoIngest StreamMeter::video_ingest(const Slice& measured) const {
    const double seconds = std::chrono::duration<double>(measured.video_time).count();
    const bool is_measured = seconds > 0;
    const double stated_rate =
        video_->frame_rate ? video_->frame_rate->value() : std::max(0.0, metadata_.frame_rate);
    return {
        .codec = codec_string(*video_),
        .avc_profile = ivs::avc_profile_name(video_->profile_idc),
        .avc_level =
            ivs::avc_level_name(video_->profile_idc, video_->constraint_flags, video_->level_idc),
        .encoder = metadata_.encoder,
        .width = video_->width,
        .height = video_->height,
        .bits_per_second = is_measured ? rate_of(measured.video_bytes, measured.video_time)
                                       : stated(metadata_.video_bits_per_second),
        .frame_rate = is_measured ? measured.pictures / seconds : stated_rate,
        .key_frame_interval_ms = milliseconds(key_frame_interval_),
        .longest_key_frame_interval_ms = milliseconds(key_frames_apart().value_or(MediaTime{}))};
}

ivs::AudioIngest StreamMeter::audio_ingest(const Slice& measured) const {
    return {.codec = codec_string(*audio_),
            .channels = audio_->channels,
            .sample_rate = audio_->sample_rate,
            .bits_per_second = measured.audio_time > MediaTime{}
                                   ? rate_of(measured.audio_bytes, measured.audio_time)
                                   : stated(metadata_.audio_bits_per_second)};
}

}  // namespace oxbow::live
