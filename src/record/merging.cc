#include "record/merging.h"

#include <algorithm>
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

std::optional<std::string> why_rates_differ(const BitRates& original, const BitRates& next) {
    if (original.most == 0 || next.most == 0) return std::nullopt;
    const bool within = next.most >= original.least - original.least / 2 &&
                        next.least <= original.most + original.most / 2;
    if (within) return std::nullopt;
    if (original.least == original.most)
        return fmt::format("it has {} bits a second, the recording {}", next.most, original.most);
    return fmt::format("it has {} bits a second, the recording {} to {}", next.most, original.least,
                       original.most);
}

}  // namespace

void BitRates::widen(std::uint64_t bits_per_second) {
    least = most == 0 ? bits_per_second : std::min(least, bits_per_second);
    most = std::max(most, bits_per_second);
}

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
        const std::uint64_t said = original.declared_bits_per_second;
        const std::uint64_t says = next.declared_bits_per_second;
        return why_rates_differ({said, said}, {says, says});
    }
    return why_rates_differ(original.measured, next.measured);
}

}  // namespace oxbow::record
