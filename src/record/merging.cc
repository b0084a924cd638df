#include "record/merging.h"

#include <cmath>

#include <fmt/format.h>

namespace oxbow::record {
namespace {

constexpr double kFrameRateTolerance = 0.5;

std::string codec_family(const VideoParameters& video) {
    const std::string codec = codec_string(video);  // avc1.64001F: profile and level may differ
    return codec.substr(0, codec.find('.'));
}

bool is_within_half(std::uint64_t original, std::uint64_t next) {
    const std::uint64_t difference = original > next ? original - next : next - original;
    return difference <= original / 2;
}

std::optional<std::string> differing_tracks(const RenditionParameters& original,
                                            const RenditionParameters& next) {
    const auto tracks = [](const RenditionParameters& of) {
        return fmt::format("{}{}", of.video ? codec_family(*of.video) : "no picture",
                           of.audio ? " and " + codec_string(*of.audio) : " and no sound");
    };
    const std::string before = tracks(original);
    const std::string now = tracks(next);
    if (before == now) return std::nullopt;
    return fmt::format("it has {}, the recording {}", now, before);
}

}  // namespace

std::uint64_t declared_bits_per_second(const StreamMetadata& metadata) {
    constexpr double kBelievable = 1e12;
    const auto believed = [](double rate) { return rate > 0 && rate < kBelievable ? rate : 0; };
    if (believed(metadata.video_bits_per_second) == 0) return 0;
    return static_cast<std::uint64_t>(std::llround(believed(metadata.video_bits_per_second) +
                                                   believed(metadata.audio_bits_per_second)));
}

std::optional<std::string> why_not_merged(const StreamTraits& original, const StreamTraits& next) {
    if (auto differ = differing_tracks(*original.parameters, *next.parameters)) return differ;
    const auto& before = original.parameters->video;
    const auto& now = next.parameters->video;
    if (now && (before->width != now->width || before->height != now->height)) {
        return fmt::format("its pictures have {}x{}, those of the recording {}x{}", now->width,
                           now->height, before->width, before->height);
    }
    if (now && std::abs(original.frame_rate - next.frame_rate) >= kFrameRateTolerance) {
        return fmt::format("it has {:.3f} frames a second, the recording {:.3f}", next.frame_rate,
                           original.frame_rate);
    }
    const bool declared =
        original.declared_bits_per_second > 0 && next.declared_bits_per_second > 0;
    const auto rate = [&](const StreamTraits& of) {
        return declared ? of.declared_bits_per_second : of.measured_bits_per_second;
    };
    if (!is_within_half(rate(original), rate(next))) {
        return fmt::format("it has {} bits a second, the recording {}", rate(next), rate(original));
    }
    return std::nullopt;
}

}  // namespace oxbow::record
