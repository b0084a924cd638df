#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/times.h"

namespace oxbow {

enum class Track : std::uint8_t { Video, Audio };
enum class KeyFrame : bool { No, Yes };

/// Frames per second as a fraction, as a header states it.
struct FrameRate {
    std::uint32_t numerator = 0;
    std::uint32_t denominator = 1;

    double value() const { return static_cast<double>(numerator) / denominator; }
    friend bool operator==(const FrameRate&, const FrameRate&) = default;
};

/// What a decoder must know before the first picture; read from an AVCDecoderConfigurationRecord.
struct VideoParameters {
    std::vector<Bytes> sps;  // NAL units without start code; at least one
    std::vector<Bytes> pps;
    std::uint8_t profile_idc = 0;
    std::uint8_t constraint_flags = 0;
    std::uint8_t level_idc = 0;
    int width = 0;  // pixels shown, after cropping
    int height = 0;
    std::optional<FrameRate> frame_rate;  // of the VUI, where it states one

    friend bool operator==(const VideoParameters&, const VideoParameters&) = default;
};

// avc1.4D401F
std::string codec_string(const VideoParameters& video);

/// What a decoder must know before the first sound; read from an AudioSpecificConfig.
struct AudioParameters {
    std::uint8_t object_type = 2;      // 2: AAC-LC (ISO/IEC 14496-3 table 1.17)
    std::uint8_t frequency_index = 4;  // of the ADTS header; 4: 44.1 kHz
    std::uint8_t channel_configuration = 2;
    int sample_rate = 44'100;
    int channels = 2;

    friend bool operator==(const AudioParameters&, const AudioParameters&) = default;
};

// mp4a.40.2
std::string codec_string(const AudioParameters& audio);

/// A piece of AccessUnit::data.
struct NalUnit {
    std::uint32_t offset;
    std::uint32_t size;  // at least 1
};

/// One coded picture, or one AAC frame, as it came from the publisher.
struct AccessUnit {
    Track track = Track::Video;
    KeyFrame key_frame = KeyFrame::No;  // Yes: an IDR picture is in it
    MediaTime dts{};
    MediaTime pts{};  // never before dts
    Bytes data;       // owns the bytes; may hold more than the payload
    std::vector<NalUnit>
        nal_units;              // video: in order, without length or start code, all inside data
    NalUnit audio_frame{0, 0};  // audio: the raw AAC frame, without ADTS header
};

inline BytesView view(const AccessUnit& unit, NalUnit piece) {
    return BytesView{unit.data}.subspan(piece.offset, piece.size);
}

/// What a publisher says of itself (RTMP onMetaData). Only hints: nothing is decided by it alone.
struct StreamMetadata {
    std::string encoder;  // "Lavf59.27.100"
    double video_bits_per_second = 0;
    double audio_bits_per_second = 0;
    double frame_rate = 0;
};

/// Where ingest delivers a publisher's media. All calls come on the strand of the channel.
///
/// Parameters come before the first access unit of their track and again when they change; a repeat
/// that changes nothing is not delivered.
class AccessUnitSink {
public:
    virtual ~AccessUnitSink() = default;
    virtual void on_metadata(const StreamMetadata& metadata) = 0;
    virtual void on_video_parameters(VideoParameters parameters) = 0;
    virtual void on_audio_parameters(AudioParameters parameters) = 0;
    /// dts as the publisher sent it, in order of arrival; a track's dts may jump or go back.
    virtual void on_access_unit(AccessUnit unit) = 0;
};

}  // namespace oxbow
