#pragma once

#include "base/result.h"
#include "media/access_unit.h"

namespace oxbow::h264 {

enum NalType : std::uint8_t {
    kNalSlice = 1,
    kNalIdr = 5,
    kNalSei = 6,
    kNalSps = 7,
    kNalPps = 8,
    kNalAud = 9
};

inline std::uint8_t nal_type(std::uint8_t first_byte) {
    return first_byte & 0x1f;
}

/// An AVCDecoderConfigurationRecord read: the parameters and how long the NAL length fields are.
struct DecoderConfiguration {
    VideoParameters parameters;
    std::uint8_t nal_length_size = 4;  // bytes: 1, 2 or 4
};

/// Reads an AVCDecoderConfigurationRecord.
///
/// Errors: Malformed      cut short, no SPS, or a first SPS that cannot be.
///         LimitExceeded  a picture above kPictureEdgeMax, more than kParameterSetsMax, a parameter
///         set
///                        above kParameterSetBytesMax.
///         Unsupported    not 4:2:0 with 8 bits, which browsers do not play.
/// Source: ISO/IEC 14496-15 §5.3.3.1; ISO/IEC 14496-10 §7.3.2.1.1 and Annex E.
Result<DecoderConfiguration> read_decoder_configuration(BytesView record);

/// Finds the NAL units of a length-prefixed picture: fills nal_units and key_frame from unit.data
/// behind `payload_offset`. Units of length 0 are left out.
///
/// Errors: Malformed      a length that reaches past the end, or no NAL unit at all.
///         LimitExceeded  more than kNalUnitsMax.
/// Source: ISO/IEC 14496-15 §5.3.4.2.
Result<void> find_nal_units(AccessUnit& unit, std::size_t payload_offset,
                            std::uint8_t nal_length_size);

inline constexpr int kPictureEdgeMax = 8192;                 // pixels
inline constexpr std::size_t kNalUnitsMax = 1'000;           // per picture
inline constexpr std::size_t kParameterSetsMax = 8;          // of a kind, in one record
inline constexpr std::size_t kParameterSetBytesMax = 4'096;  // they are repeated in every segment

}  // namespace oxbow::h264
