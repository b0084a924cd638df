#include "media/aac.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ensure.h"
#include "media/bit_reader.h"

namespace oxbow::aac {
namespace {

constexpr unsigned kLowComplexity = 2;  // audio object types, ISO/IEC 14496-3 table 1.17
constexpr unsigned kSpectralBandReplication = 5;
constexpr unsigned kParametricStereo = 29;
constexpr unsigned kEscapedObjectType = 31;
constexpr unsigned kExplicitFrequency = 15;

// ISO/IEC 14496-3 table 1.18; the index is that of the ADTS header.
constexpr std::array kSampleRates = {96'000, 88'200, 64'000, 48'000, 44'100, 32'000, 24'000,
                                     22'050, 16'000, 12'000, 11'025, 8'000,  7'350};
constexpr std::array kChannels = {0, 1, 2, 3, 4, 5, 6, 8};  // of channelConfiguration

std::unexpected<Error> cut_short() {
    return fail(ErrorCode::Malformed, "The AAC configuration is cut short; check the encoder.");
}

unsigned read_object_type(BitReader& in) {
    const unsigned type = in.bits(5);
    return type == kEscapedObjectType ? 32 + in.bits(6) : type;
}

/// The frequency's index in kSampleRates.
Result<std::uint8_t> read_frequency(BitReader& in) {
    const unsigned index = in.bits(4);
    if (index < kSampleRates.size()) return static_cast<std::uint8_t>(index);
    if (index != kExplicitFrequency) {
        return fail(
            ErrorCode::Malformed,
            "The AAC configuration names a reserved sampling frequency; check the encoder.");
    }
    const auto rate = static_cast<int>(in.bits(24));
    if (in.failed()) return cut_short();
    const auto found = std::ranges::find(kSampleRates, rate);
    if (found == kSampleRates.end()) {
        return fail(
            ErrorCode::Unsupported,
            fmt::format("The audio has {} samples a second, which HLS cannot carry; set the "
                        "encoder to 48000 or 44100.",
                        rate));
    }
    return static_cast<std::uint8_t>(found - kSampleRates.begin());
}

}  // namespace

Result<AudioParameters> read_audio_specific_config(BytesView config) {
    BitReader in{config};
    unsigned object_type = read_object_type(in);
    const auto frequency = read_frequency(in);
    if (!frequency) return std::unexpected(frequency.error());
    const unsigned channels = in.bits(4);
    if (object_type == kSpectralBandReplication || object_type == kParametricStereo) {
        // The core is what ADTS can say; a decoder finds the extension in the frames by itself.
        if (auto extension = read_frequency(in); !extension)
            return std::unexpected(extension.error());
        object_type = read_object_type(in);
    }
    const bool short_frames = in.flag();  // 960 samples
    in.skip(2);                           // dependsOnCoreCoder, extensionFlag
    if (in.failed()) return cut_short();
    if (object_type != kLowComplexity || short_frames) {
        return fail(
            ErrorCode::Unsupported,
            fmt::format("The audio is not AAC-LC with frames of 1024 samples (object type {}); "
                        "set the encoder to AAC-LC.",
                        object_type));
    }
    if (channels == 0 || channels >= kChannels.size()) {
        return fail(
            ErrorCode::Unsupported,
            fmt::format("The audio's channel configuration {} is not one of mono to 7.1; set "
                        "the encoder to stereo.",
                        channels));
    }
    return AudioParameters{.object_type = kLowComplexity,
                           .frequency_index = *frequency,
                           .channel_configuration = static_cast<std::uint8_t>(channels),
                           .sample_rate = kSampleRates[*frequency],
                           .channels = kChannels[channels]};
}

std::array<std::uint8_t, kAdtsHeaderBytes> adts_header(const AudioParameters& audio,
                                                       std::size_t frame_bytes) {
    ENSURE(frame_bytes <= kFrameBytesMax);
    const auto length = static_cast<unsigned>(frame_bytes + kAdtsHeaderBytes);
    const unsigned channels = audio.channel_configuration;
    const auto byte = [](unsigned value) { return static_cast<std::uint8_t>(value & 0xff); };
    return {0xff,
            0xf1,  // syncword, MPEG-4, layer 0, no CRC
            byte((audio.object_type - 1U) << 6 | audio.frequency_index << 2 | channels >> 2),
            byte((channels & 3) << 6 | length >> 11),
            byte(length >> 3),
            byte((length & 7) << 5 | 0x1f),  // buffer fullness 0x7ff: not stated
            0xfc};                           // one raw data block
}

}  // namespace oxbow::aac
