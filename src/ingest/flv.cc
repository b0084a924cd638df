#include "ingest/flv.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "media/aac.h"
#include "media/h264.h"

namespace oxbow::ingest {
namespace {

constexpr unsigned kAvc = 7;            // CodecID
constexpr unsigned kAac = 10;           // SoundFormat
constexpr unsigned kEnhancedAudio = 9;  // SoundFormat: a FourCC follows
constexpr unsigned kVideoCommand = 5;   // FrameType: no picture
constexpr unsigned kMultitrack = 6;     // packet types of Enhanced RTMP v2
constexpr unsigned kModifier = 7;

constexpr std::int64_t kLeap = 10'000;     // milliseconds; a longer step is another clock, no pause
constexpr std::int64_t kFrameMax = 1'000;  // milliseconds of media that such a step counts as

std::string_view video_codec_name(unsigned id) {
    switch (id) {
        case 2:
            return "Sorenson H.263";
        case 3:
            return "Screen Video";
        case 4:
            return "On2 VP6";
        case 5:
            return "On2 VP6 with alpha";
        case 6:
            return "Screen Video 2";
        case 12:
            return "H.265 (HEVC)";
        case 13:
            return "AV1";
        default:
            return "a codec unknown to FLV";
    }
}

std::string_view audio_codec_name(unsigned id) {
    switch (id) {
        case 0:
        case 3:
            return "PCM";
        case 1:
            return "ADPCM";
        case 2:
        case 14:
            return "MP3";
        case 4:
        case 5:
        case 6:
            return "Nellymoser";
        case 7:
            return "G.711 A-law";
        case 8:
            return "G.711 mu-law";
        case 11:
            return "Speex";
        case 13:
            return "Opus";
        default:
            return "a codec unknown to FLV";
    }
}

std::string four_cc_name(std::string_view four_cc) {
    if (four_cc == "hvc1") return "H.265 (HEVC)";
    if (four_cc == "av01") return "AV1";
    if (four_cc == "vp08") return "VP8";
    if (four_cc == "vp09") return "VP9";
    if (four_cc == "vvc1") return "H.266 (VVC)";
    if (four_cc == "Opus") return "Opus";
    if (four_cc == "fLaC") return "FLAC";
    if (four_cc == "ac-3") return "AC-3";
    if (four_cc == "ec-3") return "E-AC-3";
    if (four_cc == ".mp3") return "MP3";
    return fmt::format("\"{}\"", log::printable(four_cc));
}

std::unexpected<Error> video_unsupported(std::string_view codec) {
    return fail(
        ErrorCode::Unsupported,
        fmt::format("the video is {}, only H.264 is taken: set the encoder to H.264", codec));
}

std::unexpected<Error> audio_unsupported(std::string_view codec) {
    return fail(ErrorCode::Unsupported,
                fmt::format("the audio is {}, only AAC is taken: set the encoder to AAC", codec));
}

std::int32_t signed_24(std::uint64_t bits) {
    return static_cast<std::int32_t>(bits) - ((bits & 0x800000) != 0 ? 0x1000000 : 0);
}

}  // namespace

Result<std::int64_t> TimestampExtender::extend(std::uint32_t timestamp) {
    if (!last_) {
        last_ = timestamp;
        return *last_;
    }
    const auto step = static_cast<std::int32_t>(timestamp - static_cast<std::uint32_t>(*last_));
    const std::int64_t extended = *last_ + step;
    if (extended > kMillisecondsMax || extended < -kMillisecondsMax) {
        return fail(ErrorCode::LimitExceeded, "the publisher's timestamps jump about by decades");
    }
    last_ = extended;
    return extended;
}

void FlvReader::arrived_at(SteadyTime now) {
    parameter_changes_.advance(now);
    for (Pace& pace : paces_) pace.media.advance(now);
}

Result<void> FlvReader::video(std::uint32_t timestamp, Bytes body) {
    const auto header = read_video_header(body);
    if (!header) return std::unexpected(header.error());
    if (!*header) return drop_bad("a video tag is cut short");
    switch ((*header)->content) {
        case Content::Parameters:
            return video_parameters(BytesView{body}.subspan((*header)->bytes));
        case Content::Frame:
            return video_frame(timestamp, **header, std::move(body));
        case Content::Nothing:
            return {};
    }
    return {};
}

Result<void> FlvReader::audio(std::uint32_t timestamp, Bytes body) {
    const auto header = read_audio_header(body);
    if (!header) return std::unexpected(header.error());
    if (!*header) return drop_bad("an audio tag is cut short");
    switch ((*header)->content) {
        case Content::Parameters:
            return audio_parameters(BytesView{body}.subspan((*header)->bytes));
        case Content::Frame:
            return audio_frame(timestamp, **header, std::move(body));
        case Content::Nothing:
            return {};
    }
    return {};
}

// 17 01 00 00 50 | frame type 1, codec 7 | AVCPacketType 1: NAL units | composition time 80
Result<std::optional<FlvReader::VideoHeader>> FlvReader::read_video_header(BytesView body) {
    BytesReader reader{body};
    const auto first = reader.number(1);
    if (!first) return VideoHeader{};
    if ((*first & 0x80) != 0) return read_enhanced_video_header(body);
    if (*first >> 4 == kVideoCommand) return VideoHeader{};
    if ((*first & 0x0f) != kAvc) return video_unsupported(video_codec_name(*first & 0x0f));

    const auto packet = reader.number(1);
    const auto composition = reader.number(3);
    if (!packet || !composition) return std::nullopt;
    VideoHeader header{.bytes = 5, .composition = signed_24(*composition)};
    if (*packet == 0) header.content = Content::Parameters;
    // Some encoders send pictures of no bytes where they skip one.
    if (*packet == 1 && reader.remaining() > 0) header.content = Content::Frame;
    return header;
}

// 91 61 76 63 31 00 00 50 | enhanced, frame type 1, packet type 1 | "avc1" | composition time 80
Result<std::optional<FlvReader::VideoHeader>> FlvReader::read_enhanced_video_header(
    BytesView body) {
    BytesReader reader{body};
    const auto first = *reader.number(1);
    const auto packet = static_cast<unsigned>(first & 0x0f);
    if ((first >> 4 & 7) == kVideoCommand) return VideoHeader{};
    if (packet == kMultitrack || packet == kModifier) {
        return fail(ErrorCode::Unsupported,
                    "the encoder sends Enhanced RTMP with several tracks or modifiers: switch "
                    "multitrack off in the encoder");
    }
    const auto four_cc = reader.take(4);
    if (!four_cc) return std::nullopt;
    if (as_text(*four_cc) != "avc1") return video_unsupported(four_cc_name(as_text(*four_cc)));

    VideoHeader header{.bytes = 5};
    if (packet == 0) header.content = Content::Parameters;
    if (packet == 1) {  // coded frames with a composition time; 3: without
        const auto composition = reader.number(3);
        if (!composition) return std::nullopt;
        header.bytes = 8;
        header.composition = signed_24(*composition);
    }
    if ((packet == 1 || packet == 3) && reader.remaining() > 0) header.content = Content::Frame;
    return header;
}

// af 01 | AAC, 44.1 kHz, 16 bits, stereo (always said so) | AACPacketType 1: raw
Result<std::optional<FlvReader::AudioHeader>> FlvReader::read_audio_header(BytesView body) {
    BytesReader reader{body};
    const auto first = reader.number(1);
    if (!first) return AudioHeader{};  // librtmp sends empty audio tags to keep a stream open
    if (*first >> 4 == kEnhancedAudio) return read_enhanced_audio_header(body);
    if (*first >> 4 != kAac)
        return audio_unsupported(audio_codec_name(static_cast<unsigned>(*first >> 4)));

    const auto packet = reader.number(1);
    if (!packet) return std::nullopt;
    AudioHeader header{.bytes = 2};
    if (*packet == 0) header.content = Content::Parameters;
    if (*packet == 1 && reader.remaining() > 0) header.content = Content::Frame;
    return header;
}

// 91 6d 70 34 61 | enhanced, packet type 1 | "mp4a"
Result<std::optional<FlvReader::AudioHeader>> FlvReader::read_enhanced_audio_header(
    BytesView body) {
    BytesReader reader{body};
    const auto packet = static_cast<unsigned>(*reader.number(1) & 0x0f);
    if (packet == 5 || packet == kModifier) {  // 5: multitrack, for audio
        return fail(ErrorCode::Unsupported,
                    "the encoder sends Enhanced RTMP with several tracks or modifiers: switch "
                    "multitrack off in the encoder");
    }
    const auto four_cc = reader.take(4);
    if (!four_cc) return std::nullopt;
    if (as_text(*four_cc) != "mp4a") return audio_unsupported(four_cc_name(as_text(*four_cc)));
    AudioHeader header{.bytes = 5};
    if (packet == 0) header.content = Content::Parameters;
    if (packet == 1 && reader.remaining() > 0) header.content = Content::Frame;
    return header;
}

Result<void> FlvReader::video_parameters(BytesView record) {
    if (video_parameters_ && as_text(record) == as_text(video_record_)) return {};
    auto configuration = h264::read_decoder_configuration(record);
    if (!configuration) return std::unexpected(configuration.error());
    video_record_.assign(record.begin(), record.end());
    nal_length_size_ = configuration->nal_length_size;
    if (video_parameters_ == configuration->parameters) return {};
    const auto allowed = parameters_change();
    if (!allowed) return allowed;
    video_parameters_ = configuration->parameters;
    sink_.on_video_parameters(std::move(configuration->parameters));
    return {};
}

Result<void> FlvReader::audio_parameters(BytesView config) {
    if (audio_parameters_ && as_text(config) == as_text(audio_config_)) return {};
    const auto parameters = aac::read_audio_specific_config(config);
    if (!parameters) return std::unexpected(parameters.error());
    audio_config_.assign(config.begin(), config.end());
    if (audio_parameters_ == *parameters) return {};
    const auto allowed = parameters_change();
    if (!allowed) return allowed;
    audio_parameters_ = *parameters;
    sink_.on_audio_parameters(*parameters);
    return {};
}

Result<void> FlvReader::video_frame(std::uint32_t timestamp, const VideoHeader& header,
                                    Bytes body) {
    if (!video_parameters_) {
        ++counts_.dropped;
        return {};
    }
    const auto dts = media_time(Track::Video, timestamp);
    if (!dts) return std::unexpected(dts.error());
    std::int32_t composition = header.composition;
    if (composition < 0) {
        ++counts_.clamped;
        composition = 0;
    }
    AccessUnit unit{.track = Track::Video,
                    .dts = *dts,
                    .pts = *dts + std::chrono::milliseconds{composition},
                    .data = std::move(body),
                    .nal_units = {}};
    const auto found = h264::find_nal_units(unit, header.bytes, nal_length_size_);
    if (!found) return drop_bad(found.error().what);
    bad_in_a_row_ = 0;
    ++counts_.video_frames;
    sink_.on_access_unit(std::move(unit));
    return {};
}

Result<void> FlvReader::audio_frame(std::uint32_t timestamp, const AudioHeader& header,
                                    Bytes body) {
    if (!audio_parameters_) {
        ++counts_.dropped;
        return {};
    }
    const auto dts = media_time(Track::Audio, timestamp);
    if (!dts) return std::unexpected(dts.error());
    const std::size_t frame_bytes = body.size() - header.bytes;
    if (frame_bytes > aac::kFrameBytesMax) {
        return drop_bad(fmt::format("an AAC frame of {} bytes is above the limit of {}",
                                    frame_bytes, aac::kFrameBytesMax));
    }
    bad_in_a_row_ = 0;
    ++counts_.audio_frames;
    sink_.on_access_unit({.track = Track::Audio,
                          .dts = *dts,
                          .pts = *dts,
                          .data = std::move(body),
                          .nal_units = {},
                          .audio_frame = {static_cast<std::uint32_t>(header.bytes),
                                          static_cast<std::uint32_t>(frame_bytes)}});
    return {};
}

Result<void> FlvReader::drop_bad(std::string_view why) {
    ++counts_.dropped;
    if (++bad_in_a_row_ < kBadFramesMax) return {};
    return fail(ErrorCode::Malformed,
                fmt::format("{} frames in a row cannot be read; the last: {}", kBadFramesMax, why));
}

Result<void> FlvReader::parameters_change() {
    if (parameter_changes_.take()) return {};
    return fail(ErrorCode::LimitExceeded,
                fmt::format("the size, profile or sound of the stream changes more than {} times "
                            "and more than once a second: keep the encoder's settings while it "
                            "streams",
                            kParameterChangeRate.burst));
}

Result<MediaTime> FlvReader::media_time(Track track, std::uint32_t timestamp) {
    const auto milliseconds = times_.extend(timestamp);
    if (!milliseconds) return std::unexpected(milliseconds.error());
    Pace& pace = paces_[static_cast<std::size_t>(track)];
    const std::int64_t step = *milliseconds - pace.last.value_or(*milliseconds);
    pace.last = *milliseconds;
    // A clock that goes back or leaps goes on by no more than a frame's duration (PublisherClock).
    if (!pace.media.take(step >= 0 && step <= kLeap ? step : kFrameMax)) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("the media comes more than {} times as fast as it plays: let the "
                                "encoder send in real time (ffmpeg: -re)",
                                kMediaRate.per_second / 1'000));
    }
    return MediaTime{*milliseconds * 90};
}

}  // namespace oxbow::ingest
