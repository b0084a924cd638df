#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "packager/playlists.h"

namespace oxbow {
namespace {

constexpr std::array kUsualRates = {5.0,
                                    10.0,
                                    12.0,
                                    12.5,
                                    15.0,
                                    20.0,
                                    24'000.0 / 1'001,
                                    24.0,
                                    25.0,
                                    30'000.0 / 1'001,
                                    30.0,
                                    48.0,
                                    50.0,
                                    60'000.0 / 1'001,
                                    60.0,
                                    90.0,
                                    100.0,
                                    120.0};
constexpr double kHeaderAgreement = 0.05;
constexpr double kUsualAgreement = 0.02;

bool agree(double one, double other, double within) {
    return std::abs(one - other) <= other * within;
}

/// Everything of EXT-X-STREAM-INF behind BANDWIDTH that both kinds of playlist say in one form.
std::string stream_attributes(const Variant& variant) {
    std::string out = fmt::format("BANDWIDTH={},CODECS=\"{}\"", variant.bandwidth, variant.codecs);
    auto end = std::back_inserter(out);
    if (variant.width > 0) fmt::format_to(end, ",RESOLUTION={}x{}", variant.width, variant.height);
    if (variant.frame_rate > 0) fmt::format_to(end, ",FRAME-RATE={:.3f}", variant.frame_rate);
    return out;
}

}  // namespace

std::string recording_multivariant_playlist(std::string_view channel_id,
                                            std::string_view account_id,
                                            std::span<const Variant> variants) {
    std::string out = fmt::format(
        "#EXTM3U\n"
        "#EXT-X-SESSION-DATA:DATA-ID=\"net.live-video.content.id\",VALUE=\"{}\"\n"
        "#EXT-X-SESSION-DATA:DATA-ID=\"net.live-video.customer.id\",VALUE=\"{}\"",
        channel_id, account_id);
    auto end = std::back_inserter(out);
    for (const Variant& variant : variants) {
        const std::string stream = stream_attributes(variant);
        if (variant.width > 0) {
            fmt::format_to(end,
                           "\n#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"{0}\",NAME=\"{1}\",AUTOSELECT=YES,"
                           "DEFAULT=YES\n#EXT-X-STREAM-INF:PROGRAM-ID=1,{2},VIDEO=\"{0}\"",
                           variant.group_id, variant.name, stream);
        } else {
            fmt::format_to(end, "\n#EXT-X-STREAM-INF:PROGRAM-ID=1,{}", stream);
        }
        fmt::format_to(end, "\n{}", variant.path);
    }
    return out;
}

std::string multivariant_playlist(std::span<const Variant> variants) {
    std::string out = "#EXTM3U\n";
    for (const Variant& variant : variants) {
        fmt::format_to(std::back_inserter(out), "#EXT-X-STREAM-INF:{}\n{}\n",
                       stream_attributes(variant), variant.path);
    }
    return out;
}

double frame_rate_of(const RenditionParameters& parameters, std::uint32_t frames,
                     MediaTime duration) {
    if (!parameters.video) return 0;
    const auto& stated = parameters.video->frame_rate;
    if (frames == 0 || duration <= MediaTime{}) return stated ? stated->value() : 0;
    const double measured = frames / std::chrono::duration<double>(duration).count();
    if (stated && agree(measured, stated->value(), kHeaderAgreement)) return stated->value();
    double nearest = kUsualRates.front();
    for (const double rate : kUsualRates) {
        if (std::abs(rate - measured) < std::abs(nearest - measured)) nearest = rate;
    }
    return agree(measured, nearest, kUsualAgreement) ? nearest : measured;
}

std::string rendition_name(const RenditionParameters& parameters, double frame_rate) {
    if (!parameters.video) return "audio";
    const auto rate = std::lround(frame_rate);
    if (rate == 0) return fmt::format("{}p", parameters.video->height);
    return fmt::format("{}p{}", parameters.video->height, rate);
}

Variant variant_of(const RenditionParameters& parameters, double frame_rate,
                   std::uint64_t bandwidth) {
    Variant out;
    out.group_id = rendition_name(parameters, frame_rate);
    out.name = out.group_id;
    out.bandwidth = bandwidth;
    if (const auto& video = parameters.video) {
        out.codecs = codec_string(*video);
        out.width = video->width;
        out.height = video->height;
        out.frame_rate = frame_rate;
        if (std::lround(frame_rate) == 30) out.name = fmt::format("{}p", video->height);
    }
    if (parameters.audio) {
        if (!out.codecs.empty()) out.codecs += ',';
        out.codecs += codec_string(*parameters.audio);
    }
    return out;
}

Variant variant_of(const LiveSegment& first) {
    const double frame_rate = frame_rate_of(*first.parameters, first.video_frames, first.duration);
    Variant out = variant_of(*first.parameters, frame_rate, bits_per_second(first));
    out.of_lead = first.lead;
    return out;
}

bool widen(Variant& variant, const LiveSegment& segment) {
    const Variant before = variant;
    const RenditionParameters& parameters = *segment.parameters;
    const bool counts_alone = variant.of_lead && !segment.lead;
    if (counts_alone) {
        variant.bandwidth = bits_per_second(segment);
        variant.of_lead = false;
    } else if (!segment.lead) {
        variant.bandwidth = std::max(variant.bandwidth, bits_per_second(segment));
    }
    if (parameters.audio && !variant.codecs.contains("mp4a."))
        variant.codecs += ',' + codec_string(*parameters.audio);
    if (parameters.video && !variant.codecs.contains("avc1."))
        variant.codecs.insert(0, codec_string(*parameters.video) + ',');
    return variant.bandwidth != before.bandwidth || variant.codecs != before.codecs;
}

}  // namespace oxbow
