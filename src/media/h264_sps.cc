#include "media/h264_sps.h"

#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "media/bit_reader.h"
#include "media/h264.h"

namespace oxbow::h264 {
namespace {

constexpr unsigned kMacroblockPixels = 16;
constexpr std::uint32_t kMacroblocksMax = kPictureEdgeMax / kMacroblockPixels;
constexpr unsigned kExtendedAspectRatio = 255;
constexpr std::uint32_t kReferenceCycleMax = 255;

std::unexpected<Error> malformed(std::string_view why) {
    return fail(
        ErrorCode::Malformed,
        fmt::format("The H.264 sequence parameter set is not valid: {}; check the encoder.", why));
}

/// Profiles whose parameter sets state a chroma format.
bool states_chroma_format(std::uint8_t profile_idc) {
    switch (profile_idc) {
        case 44:
        case 83:
        case 86:
        case 100:
        case 110:
        case 118:
        case 122:
        case 128:
        case 134:
        case 135:
        case 138:
        case 139:
        case 244:
            return true;
        default:
            return false;
    }
}

// Source: ISO/IEC 14496-10 §7.3.2.1.1.1.
void skip_scaling_list(BitReader& in, int size) {
    std::int32_t last = 8;
    std::int32_t next = 8;
    for (int i = 0; i < size && !in.failed(); ++i) {
        if (next != 0)
            next = static_cast<std::int32_t>((std::int64_t{last} + in.signed_exp_golomb()) & 0xff);
        if (next != 0) last = next;
    }
}

Result<void> read_chroma(BitReader& in) {
    const std::uint32_t chroma_format = in.exp_golomb();
    if (chroma_format == 3) in.skip(1);  // separate_colour_plane_flag
    const std::uint32_t luma_depth = in.exp_golomb();
    const std::uint32_t chroma_depth = in.exp_golomb();
    in.skip(1);  // qpprime_y_zero_transform_bypass_flag
    if (in.failed()) return malformed("it is cut short");
    if (chroma_format > 3) return malformed("it names a chroma format that does not exist");
    if (chroma_format != 1 || luma_depth != 0 || chroma_depth != 0) {
        return fail(ErrorCode::Unsupported,
                    "The video is not 4:2:0 with 8 bits, which browsers do not play; "
                    "set the encoder to pixel format yuv420p (NV12).");
    }
    if (in.flag()) {  // seq_scaling_matrix_present_flag
        for (int i = 0; i < 8; ++i) {
            if (in.flag()) skip_scaling_list(in, i < 6 ? 16 : 64);
        }
    }
    return {};
}

Result<void> skip_picture_order(BitReader& in) {
    const std::uint32_t type = in.exp_golomb();
    if (type > 2) return malformed("it names a picture order type that does not exist");
    if (type == 0) in.exp_golomb();
    if (type != 1) return {};
    in.skip(1);
    in.signed_exp_golomb();
    in.signed_exp_golomb();
    const std::uint32_t cycle = in.exp_golomb();
    if (cycle > kReferenceCycleMax) return malformed("its picture order cycle is too long");
    for (std::uint32_t i = 0; i < cycle; ++i) in.signed_exp_golomb();
    return {};
}

/// The picture size; `sps` gets width and height.
Result<void> read_size(BitReader& in, Sps& sps) {
    const std::uint32_t across = in.exp_golomb();
    const std::uint32_t down = in.exp_golomb();
    const bool frames_only = in.flag();
    if (!frames_only) in.skip(1);  // mb_adaptive_frame_field_flag
    in.skip(1);                    // direct_8x8_inference_flag
    const bool cropped = in.flag();
    std::uint64_t crop_x = 0;
    std::uint64_t crop_y = 0;
    if (cropped) {
        crop_x = std::uint64_t{in.exp_golomb()} + in.exp_golomb();
        crop_y = std::uint64_t{in.exp_golomb()} + in.exp_golomb();
    }
    if (in.failed()) return malformed("it is cut short");
    const std::uint32_t fields = frames_only ? 1 : 2;
    if (across >= kMacroblocksMax || down >= kMacroblocksMax / fields) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("The picture is larger than {0}x{0}; lower the encoder's resolution.",
                        kPictureEdgeMax));
    }
    const std::uint64_t width = std::uint64_t{across + 1} * kMacroblockPixels;
    const std::uint64_t height = std::uint64_t{down + 1} * kMacroblockPixels * fields;
    crop_x *= 2;  // units of 4:2:0: two pixels across, two lines down in each field
    crop_y *= std::uint64_t{2} * fields;
    if (crop_x >= width || crop_y >= height)
        return malformed("nothing is left of the cropped picture");
    sps.width = static_cast<int>(width - crop_x);
    sps.height = static_cast<int>(height - crop_y);
    return {};
}

/// The rate that the VUI states. Encoders that cut it short are common, and it decides nothing:
/// that is the same as none.
///
/// Source: ISO/IEC 14496-10 §E.1.1, §E.2.1 (a frame is two ticks long).
std::optional<FrameRate> read_vui_rate(BitReader& in) {
    if (in.flag() && in.bits(8) == kExtendedAspectRatio) in.skip(32);
    if (in.flag()) in.skip(1);  // overscan
    if (in.flag()) {            // video signal type
        in.skip(4);
        if (in.flag()) in.skip(24);
    }
    if (in.flag()) {  // chroma location
        in.exp_golomb();
        in.exp_golomb();
    }
    if (!in.flag()) return std::nullopt;
    const std::uint64_t ticks = std::uint64_t{in.bits(32)} * 2;
    const std::uint64_t scale = in.bits(32);
    if (in.failed() || ticks == 0 || scale == 0) return std::nullopt;
    const std::uint64_t common = std::gcd(ticks, scale);
    if (ticks / common > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return FrameRate{.numerator = static_cast<std::uint32_t>(scale / common),
                     .denominator = static_cast<std::uint32_t>(ticks / common)};
}

}  // namespace

Bytes without_emulation_prevention(BytesView nal) {
    Bytes out;
    out.reserve(nal.size());
    int zeros = 0;
    for (const std::uint8_t byte : nal) {
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        out.push_back(byte);
    }
    return out;
}

Result<Sps> read_sps(BytesView nal) {
    if (nal.empty() || nal_type(nal[0]) != kNalSps) return malformed("it is not one");
    if (nal.size() > kParameterSetBytesMax) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("An H.264 parameter set is longer than {} bytes; check the encoder.",
                        kParameterSetBytesMax));
    }
    const Bytes payload = without_emulation_prevention(nal.subspan(1));
    BitReader in{payload};
    Sps sps;
    sps.profile_idc = static_cast<std::uint8_t>(in.bits(8));
    sps.constraint_flags = static_cast<std::uint8_t>(in.bits(8));
    sps.level_idc = static_cast<std::uint8_t>(in.bits(8));
    in.exp_golomb();  // seq_parameter_set_id
    if (states_chroma_format(sps.profile_idc)) {
        if (auto chroma = read_chroma(in); !chroma) return std::unexpected(chroma.error());
    }
    in.exp_golomb();  // log2_max_frame_num_minus4
    if (auto order = skip_picture_order(in); !order) return std::unexpected(order.error());
    in.exp_golomb();  // max_num_ref_frames
    in.skip(1);       // gaps_in_frame_num_value_allowed_flag
    if (auto size = read_size(in, sps); !size) return std::unexpected(size.error());
    const bool has_vui = in.flag();
    if (in.failed()) return malformed("it is cut short");
    if (has_vui) sps.frame_rate = read_vui_rate(in);
    return sps;
}

}  // namespace oxbow::h264
