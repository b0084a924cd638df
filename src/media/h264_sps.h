#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "media/access_unit.h"

namespace oxbow::h264 {

/// What a sequence parameter set says of the pictures.
struct Sps {
    std::uint8_t profile_idc = 0;
    std::uint8_t constraint_flags = 0;
    std::uint8_t level_idc = 0;
    int width = 0;  // pixels shown, after cropping
    int height = 0;
    std::optional<FrameRate>
        frame_rate;  // reduced; absent where the VUI states none, or is cut short
};

/// Reads a sequence parameter set NAL unit, its header byte and emulation prevention included.
///
/// Errors: Malformed      cut short, or numbers that cannot be.
///         LimitExceeded  a picture above kPictureEdgeMax.
///         Unsupported    not 4:2:0 with 8 bits.
/// Source: ISO/IEC 14496-10 §7.3.2.1.1, §7.4.2.1.1, Annex E.
Result<Sps> read_sps(BytesView nal);

/// The payload of a NAL unit without emulation prevention bytes (00 00 03 becomes 00 00).
///
/// Source: ISO/IEC 14496-10 §7.3.1.
Bytes without_emulation_prevention(BytesView nal);

}  // namespace oxbow::h264
