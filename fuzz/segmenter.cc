// Access units to segments. Input: what a publisher does, one behind the other, each 1 byte of
// kind:
//
//     0..3  a picture, 0 and 1 a key frame: 2 bytes of time since the last of its track in
//           milliseconds, 1 of composition time, 2 of size
//     4..6  a sound: 2 bytes of time since the last of its track, 1 of size
//     7     a jump of both clocks: 4 bytes, signed milliseconds
//     8, 9  video, audio parameters: 1 byte, which of some
//     10    pictures of many slices and strange NAL types: 1 byte of type, below 128; from there on
//           timed metadata of 16 bytes for each above it

#include <cstdint>
#include <map>
#include <string>

#include "base/ensure.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "media/aac.h"
#include "media/h264.h"
#include "packager/mpegts.h"
#include "packager/segmenter.h"

namespace oxbow::fuzz {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kUnitsMax = 2'000;  // of one input: more says nothing new
constexpr SegmenterLimits kLimits{.bytes_max = 96 * 1024};

/// What stands on each PID so far: counters must go on from segment to segment.
using Continuity = std::map<int, int>;

/// Holds the segments of one broadcast to what everybody behind the segmenter relies on.
class Segments {
public:
    explicit Segments(Segmenter::Start start) : start_(start), next_(start.media) {}

    void take(const std::vector<LiveSegmentPtr>& closed) {
        for (const LiveSegmentPtr& segment : closed) take(*segment);
    }

    std::uint64_t frames() const { return frames_; }
    std::uint64_t tags() const { return tags_; }

private:
    void take(const LiveSegment& segment) {
        ENSURE(segment.start == next_);  // no hole, no overlap
        ENSURE(segment.duration > MediaTime{} && segment.duration <= kLimits.segment_max);
        ENSURE(segment.duration % Milliseconds{1} == MediaTime{});
        ENSURE(segment.program_date_time ==
               start_.wall + Milliseconds{milliseconds(segment.start - start_.media)});
        next_ = segment.start + segment.duration;

        ENSURE(segment.parameters != nullptr);
        ENSURE(segment.video_frames + segment.audio_frames > 0);
        ENSURE(segment.video_frames == 0 || segment.parameters->video);
        ENSURE(segment.audio_frames == 0 || segment.parameters->audio);
        ENSURE(!segment.starts_with_idr || segment.video_frames > 0);
        ENSURE(segment.discontinuity || parameters_ == nullptr ||
               *segment.parameters == *parameters_);
        parameters_ = segment.parameters;
        frames_ += segment.video_frames + segment.audio_frames;
        check_packets(segment.bytes);
    }

    void check_packets(const AppendBuffer& buffer) {
        ENSURE(buffer.size() <= kLimits.bytes_max);
        std::size_t number = 0;
        for (BytesView piece : buffer.slices()) {
            ENSURE(piece.size() % MpegTsMuxer::kPacketBytes == 0);
            for (; !piece.empty(); piece = piece.subspan(MpegTsMuxer::kPacketBytes))
                check_packet(piece.first(MpegTsMuxer::kPacketBytes), number++);
        }
    }

    void check_packet(BytesView packet, std::size_t number) {
        ENSURE(packet[0] == 0x47);
        const int pid = (packet[1] & 0x1f) << 8 | packet[2];
        ENSURE(number != 0 || pid == 0);
        ENSURE(number != 1 || pid == MpegTsMuxer::kPmtPid);
        const int counter = packet[3] & 0xf;
        const auto [known, is_new] = continuity_.try_emplace(pid, counter);
        ENSURE(is_new || counter == ((known->second + 1) & 0xf));
        known->second = counter;
        const bool begins_pes = (packet[1] & 0x40) != 0;
        if (pid == MpegTsMuxer::kMetadataPid && begins_pes) ++tags_;
    }

    Segmenter::Start start_;
    MediaTime next_;
    std::shared_ptr<const RenditionParameters> parameters_;
    Continuity continuity_;
    std::uint64_t frames_ = 0;
    std::uint64_t tags_ = 0;
};

VideoParameters video_parameters(std::uint8_t which) {
    return {
        .sps = {{0x67, 0x42, 0xc0, which}},
        .pps = {{0x68, 0xce}},
        .profile_idc = 0x42,
        .constraint_flags = 0xc0,
        .level_idc = 31,
        .width = 16 * (1 + which % 8),
        .height = 16,
        .frame_rate = which % 3 == 0 ? std::nullopt : std::optional{FrameRate{which, which % 3U}}};
}

AudioParameters audio_parameters(std::uint8_t which) {
    // AudioSpecificConfig: AAC-LC, 13 frequencies, stereo.
    const auto index = static_cast<std::uint8_t>(which % 13);
    const Bytes config{static_cast<std::uint8_t>(0x10 | index >> 1),
                       static_cast<std::uint8_t>(index << 7 | 0x10)};
    return aac::read_audio_specific_config(config).value();
}

/// The publisher that the input describes.
class Publisher {
public:
    explicit Publisher(BytesView script) : script_(script) {}

    bool done() const { return script_.empty(); }
    std::uint64_t units() const { return units_; }
    std::uint64_t tags() const { return tags_; }

    std::vector<LiveSegmentPtr> act(Segmenter& segmenter) {
        const auto kind = script_.number(1) % 11;
        if (kind < 4) return segmenter.push(picture(kind < 2 ? KeyFrame::Yes : KeyFrame::No));
        if (kind < 7) return segmenter.push(sound());
        if (kind == 7) jump();
        const auto which =
            kind == 7 ? std::uint8_t{0} : static_cast<std::uint8_t>(script_.number(1));
        if (kind == 8) return segmenter.set_video_parameters(video_parameters(which));
        if (kind == 9) return segmenter.set_audio_parameters(audio_parameters(which));
        if (kind == 10 && which < 0x80) nal_type_ = which & 0x1f;
        if (kind == 10 && which >= 0x80) put_metadata(segmenter, 16 * (which - std::size_t{0x80}));
        return {};
    }

private:
    AccessUnit picture(KeyFrame key_frame) {
        video_time_ += Milliseconds{script_.number(2)};
        const Milliseconds composition{script_.number(1)};
        const std::size_t size = script_.number(2);
        AccessUnit unit{.key_frame = key_frame,
                        .dts = video_time_,
                        .pts = video_time_ + composition,
                        .data = Bytes(size + 2, 0xab),
                        .nal_units = {}};
        unit.data[0] = key_frame == KeyFrame::Yes ? h264::kNalIdr : h264::kNalSlice;
        unit.nal_units.push_back({.offset = 0, .size = static_cast<std::uint32_t>(size + 1)});
        if (nal_type_ != 0) {
            unit.data[size + 1] = nal_type_;
            unit.nal_units.push_back({.offset = static_cast<std::uint32_t>(size + 1), .size = 1});
        }
        ++units_;
        return unit;
    }

    AccessUnit sound() {
        audio_time_ += Milliseconds{script_.number(2)};
        const auto size = static_cast<std::uint32_t>(script_.number(1));
        ++units_;
        return {.track = Track::Audio,
                .dts = audio_time_,
                .pts = audio_time_,
                .data = Bytes(size, 0xcd),
                .nal_units = {},
                .audio_frame = {.offset = 0, .size = size}};
    }

    void put_metadata(Segmenter& segmenter, std::size_t bytes) {
        const bool taken = segmenter.put_metadata(std::string(bytes, 'm')).has_value();
        ENSURE(taken <= (bytes <= Segmenter::kMetadataBytesMax));
        if (taken) ++tags_;
    }

    void jump() {
        const auto by = static_cast<std::int32_t>(script_.number(4));
        video_time_ += Milliseconds{by};
        audio_time_ += Milliseconds{by};
    }

    Input script_;
    MediaTime video_time_{};
    MediaTime audio_time_{};
    std::uint8_t nal_type_ = 0;
    std::uint64_t units_ = 0;
    std::uint64_t tags_ = 0;
};

}  // namespace

void check(BytesView input) {
    using namespace std::chrono_literals;
    const Segmenter::Start start{
        .media = 90s, .wall = WallTime{1'700'000'000s}, .discontinuity = true};
    Segmenter segmenter{kLimits, start};
    Segments segments{start};
    Publisher publisher{input};
    while (!publisher.done() && publisher.units() < kUnitsMax)
        segments.take(publisher.act(segmenter));
    segments.take(segmenter.finish());
    // Nothing is lost without being counted. What is held when a broadcast ends unseen is not.
    ENSURE(segments.frames() + segmenter.dropped() <= publisher.units());
    // Nor is metadata doubled, or lost but for what waits when there is no more media.
    ENSURE(segments.tags() <= publisher.tags());
    ENSURE(segments.tags() + Segmenter::kMetadataHeldMax >= publisher.tags());
}

}  // namespace oxbow::fuzz
