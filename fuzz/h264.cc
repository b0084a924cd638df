// H.264: decoder configuration, sequence parameter set, NAL units. Input: any of these; each is
// tried.

#include "media/h264.h"
#include "base/ensure.h"
#include "fuzz/target.h"
#include "media/h264_sps.h"

namespace oxbow::fuzz {
namespace {

using namespace h264;

void check_picture_size(int width, int height) {
    ENSURE(width > 0 && width <= kPictureEdgeMax);
    ENSURE(height > 0 && height <= kPictureEdgeMax);
}

void check_rate(const std::optional<FrameRate>& rate) {
    ENSURE(!rate || (rate->numerator > 0 && rate->denominator > 0));
}

void append_sets(Bytes& record, const std::vector<Bytes>& sets) {
    for (const Bytes& set : sets) {
        append_number(record, set.size(), 2);
        append(record, set);
    }
}

/// The record that says the same.
Bytes written(const DecoderConfiguration& configuration) {
    const VideoParameters& video = configuration.parameters;
    Bytes record{1, video.profile_idc, video.constraint_flags, video.level_idc};
    record.push_back(static_cast<std::uint8_t>(0xfc | (configuration.nal_length_size - 1)));
    record.push_back(static_cast<std::uint8_t>(0xe0 | video.sps.size()));
    append_sets(record, video.sps);
    record.push_back(static_cast<std::uint8_t>(video.pps.size()));
    append_sets(record, video.pps);
    return record;
}

void check_configuration(BytesView input) {
    const auto read = read_decoder_configuration(input);
    if (!read) return;
    check_picture_size(read->parameters.width, read->parameters.height);
    check_rate(read->parameters.frame_rate);
    ENSURE(!codec_string(read->parameters).empty());
    const auto again = read_decoder_configuration(written(*read));
    ENSURE(again.has_value());
    ENSURE(again->parameters == read->parameters);
    ENSURE(again->nal_length_size == read->nal_length_size);
}

void check_sps(BytesView input) {
    const auto sps = read_sps(input);
    if (!sps) return;
    check_picture_size(sps->width, sps->height);
    check_rate(sps->frame_rate);
}

/// Bytes as an encoder protects them: no three that look like a start code.
Bytes with_emulation_prevention(BytesView payload) {
    Bytes out;
    int zeros = 0;
    for (const std::uint8_t byte : payload) {
        if (zeros >= 2 && byte <= 3) {
            out.push_back(3);
            zeros = 0;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        out.push_back(byte);
    }
    return out;
}

void check_emulation_prevention(BytesView input) {
    ENSURE(without_emulation_prevention(input).size() <= input.size());
    const Bytes same = without_emulation_prevention(with_emulation_prevention(input));
    ENSURE(as_text(same) == as_text(input));
}

/// What find_nal_units finds is the picture: written again with its lengths, it is found again.
void check_nal_units(BytesView input, std::uint8_t length_size) {
    AccessUnit unit{.data = {input.begin(), input.end()}, .nal_units = {}};
    if (!find_nal_units(unit, 0, length_size)) return;
    ENSURE(!unit.nal_units.empty() && unit.nal_units.size() <= kNalUnitsMax);

    AccessUnit again{.data = {}, .nal_units = {}};
    for (const NalUnit& nal : unit.nal_units) {
        append_number(again.data, nal.size, length_size);
        append(again.data, view(unit, nal));
    }
    ENSURE(again.data.size() <= unit.data.size());
    ENSURE(find_nal_units(again, 0, length_size).has_value());
    ENSURE(again.nal_units.size() == unit.nal_units.size());
    ENSURE(again.key_frame == unit.key_frame);
}

}  // namespace

void check(BytesView input) {
    check_configuration(input);
    check_sps(input);
    check_emulation_prevention(input);
    for (const std::uint8_t length_size : {1, 2, 4}) check_nal_units(input, length_size);
}

}  // namespace oxbow::fuzz
