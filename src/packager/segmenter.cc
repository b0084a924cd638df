#include "packager/segmenter.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "media/aac.h"
#include "media/h264.h"
#include "packager/held_audio.h"
#include "packager/id3.h"
#include "packager/mpegts.h"
#include "packager/playlists.h"
#include "packager/publisher_clock.h"

namespace oxbow {
namespace {

using std::chrono::seconds;
using Milliseconds = std::chrono::milliseconds;

// Clocks of milliseconds round: a frame that seems to end this much late may end in time.
constexpr MediaTime kClockTolerance = Milliseconds{1};
// Twelve frames of 33 and 34 ms are 400 ms, or one more.
constexpr MediaTime kPartTolerance = Milliseconds{2};
// What a picture lasts as long as nothing is known: 30 frames a second.
constexpr MediaTime kFrameDefault = Milliseconds{33};
// Encoders reorder over a few pictures; a larger composition time is a broken one.
constexpr MediaTime kReorderMax = seconds{5};
constexpr std::size_t kTablesBytes = 2 * MpegTsMuxer::kPacketBytes;  // PAT and PMT
// In clocks of milliseconds frames of one duration differ by this at most.
constexpr MediaTime kRegularWithin = Milliseconds{2};
constexpr std::uint32_t kRegularFramesMin = 3;

MediaTime whole_milliseconds(MediaTime time) {
    return std::chrono::floor<Milliseconds>(time);
}

bool has_picture(const AccessUnit& unit) {
    return std::ranges::any_of(unit.nal_units, [&](NalUnit nal) {
        const std::uint8_t type = h264::nal_type(unit.data[nal.offset]);
        return type >= h264::kNalSlice && type <= h264::kNalIdr;
    });
}

}  // namespace

class Segmenter::Impl {
public:
    Impl(SegmenterLimits limits, Start start)
        : limits_(limits),
          start_(std::move(start)),
          next_start_(start_.media),
          next_discontinuity_(start_.discontinuity),
          lead_due_(start_.lead),
          has_parts_(!start_.part_path.empty()) {}

    void set_video_parameters(VideoParameters parameters);
    void set_audio_parameters(AudioParameters parameters);
    bool waits() const { return !started_ || anchors_; }
    void arrived(WallTime now) {
        arrived_ = now;
        arrival_known_ = true;
    }
    void next_publisher();
    void push(AccessUnit unit);
    Result<void> put_metadata(std::string_view text);
    void finish();
    std::vector<LiveSegmentPtr> take_closed() { return std::exchange(closed_, {}); }
    std::vector<LivePart> take_parts() { return std::exchange(parts_, {}); }
    std::optional<std::uint64_t> next_part() const {
        return has_parts_ ? std::optional{next_part_} : std::nullopt;
    }
    std::uint64_t dropped() const { return dropped_; }

private:
    /// What the publisher before has left, until the next one has shown something.
    struct Before {
        MediaTime end;
        std::optional<VideoParameters> video;
        std::optional<AudioParameters> audio;
        bool with_video;
    };

    bool can_be_muxed(const AccessUnit& unit) const;
    void wait(AccessUnit unit);
    void start_with_picture(AccessUnit unit);
    void start_audio_only();
    void start_at(MediaTime dts, bool with_video);
    MediaTime go_on(bool with_video);
    void add_held();
    void add(AccessUnit unit);
    void anchor(const AccessUnit& unit);
    bool place(AccessUnit& unit);
    void make_room(const AccessUnit& unit);
    std::optional<MediaTime> cut_before(const AccessUnit& unit) const;
    void mux(const AccessUnit& unit);
    void note_frame(MediaTime dts);
    const VideoParameters* parameter_sets_for(const AccessUnit& unit) const;
    void write_metadata();
    MediaTime metadata_time() const;

    void open();
    void begin_part(MediaTime start);
    std::optional<MediaTime> part_ends_before(const AccessUnit& unit) const;
    MediaTime part_end(MediaTime end) const;
    void close_part(MediaTime end);
    bool is_lead_until(MediaTime end) const;
    bool rate_can_be_told(MediaTime end) const;
    void close_lead(MediaTime end);
    void close(MediaTime boundary);
    void close_with_discontinuity(MediaTime boundary);
    MediaTime expected_end() const;
    bool video_counts() const;
    MediaTime audio_frame() const;
    MediaTime video_frame() const;
    MediaTime segment_start() const { return open_ ? open_->start : next_start_; }

    SegmenterLimits limits_;
    Start start_;
    WallTime arrived_{};  // the unit that is pushed
    bool arrival_known_ = false;
    bool anchors_ = false;  // the first segment is open: its time may still become earlier
    WallTime wall_min_{};   // but not than this
    std::optional<Before> before_;
    std::optional<VideoParameters> video_;
    std::optional<AudioParameters> audio_;
    bool started_ = false;          // the timeline is anchored
    bool with_video_ = false;       // segments carry video: a key frame has come
    bool key_frame_needed_ = true;  // no picture before it could be shown
    bool picture_seen_ = false;
    bool picture_skipped_ = false;  // before the first key frame
    HeldAudio held_{kHeldUnitsMax, kHeldBytesMax};
    PublisherClock clock_{kJumpMax};
    MpegTsMuxer muxer_;

    std::shared_ptr<const RenditionParameters> parameters_;  // of the next segment; null: changed
    std::shared_ptr<LiveSegment> open_;                      // never without an access unit
    MediaTime next_start_;
    bool next_discontinuity_;
    std::optional<MediaTime> last_jump_;
    std::vector<LiveSegmentPtr> closed_;
    std::uint64_t dropped_ = 0;

    /// A lead that has closed, until what completes it has.
    struct Lead {
        MediaTime start;
        MediaTime end;
        std::size_t bytes;
    };
    std::optional<Lead> lead_;
    bool lead_due_;  // the first segment has not closed yet

    // The open part of the open segment; without parts, that is all of it.
    bool has_parts_;
    MediaTime part_start_{};
    WallTime part_anchor_{};  // where its begin put the timeline's start
    std::optional<MediaTime> part_last_picture_;
    MediaTime part_frame_least_{}, part_frame_most_{};
    std::size_t part_offset_ = 0;
    std::uint32_t part_video_frames_ = 0;
    bool part_independent_ = false;
    bool whole_only_ = false;  // the open segment
    int whole_segments_ = 0;
    std::uint64_t next_part_ = 0;
    std::vector<LivePart> parts_;

    std::deque<Bytes> metadata_;  // tags that wait for a segment with room
    MediaTime metadata_pts_{};    // of the last one written
    MediaTime reorder_{};         // how long a picture is held before it is shown
};

void Segmenter::Impl::set_video_parameters(VideoParameters parameters) {
    if (video_ == parameters) return;
    video_ = std::move(parameters);
    // What is audio only stays so until the first key frame; a new publisher has shown nothing yet.
    if (!with_video_ || before_) return;
    key_frame_needed_ = true;
    close_with_discontinuity(expected_end());
}

void Segmenter::Impl::set_audio_parameters(AudioParameters parameters) {
    if (audio_ == parameters) return;
    dropped_ += held_.clear();
    audio_ = parameters;
    if (started_) close_with_discontinuity(expected_end());
}

void Segmenter::Impl::next_publisher() {
    if (started_) before_ = Before{expected_end(), video_, audio_, with_video_};
    started_ = false;
    video_.reset();
    audio_.reset();
    key_frame_needed_ = true;
    picture_seen_ = picture_skipped_ = false;
    dropped_ += held_.clear();
    clock_ = PublisherClock{kJumpMax};
    last_jump_.reset();
}

void Segmenter::Impl::push(AccessUnit unit) {
    if (unit.track == Track::Video) picture_seen_ = true;
    if (!can_be_muxed(unit)) {
        ++dropped_;
    } else if (!started_) {
        wait(std::move(unit));
    } else {
        add(std::move(unit));
    }
}

Result<void> Segmenter::Impl::put_metadata(std::string_view text) {
    if (text.size() > kMetadataBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("Timed metadata has {} bytes: send at most {}.", text.size(),
                                kMetadataBytesMax));
    }
    if (metadata_.size() >= kMetadataHeldMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("{} pieces of timed metadata wait for media of the publisher: send "
                                "again when there is some.",
                                kMetadataHeldMax));
    }
    metadata_.push_back(id3_private(kPutMetadataOwner, as_bytes(text)));
    if (open_) write_metadata();
    return {};
}

void Segmenter::Impl::finish() {
    if (!started_ && !held_.empty() && !video_ && !picture_seen_) start_audio_only();
    if (open_) close(expected_end());
}

bool Segmenter::Impl::can_be_muxed(const AccessUnit& unit) const {
    if (unit.track == Track::Video) return video_ && has_picture(unit);
    const std::size_t size = unit.audio_frame.size;
    return audio_ && size > 0 && size <= aac::kFrameBytesMax;
}

void Segmenter::Impl::wait(AccessUnit unit) {
    if (unit.track == Track::Audio) {
        dropped_ += held_.push(std::move(unit), kJumpMax);
        if (held_.span() < limits_.video_wait) return;
        if (!video_ && !picture_seen_) return start_audio_only();
        dropped_ +=
            held_.keep(held_.first_dts() + held_.span() - limits_.video_wait, MediaTime::max());
    } else if (unit.key_frame == KeyFrame::Yes) {
        start_with_picture(std::move(unit));
    } else {
        picture_skipped_ = true;
        ++dropped_;
    }
}

void Segmenter::Impl::start_with_picture(AccessUnit unit) {
    // The picture is the beginning, not the sound a little before it: a segment then begins with
    // every key frame of a regular stream, also where those are exactly `segment_max` apart.
    // Behind another publisher there is sound already.
    const bool alone = picture_skipped_ || before_;
    const MediaTime from = alone ? unit.dts : unit.dts - kTrackSkewMax;
    dropped_ += held_.keep(from, unit.dts + kTrackSkewMax);
    start_at(unit.dts, true);
    add_held();
    add(std::move(unit));
}

void Segmenter::Impl::start_audio_only() {
    arrived_ -= Milliseconds{milliseconds(held_.span())};
    start_at(held_.first_dts(), false);
    add_held();
}

void Segmenter::Impl::start_at(MediaTime dts, bool with_video) {
    if (before_) {
        clock_.anchor(dts, go_on(with_video));
    } else {
        wall_min_ = start_.wall;
        start_.wall = std::max(start_.wall, arrived_);
        anchors_ = arrival_known_;
        clock_.anchor(dts, start_.media);
    }
    with_video_ = with_video;
    started_ = true;
}

/// Ends what the publisher before has left. Out: where on the timeline the next one begins.
MediaTime Segmenter::Impl::go_on(bool with_video) {
    const Before before = *std::exchange(before_, std::nullopt);
    const MediaTime by_clock = start_.media + (arrived_ - start_.wall);
    const MediaTime at = std::max(before.end, by_clock);
    const bool same =
        before.video == video_ && before.audio == audio_ && before.with_video == with_video;
    if (same && open_ && at - before.end <= kTakeoverHoleMax &&
        at - open_->start <= limits_.segment_max) {
        close(at);
        return next_start_;
    }
    close_with_discontinuity(before.end);
    const WallTime ends = start_.wall + Milliseconds{milliseconds(next_start_ - start_.media)};
    start_.media = next_start_;
    wall_min_ = ends;
    start_.wall = std::max(ends, arrived_);
    anchors_ = arrival_known_;
    start_.discontinuity = true;
    return next_start_;
}

void Segmenter::Impl::add_held() {
    for (AccessUnit& unit : held_.take()) add(std::move(unit));
}

void Segmenter::Impl::add(AccessUnit unit) {
    const bool key_frame = unit.key_frame == KeyFrame::Yes;
    if (unit.track == Track::Video && key_frame_needed_ && !key_frame) {
        ++dropped_;
        return;
    }
    if (!place(unit)) {
        ++dropped_;
        return;
    }
    if (anchors_) anchor(unit);
    if (unit.track == Track::Video && !with_video_) {
        with_video_ = true;
        close_with_discontinuity(unit.dts);
    }
    if (const auto boundary = cut_before(unit)) {
        close(*boundary);
    } else if (const auto end = part_ends_before(unit)) {
        if (is_lead_until(*end)) {
            close_lead(*end);
        } else {
            close_part(*end);
            begin_part(*end);
        }
    }
    mux(unit);
}

/// Takes PROGRAM-DATE-TIME from this unit, if it came earlier for its dts than those before it.
void Segmenter::Impl::anchor(const AccessUnit& unit) {
    const bool counts = unit.track == Track::Video || !with_video_;
    if (!std::exchange(arrival_known_, false) || !counts) return;
    const WallTime start = arrived_ - Milliseconds{milliseconds(unit.dts - start_.media)};
    start_.wall = std::max(std::min(start_.wall, start), wall_min_);
}

/// Moves `unit` onto the recording's timeline; false when it has no place there.
bool Segmenter::Impl::place(AccessUnit& unit) {
    const MediaTime reorder = std::clamp(unit.pts - unit.dts, MediaTime{}, kReorderMax);
    // After a hole the open segment may end at its maximum and the next one begin there, before its
    // first unit; but no segment may be empty.
    const MediaTime horizon = segment_start() + (open_ ? 2 : 1) * limits_.segment_max;
    PublisherClock::Place place = clock_.place(unit.track, unit.dts, horizon);
    if (place.outcome == PublisherClock::Outcome::Jumped) {
        const MediaTime end = expected_end();
        // A clock that jumps all the time would make a segment of every frame.
        if (!last_jump_ || end - *last_jump_ >= limits_.target) {
            last_jump_ = end;
            close_with_discontinuity(end);
        }
        clock_.anchor_track(unit.track, unit.dts, end);
        place = clock_.place(unit.track, unit.dts, MediaTime::max());
    }
    unit.dts = place.dts;
    unit.pts = place.dts + reorder;
    return place.outcome == PublisherClock::Outcome::Placed;
}

/// Where the open segment must end so that `unit` begins the next one; nullopt when it goes in.
std::optional<MediaTime> Segmenter::Impl::cut_before(const AccessUnit& unit) const {
    if (!open_) return std::nullopt;
    const MediaTime in_segment = unit.dts - (lead_ ? lead_->start : open_->start);
    const std::size_t tables = has_parts_ ? kTablesBytes : 0;
    const std::size_t needed = tables + muxer_.bytes_at_most(unit, parameter_sets_for(unit));
    const bool full = open_->bytes.size() + needed > limits_.bytes_max;
    bool late = false;
    if (unit.track == Track::Video) {
        const bool key_frame = unit.key_frame == KeyFrame::Yes && open_->video_frames > 0;
        late = (key_frame && in_segment >= limits_.target) ||
               in_segment + video_frame() > limits_.segment_max + kClockTolerance;
    } else if (with_video_) {
        late = in_segment >= limits_.segment_max + kTrackSkewMax;
    } else {
        late = in_segment >= limits_.audio_only_target;
    }
    return full || late ? std::optional{unit.dts} : std::nullopt;
}

void Segmenter::Impl::mux(const AccessUnit& unit) {
    if (!open_ &&
        kTablesBytes + muxer_.bytes_at_most(unit, parameter_sets_for(unit)) > limits_.bytes_max) {
        ++dropped_;
        return;
    }
    if (!open_) open();
    if (unit.track == Track::Video) {
        key_frame_needed_ = false;
        if (open_->video_frames == 0) open_->starts_with_idr = unit.key_frame == KeyFrame::Yes;
        if (unit.key_frame == KeyFrame::Yes) {
            reorder_ = unit.pts - unit.dts;
            if (!open_->key_frame) open_->key_frame = {open_->bytes.size(), unit.pts};
        }
        muxer_.write_video(open_->bytes, unit, parameter_sets_for(unit));
        note_frame(unit.dts);
        ++open_->video_frames;
        ++part_video_frames_;
        part_independent_ |= unit.key_frame == KeyFrame::Yes;
    } else {
        muxer_.write_audio(open_->bytes, unit, *audio_);
        ++open_->audio_frames;
    }
    if (!metadata_.empty()) write_metadata();
}

void Segmenter::Impl::write_metadata() {
    for (; !metadata_.empty(); metadata_.pop_front()) {
        const Bytes& tag = metadata_.front();
        if (open_->bytes.size() + muxer_.bytes_at_most(tag) > limits_.bytes_max) return;
        metadata_pts_ = std::max(metadata_pts_, metadata_time());
        muxer_.write_metadata(open_->bytes, tag, metadata_pts_);
    }
}

/// Where the stream is. Its dts alone would be before the first picture of its segment is shown,
/// and a player's clock of PROGRAM-DATE-TIME begins with that.
MediaTime Segmenter::Impl::metadata_time() const {
    const auto newest = clock_.last(video_counts() ? Track::Video : Track::Audio);
    return std::max(newest.value_or(open_->start), open_->start) + reorder_;
}

const VideoParameters* Segmenter::Impl::parameter_sets_for(const AccessUnit& unit) const {
    if (unit.track == Track::Audio) return nullptr;
    const bool first = !open_ || part_video_frames_ == 0 || part_ends_before(unit);
    return first || unit.key_frame == KeyFrame::Yes ? &*video_ : nullptr;
}

void Segmenter::Impl::open() {
    if (!parameters_) {
        parameters_ = std::make_shared<const RenditionParameters>(
            RenditionParameters{.video = with_video_ ? video_ : std::nullopt, .audio = audio_});
    }
    open_ = std::make_shared<LiveSegment>();
    open_->parameters = parameters_;
    open_->start = next_start_;
    open_->program_date_time = start_.wall + Milliseconds{milliseconds(next_start_ - start_.media)};
    open_->discontinuity = std::exchange(next_discontinuity_, false);
    open_->part_path = start_.part_path;
    if (lead_) open_->completes = {lead_->bytes, lead_->end - lead_->start};
    whole_only_ = false;
    begin_part(open_->start);
}

void Segmenter::Impl::begin_part(MediaTime start) {
    part_start_ = start;
    part_offset_ = open_->bytes.size();
    part_video_frames_ = 0;
    part_independent_ = false;
    part_anchor_ = start_.wall;
    part_last_picture_.reset();
    part_frame_least_ = MediaTime::max();
    part_frame_most_ = MediaTime{};
    muxer_.begin_segment(open_->bytes, with_video_, audio_.has_value());
}

/// Where the open part must end so that `unit` begins the next one; nullopt when it goes in.
std::optional<MediaTime> Segmenter::Impl::part_ends_before(const AccessUnit& unit) const {
    if (!open_ || !has_parts_ || whole_only_) return std::nullopt;
    MediaTime frame{};
    if (unit.track == Track::Video) {
        frame = video_frame();
    } else if (!with_video_) {
        frame = audio_frame();
    } else if (video_counts()) {
        return std::nullopt;
    }
    const MediaTime end = part_end(whole_milliseconds(unit.dts));
    const bool fits = unit.dts + frame - part_start_ <= limits_.part_max + kPartTolerance;
    return fits || end <= part_start_ ? std::nullopt : std::optional{end};
}

/// Clocks jitter: what is a little longer than may be declared ends a little earlier.
MediaTime Segmenter::Impl::part_end(MediaTime end) const {
    const MediaTime latest = part_start_ + kPartTarget;
    const bool jitters = has_parts_ && !whole_only_ && end > latest && end <= latest + kPartSlack;
    return jitters ? latest : end;
}

void Segmenter::Impl::close_part(MediaTime end) {
    muxer_.flush(open_->bytes);
    if (!has_parts_ || whole_only_) return;
    const MediaTime duration = end - part_start_;
    whole_only_ = duration <= MediaTime{} || duration > kPartTarget;
    if (whole_only_) return;
    open_->parts.push_back(
        {.number = next_part_++,
         .duration = duration,
         .independent = part_independent_,
         .bytes = open_->bytes.slices(part_offset_, open_->bytes.size() - part_offset_)});
    // The time of a segment that begins a timeline is not final before it closes.
    if (!anchors_) parts_.push_back({open_, open_->parts.back()});
}

void Segmenter::Impl::note_frame(MediaTime dts) {
    if (part_last_picture_) {
        const MediaTime lasted = dts - *part_last_picture_;
        part_frame_least_ = std::min(part_frame_least_, lasted);
        part_frame_most_ = std::max(part_frame_most_, lasted);
    }
    part_last_picture_ = dts;
}

/// Whether the open segment may end with the part that ends there, as a lead.
bool Segmenter::Impl::is_lead_until(MediaTime end) const {
    if (!lead_due_ || !with_video_ || end - part_start_ > kPartTarget) return false;
    const MediaTime sooner = part_anchor_ - start_.wall;
    const bool burst = anchors_ && sooner > (end - part_start_) / 2;
    return !burst && rate_can_be_told(end);
}

/// Whether the first segment, should it end there, says the frame rate that a longer one would.
bool Segmenter::Impl::rate_can_be_told(MediaTime end) const {
    const double measured = frame_rate_of(*parameters_, open_->video_frames, end - open_->start);
    if (video_->frame_rate && measured == video_->frame_rate->value()) return true;
    const MediaTime last = end - part_last_picture_.value_or(end);
    return part_video_frames_ >= kRegularFramesMin &&
           std::max(part_frame_most_, last) - std::min(part_frame_least_, last) <= kRegularWithin;
}

void Segmenter::Impl::close_lead(MediaTime end) {
    open_->lead = true;
    close(end);
    const LiveSegment& lead = *closed_.back();
    lead_ = Lead{lead.start, lead.start + lead.duration, lead.bytes.size()};
}

void Segmenter::Impl::close(MediaTime boundary) {
    lead_.reset();
    lead_due_ = false;
    const MediaTime start = open_->start;
    const MediaTime end = part_end(std::clamp<MediaTime>(
        whole_milliseconds(boundary), start + Milliseconds{1}, start + limits_.segment_max));
    close_part(end);
    if (std::exchange(anchors_, false)) {
        open_->program_date_time =
            start_.wall + Milliseconds{milliseconds(open_->start - start_.media)};
    }
    whole_segments_ = whole_only_ ? whole_segments_ + 1 : 0;
    if (whole_only_) open_->parts.clear();
    if (whole_segments_ >= kWholeSegmentsMax) has_parts_ = false;
    open_->duration = end - start;
    next_start_ = end;
    closed_.push_back(std::exchange(open_, nullptr));
}

void Segmenter::Impl::close_with_discontinuity(MediaTime boundary) {
    if (open_) close(boundary);
    lead_.reset();
    if (next_start_ != start_.media) next_discontinuity_ = true;  // nothing is before the first
    parameters_ = nullptr;
}

/// Where what was placed so far ends, each track's last frame lasting as long as the one before it.
MediaTime Segmenter::Impl::expected_end() const {
    if (before_) return before_->end;
    const auto video = clock_.last(Track::Video);
    const auto audio = clock_.last(Track::Audio);
    MediaTime end = segment_start();
    if (audio) {
        end = std::max(end, *audio + audio_frame());
    }
    if (video_counts()) end = std::max(segment_start(), *video + video_frame());
    return std::min(whole_milliseconds(end), segment_start() + limits_.segment_max);
}

/// False without pictures, and when sound is far ahead of them.
bool Segmenter::Impl::video_counts() const {
    const auto video = clock_.last(Track::Video);
    const auto audio = clock_.last(Track::Audio);
    return video && (!audio || *audio <= *video + kTrackSkewMax);
}

MediaTime Segmenter::Impl::audio_frame() const {
    return MediaTime{std::int64_t{aac::kSamplesPerFrame} * MediaTime::period::den /
                     audio_->sample_rate};
}

MediaTime Segmenter::Impl::video_frame() const {
    if (const auto frame = clock_.frame_duration(Track::Video)) return *frame;
    if (video_ && video_->frame_rate && video_->frame_rate->value() >= 1) {
        return MediaTime{std::int64_t{MediaTime::period::den} * video_->frame_rate->denominator /
                         video_->frame_rate->numerator};
    }
    return kFrameDefault;
}

Segmenter::Segmenter(SegmenterLimits limits, Start start)
    : impl_(std::make_unique<Impl>(limits, std::move(start))) {}
Segmenter::~Segmenter() = default;
Segmenter::Segmenter(Segmenter&&) noexcept = default;
Segmenter& Segmenter::operator=(Segmenter&&) noexcept = default;

std::vector<LiveSegmentPtr> Segmenter::set_video_parameters(VideoParameters parameters) {
    impl_->set_video_parameters(std::move(parameters));
    return impl_->take_closed();
}

std::vector<LiveSegmentPtr> Segmenter::set_audio_parameters(AudioParameters parameters) {
    impl_->set_audio_parameters(parameters);
    return impl_->take_closed();
}

bool Segmenter::waits() const {
    return impl_->waits();
}

void Segmenter::arrived(WallTime now) {
    impl_->arrived(now);
}

void Segmenter::next_publisher() {
    impl_->next_publisher();
}

std::vector<LiveSegmentPtr> Segmenter::push(AccessUnit unit) {
    impl_->push(std::move(unit));
    return impl_->take_closed();
}

Result<void> Segmenter::put_metadata(std::string_view text) {
    return impl_->put_metadata(text);
}

std::vector<LiveSegmentPtr> Segmenter::finish() {
    impl_->finish();
    return impl_->take_closed();
}

std::vector<LivePart> Segmenter::take_parts() {
    return impl_->take_parts();
}

std::optional<std::uint64_t> Segmenter::next_part() const {
    return impl_->next_part();
}

std::uint64_t Segmenter::dropped() const {
    return impl_->dropped();
}

}  // namespace oxbow
