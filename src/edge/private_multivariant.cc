#include "edge/private_multivariant.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace oxbow::edge {
namespace {

constexpr std::string_view kVariant = "#EXT-X-STREAM-INF:";
constexpr std::string_view kGroup = "#EXT-X-MEDIA:TYPE=VIDEO,";

struct Size {
    int width = 0;
    int height = 0;
};

/// RESOLUTION=852x480; {0, 0} when the line has none, as for sound alone.
Size size_of(std::string_view variant) {
    constexpr std::string_view kAttribute = "RESOLUTION=";
    const std::size_t found = variant.find(kAttribute);
    if (found == std::string_view::npos) return {};
    const char* const end = variant.data() + variant.size();
    Size size;
    const auto width = std::from_chars(variant.data() + found + kAttribute.size(), end, size.width);
    if (width.ec != std::errc{} || width.ptr == end || *width.ptr != 'x') return {};
    const auto height = std::from_chars(width.ptr + 1, end, size.height);
    return height.ec == std::errc{} ? size : Size{};
}

std::string uri_for(std::string_view uri, const MultivariantViewer& viewer) {
    if (viewer.mount.empty() || uri.contains("://")) return std::string{uri};
    if (uri.starts_with('/')) return fmt::format("{}{}", viewer.mount, uri);
    const std::string_view folder = viewer.path.substr(0, viewer.path.rfind('/') + 1);
    return fmt::format("{}{}{}", viewer.mount, folder, uri);
}

}  // namespace

Result<std::string> multivariant_for(std::string_view playlist, const MultivariantViewer& viewer) {
    std::string out;
    std::string_view group;  // the line before a variant that names its group
    bool drops = false;      // the next URI is of a rendition above the maximum
    bool dropped = false;
    int left = 0;
    while (!playlist.empty()) {
        const std::string_view line = playlist.substr(0, playlist.find('\n'));
        playlist.remove_prefix(std::min(line.size() + 1, playlist.size()));
        if (line.starts_with(kGroup)) {
            group = line;
            continue;
        }
        if (line.starts_with(kVariant)) {
            const Size size = size_of(line);
            drops = !within(viewer.maximum, size.width, size.height);
            dropped |= drops;
            if (!drops && !group.empty()) out.append(group).append("\n");
            group = {};
        }
        const bool is_uri = !line.empty() && !line.starts_with('#');
        if (is_uri && !drops) ++left;
        if (!drops) out.append(is_uri ? uri_for(line, viewer) : line).append("\n");
        if (is_uri) drops = false;
    }
    if (dropped && left == 0) {
        return fail(ErrorCode::Refused,
                    fmt::format("the playback token allows at most {}, and the channel has no such "
                                "rendition",
                                name_of(viewer.maximum)));
    }
    return out;
}

}  // namespace oxbow::edge
