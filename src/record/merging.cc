#include "record/merging.h"

#include <cmath>
#include <ranges>
#include <string_view>

#include <fmt/format.h>

namespace oxbow::record {
namespace {

constexpr double kFrameRateTolerance = 0.5;

/// avc1.64001F: another profile or level is the same codec. mp4a.40.5 is not mp4a.40.2.
std::string without_profiles(std::string_view codecs) {
    std::string out;
    for (const auto part : std::views::split(codecs, ',')) {
        const std::string_view codec{part.begin(), part.end()};
        const bool sound = codec.starts_with("mp4a.");
        if (!out.empty()) out += ',';
        out += sound ? codec : codec.substr(0, codec.find('.'));
    }
    return out;
}

bool is_within_half(std::uint64_t original, std::uint64_t next) {
    const std::uint64_t difference = original > next ? original - next : next - original;
    return difference <= original / 2;
}

std::optional<std::string> why_rates_differ(std::uint64_t original, std::uint64_t next) {
    if (original == 0 || next == 0 || is_within_half(original, next)) return std::nullopt;
    return fmt::format("it has {} bits a second, the recording {}", next, original);
}

}  // namespace

StreamTraits traits_of(const Variant& variant) {
    return {.codecs = without_profiles(variant.codecs),
            .width = variant.width,
            .height = variant.height,
            .frame_rate = variant.frame_rate};
}

std::uint64_t declared_bits_per_second(const StreamMetadata& metadata) {
    constexpr double kBelievable = 1e12;
    const auto believed = [](double rate) { return rate > 0 && rate < kBelievable ? rate : 0; };
    if (believed(metadata.video_bits_per_second) == 0) return 0;
    return static_cast<std::uint64_t>(std::llround(believed(metadata.video_bits_per_second) +
                                                   believed(metadata.audio_bits_per_second)));
}

std::optional<std::string> why_not_merged(const StreamTraits& original, const StreamTraits& next) {
    if (original.codecs != next.codecs)
        return fmt::format("it has {}, the recording {}", next.codecs, original.codecs);
    if (original.width != next.width || original.height != next.height) {
        return fmt::format("its pictures have {}x{}, those of the recording {}x{}", next.width,
                           next.height, original.width, original.height);
    }
    if (std::abs(original.frame_rate - next.frame_rate) >= kFrameRateTolerance) {
        return fmt::format("it has {:.3f} frames a second, the recording {:.3f}", next.frame_rate,
                           original.frame_rate);
    }
    if (original.declared_bits_per_second > 0 && next.declared_bits_per_second > 0) {
        return why_rates_differ(original.declared_bits_per_second, next.declared_bits_per_second);
    }
    return why_rates_differ(original.measured_bits_per_second, next.measured_bits_per_second);
}

}  // namespace oxbow::record
