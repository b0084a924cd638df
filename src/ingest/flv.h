#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "base/times.h"
#include "ingest/rate_limit.h"
#include "media/access_unit.h"

namespace oxbow::ingest {

/// Extends timestamps of 32 bits, which wrap after 49.7 days, to times that go on.
///
/// A step is taken as the shorter way round, so a time may also go back.
class TimestampExtender {
public:
    /// Either way; 139 years.
    static constexpr std::int64_t kMillisecondsMax = std::int64_t{1} << 42;

    /// Errors: LimitExceeded  further than kMillisecondsMax; nobody gets there by playing.
    Result<std::int64_t> extend(std::uint32_t timestamp);

private:
    std::optional<std::int64_t> last_;
};

/// Other parameters than before: each makes a segment end.
inline constexpr Rate kParameterChangeRate{.burst = 20, .per_second = 1};

/// Milliseconds of media: ten minutes at once, ten times as fast as they play for ever.
inline constexpr Rate kMediaRate{.burst = 600'000, .per_second = 10'000};

/// The bodies of FLV audio and video tags, which RTMP messages carry, as parameters and access
/// units.
///
/// H.264 and AAC, named the old way or by FourCC (Enhanced RTMP). A frame that cannot be read is
/// dropped and counted, for a live stream goes on; kBadFramesMax of them in a row end it. Frames
/// before their track's parameters are dropped. A composition time below 0 is taken as 0 and
/// counted.
///
/// In:     whole tag bodies in order of arrival; timestamps in milliseconds modulo 2^32.
/// Out:    calls to the sink, before the function returns. An access unit keeps the body, uncopied.
/// Errors: Unsupported    another codec, named; or a profile that media/ refuses.
///         Malformed      parameters that cannot be read; too many bad frames.
///         LimitExceeded  of h264::read_decoder_configuration and TimestampExtender;
///                        kParameterChangeRate, kMediaRate.
///         After an error the stream cannot go on.
/// Source: Adobe Video File Format 10.1 §E.4.2, §E.4.3; Enhanced RTMP v1, v2.
class FlvReader {
public:
    static constexpr int kBadFramesMax = 32;

    struct Counts {
        std::uint64_t video_frames = 0;  // delivered
        std::uint64_t audio_frames = 0;
        std::uint64_t dropped = 0;  // bad, or before the parameters
        std::uint64_t clamped = 0;  // composition times below 0
    };

    /// In: a sink that outlives the reader.
    explicit FlvReader(AccessUnitSink& sink) : sink_(sink) {}

    /// What is read from now on came at `now`, which counts for the rates.
    void arrived_at(SteadyTime now);

    Result<void> video(std::uint32_t timestamp, Bytes body);
    Result<void> audio(std::uint32_t timestamp, Bytes body);

    const Counts& counts() const { return counts_; }

private:
    /// What the first bytes of a tag say.
    enum class Content { Parameters, Frame, Nothing };
    struct VideoHeader {
        Content content = Content::Nothing;
        std::size_t bytes = 0;         // before the payload
        std::int32_t composition = 0;  // milliseconds from dts to pts
    };
    struct AudioHeader {
        Content content = Content::Nothing;
        std::size_t bytes = 0;
    };
    /// nullopt: cut short.
    static Result<std::optional<VideoHeader>> read_video_header(BytesView body);
    static Result<std::optional<VideoHeader>> read_enhanced_video_header(BytesView body);
    static Result<std::optional<AudioHeader>> read_audio_header(BytesView body);
    static Result<std::optional<AudioHeader>> read_enhanced_audio_header(BytesView body);

    Result<void> video_parameters(BytesView record);
    Result<void> audio_parameters(BytesView config);
    Result<void> video_frame(std::uint32_t timestamp, const VideoHeader& header, Bytes body);
    Result<void> audio_frame(std::uint32_t timestamp, const AudioHeader& header, Bytes body);
    Result<void> drop_bad(std::string_view why);
    Result<void> parameters_change();
    Result<MediaTime> media_time(Track track, std::uint32_t timestamp);

    /// How fast the media of one track comes.
    struct Pace {
        std::optional<std::int64_t> last;  // milliseconds
        RateLimit media{kMediaRate};
    };

    AccessUnitSink& sink_;
    TimestampExtender times_;
    std::array<Pace, 2> paces_;  // by Track
    RateLimit parameter_changes_{kParameterChangeRate};
    Bytes video_record_;  // as it came last: encoders repeat it
    Bytes audio_config_;
    std::optional<VideoParameters> video_parameters_;
    std::optional<AudioParameters> audio_parameters_;
    std::uint8_t nal_length_size_ = 4;
    int bad_in_a_row_ = 0;
    Counts counts_;
};

}  // namespace oxbow::ingest
