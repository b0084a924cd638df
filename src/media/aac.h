#pragma once

#include <array>

#include "base/result.h"
#include "media/access_unit.h"

namespace oxbow::aac {

inline constexpr int kSamplesPerFrame = 1024;
inline constexpr std::size_t kAdtsHeaderBytes = 7;
inline constexpr std::size_t kFrameBytesMax =
    8191 - kAdtsHeaderBytes;  // 13 bits of ADTS frame length

/// Reads an AudioSpecificConfig. HE-AAC that is signalled explicitly is taken as its AAC-LC core.
///
/// Errors: Malformed    cut short, or a reserved sampling frequency.
///         Unsupported  not AAC-LC, or more than 7.1 channels; a frequency that ADTS cannot name.
/// Source: ISO/IEC 14496-3 §1.6.2.1.
Result<AudioParameters> read_audio_specific_config(BytesView config);

/// The ADTS header in front of a raw frame of `frame_bytes` (at most kFrameBytesMax).
///
/// Source: ISO/IEC 13818-7 §6.2.
std::array<std::uint8_t, kAdtsHeaderBytes> adts_header(const AudioParameters& audio,
                                                       std::size_t frame_bytes);

}  // namespace oxbow::aac
