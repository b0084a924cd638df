// FLV tags. Input: tags one behind the other, each 1 byte (odd: audio), 4 bytes of timestamp, 2 of
// length, and its body.

#include <optional>

#include "base/ensure.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "ingest/flv.h"
#include "media/aac.h"

namespace oxbow::fuzz {
namespace {

/// Holds the reader to what AccessUnitSink promises to those behind it.
class StrictSink final : public AccessUnitSink {
public:
    void on_metadata(const StreamMetadata& /*metadata*/) override {
        ENSURE(false);  // is no part of a tag
    }

    void on_video_parameters(VideoParameters parameters) override {
        ENSURE(!parameters.sps.empty());
        ENSURE(parameters.width > 0 && parameters.height > 0);
        ENSURE(video_ != parameters);
        video_ = std::move(parameters);
    }

    void on_audio_parameters(AudioParameters parameters) override {
        ENSURE(parameters.sample_rate > 0 && parameters.channels > 0);
        ENSURE(audio_ != parameters);
        audio_ = parameters;
    }

    void on_access_unit(AccessUnit unit) override {
        ENSURE(unit.pts >= unit.dts);
        unit.track == Track::Video ? check_picture(unit) : check_sound(unit);
    }

    std::uint64_t video_frames() const { return video_frames_; }
    std::uint64_t audio_frames() const { return audio_frames_; }

private:
    void check_picture(const AccessUnit& unit) {
        ENSURE(video_.has_value());
        ENSURE(!unit.nal_units.empty());
        std::size_t end = 0;
        for (const NalUnit& nal : unit.nal_units) {
            ENSURE(nal.size > 0 && nal.offset >= end);
            end = std::size_t{nal.offset} + nal.size;
        }
        ENSURE(end <= unit.data.size());
        ++video_frames_;
    }

    void check_sound(const AccessUnit& unit) {
        ENSURE(audio_.has_value());
        ENSURE(unit.audio_frame.size > 0 && unit.audio_frame.size <= aac::kFrameBytesMax);
        ENSURE(std::size_t{unit.audio_frame.offset} + unit.audio_frame.size <= unit.data.size());
        ++audio_frames_;
    }

    std::optional<VideoParameters> video_;
    std::optional<AudioParameters> audio_;
    std::uint64_t video_frames_ = 0;
    std::uint64_t audio_frames_ = 0;
};

}  // namespace

void check(BytesView bytes) {
    Input input{bytes};
    StrictSink sink;
    ingest::FlvReader reader{sink};
    std::uint64_t tags = 0;
    while (!input.empty()) {
        const bool audio = input.number(1) % 2 == 1;
        const auto timestamp = static_cast<std::uint32_t>(input.number(4));
        const BytesView body = input.bytes(input.number(2));
        const Bytes owned{body.begin(), body.end()};
        ++tags;
        const auto read = audio ? reader.audio(timestamp, owned) : reader.video(timestamp, owned);
        if (read) continue;
        ENSURE(!read.error().what.empty());
        break;
    }
    const auto& counts = reader.counts();
    ENSURE(counts.video_frames == sink.video_frames() &&
           counts.audio_frames == sink.audio_frames());
    ENSURE(counts.video_frames + counts.audio_frames + counts.dropped <= tags);
}

}  // namespace oxbow::fuzz
