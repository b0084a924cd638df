#include "edge/window_multivariant.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace oxbow::edge {
namespace {

constexpr std::string_view kWindowVariant = "#EXT-X-STREAM-INF:";

/// What is kept of a variant's line.
struct Described {
    std::uint64_t bandwidth = 0;
    std::vector<std::string_view> codecs{};
    std::string_view resolution{};  // "1280x720"
    std::string_view frame_rate{};  // "30.000"
};

/// Takes one attribute off the front of a list of them: NAME=value or NAME="value".
std::string_view take_attribute(std::string_view& list, std::string_view& name) {
    const std::size_t equals = std::min(list.find('='), list.size());
    name = list.substr(0, equals);
    list.remove_prefix(std::min(equals + 1, list.size()));
    const bool quoted = list.starts_with('"');
    if (quoted) list.remove_prefix(1);
    const std::size_t end = std::min(list.find(quoted ? '"' : ','), list.size());
    const std::string_view value = list.substr(0, end);
    list.remove_prefix(std::min(end + (quoted ? 1 : 0), list.size()));
    if (list.starts_with(',')) list.remove_prefix(1);
    return value;
}

Described read(std::string_view attributes) {
    Described out;
    while (!attributes.empty()) {
        std::string_view name;
        std::string_view value = take_attribute(attributes, name);
        if (name == "BANDWIDTH") {
            std::from_chars(value.data(), value.data() + value.size(), out.bandwidth);
        } else if (name == "RESOLUTION") {
            out.resolution = value;
        } else if (name == "FRAME-RATE") {
            out.frame_rate = value;
        } else if (name == "CODECS") {
            while (!value.empty()) {
                const std::size_t comma = std::min(value.find(','), value.size());
                out.codecs.push_back(value.substr(0, comma));
                value.remove_prefix(std::min(comma + 1, value.size()));
            }
        }
    }
    return out;
}

/// The variant whose playlist lies in the folder of the rendition, or the only one.
std::optional<Described> variant_of(const WindowRendition& recording) {
    std::string_view text = recording.multivariant;
    std::string_view attributes;
    std::optional<Described> only;
    std::size_t variants = 0;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with(kWindowVariant)) attributes = line.substr(kWindowVariant.size());
        if (line.empty() || line.front() == '#') continue;
        only = read(attributes);
        if (line.substr(0, line.rfind('/')) == recording.rendition) return only;
        ++variants;
    }
    return variants == 1 ? only : std::nullopt;
}

// avc1 of avc1.64001F
std::string_view kind_of(std::string_view codec) {
    return codec.substr(0, codec.find('.'));
}

}  // namespace

std::string window_multivariant(std::span<const WindowRendition> recordings, std::string_view uri) {
    Described all;
    for (auto recording = recordings.rbegin(); recording != recordings.rend(); ++recording) {
        const auto variant = variant_of(*recording);
        if (!variant) continue;
        all.bandwidth = std::max(all.bandwidth, variant->bandwidth);
        if (all.resolution.empty()) all.resolution = variant->resolution;
        if (all.frame_rate.empty()) all.frame_rate = variant->frame_rate;
        for (const std::string_view codec : variant->codecs) {
            // A player that was not told of a codec leaves its track out.
            const auto told = std::ranges::find(all.codecs, kind_of(codec), kind_of);
            if (told == all.codecs.end()) all.codecs.push_back(codec);
        }
    }
    std::string out = fmt::format("#EXTM3U\n{}BANDWIDTH={}", kWindowVariant,
                                  std::max<std::uint64_t>(all.bandwidth, 1));
    if (!all.codecs.empty()) out += fmt::format(",CODECS=\"{}\"", fmt::join(all.codecs, ","));
    if (!all.resolution.empty()) out += fmt::format(",RESOLUTION={}", all.resolution);
    if (!all.frame_rate.empty()) out += fmt::format(",FRAME-RATE={}", all.frame_rate);
    out += fmt::format("\n{}\n", uri);
    return out;
}

}  // namespace oxbow::edge
