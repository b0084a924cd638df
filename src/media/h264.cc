#include "media/h264.h"

#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "base/ensure.h"
#include "media/h264_sps.h"

namespace oxbow::h264 {
namespace {

std::unexpected<Error> cut_short() {
    return fail(ErrorCode::Malformed,
                "The H.264 decoder configuration is cut short; check the encoder.");
}

/// Reads `count` parameter sets of NAL type `type`, each behind a 16-bit length.
Result<std::vector<Bytes>> read_parameter_sets(BytesReader& in, std::size_t count, NalType type) {
    if (count > kParameterSetsMax) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("The H.264 decoder configuration has more than {} parameter sets of a "
                        "kind; check the encoder.",
                        kParameterSetsMax));
    }
    std::vector<Bytes> sets;
    for (std::size_t i = 0; i < count; ++i) {
        const auto length = in.number(2);
        if (!length) return cut_short();
        const auto nal = in.take(*length);
        if (!nal) return cut_short();
        if (nal->size() > kParameterSetBytesMax) {
            return fail(
                ErrorCode::LimitExceeded,
                fmt::format("An H.264 parameter set is longer than {} bytes; check the encoder.",
                            kParameterSetBytesMax));
        }
        if (nal->empty() || nal_type((*nal)[0]) != type) {
            return fail(
                ErrorCode::Malformed,
                "The H.264 decoder configuration holds something else where a parameter set "
                "must stand; check the encoder.");
        }
        sets.emplace_back(nal->begin(), nal->end());
    }
    return sets;
}

}  // namespace

Result<DecoderConfiguration> read_decoder_configuration(BytesView record) {
    BytesReader in{record};
    const auto head = in.take(6);
    if (!head) return cut_short();
    if ((*head)[0] != 1) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("The H.264 decoder configuration has version {}, only 1 exists; check "
                        "the encoder.",
                        (*head)[0]));
    }
    DecoderConfiguration out;
    out.nal_length_size = static_cast<std::uint8_t>(((*head)[4] & 3) + 1);
    if (out.nal_length_size == 3) {
        return fail(
            ErrorCode::Malformed,
            "The H.264 decoder configuration states NAL lengths of 3 bytes, which do not exist; "
            "check the encoder.");
    }
    auto sps_sets = read_parameter_sets(in, (*head)[5] & 0x1f, kNalSps);
    if (!sps_sets) return std::unexpected(sps_sets.error());
    if (sps_sets->empty()) {
        return fail(
            ErrorCode::Malformed,
            "The H.264 decoder configuration holds no sequence parameter set; check the encoder.");
    }
    const auto pps_count = in.number(1);
    if (!pps_count) return cut_short();
    auto pps_sets = read_parameter_sets(in, *pps_count, kNalPps);
    if (!pps_sets) return std::unexpected(pps_sets.error());
    const auto sps = read_sps(sps_sets->front());
    if (!sps) return std::unexpected(sps.error());

    out.parameters = {.sps = std::move(*sps_sets),
                      .pps = std::move(*pps_sets),
                      .profile_idc = sps->profile_idc,
                      .constraint_flags = sps->constraint_flags,
                      .level_idc = sps->level_idc,
                      .width = sps->width,
                      .height = sps->height,
                      .frame_rate = sps->frame_rate};
    return out;
}

Result<void> find_nal_units(AccessUnit& unit, std::size_t payload_offset,
                            std::uint8_t nal_length_size) {
    ENSURE(payload_offset <= unit.data.size());
    ENSURE(unit.data.size() <= std::numeric_limits<std::uint32_t>::max());
    unit.nal_units.clear();
    unit.key_frame = KeyFrame::No;
    BytesReader in{BytesView{unit.data}.subspan(payload_offset)};
    while (in.remaining() > 0) {
        const auto length = in.number(nal_length_size);
        const std::size_t offset = unit.data.size() - in.remaining();
        const auto nal = length ? in.take(*length) : std::nullopt;
        if (!nal) {
            return fail(ErrorCode::Malformed,
                        "A NAL unit reaches past the end of its picture; check the encoder.");
        }
        if (nal->empty()) continue;  // some encoders pad with units of length 0
        if (unit.nal_units.size() == kNalUnitsMax) {
            return fail(
                ErrorCode::LimitExceeded,
                fmt::format("A picture has more than {} NAL units; lower the encoder's slices.",
                            kNalUnitsMax));
        }
        unit.nal_units.push_back({.offset = static_cast<std::uint32_t>(offset),
                                  .size = static_cast<std::uint32_t>(nal->size())});
        if (nal_type((*nal)[0]) == kNalIdr) unit.key_frame = KeyFrame::Yes;
    }
    if (unit.nal_units.empty()) {
        return fail(ErrorCode::Malformed, "A picture holds no NAL unit; check the encoder.");
    }
    return {};
}

}  // namespace oxbow::h264
