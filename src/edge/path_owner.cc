#include "edge/path_owner.h"

#include <algorithm>
#include <optional>

#include "edge/path_pieces.h"
#include "edge/windows.h"

namespace oxbow::edge {
namespace {

std::string_view without(std::string_view text, std::string_view suffix) {
    if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
    return text;
}

std::string_view first_part(std::string_view text) {
    return text.substr(0, text.find('/'));
}

/// What is behind the first `count` parts; "" when there is nothing.
std::string_view behind_parts(std::string_view text, int count) {
    for (; count > 0; --count) {
        const std::size_t slash = text.find('/');
        if (slash == std::string_view::npos) return {};
        text.remove_prefix(slash + 1);
    }
    return text;
}

/// In: a path behind its first '/'.
bool is_plain(std::string_view path) {
    while (true) {
        const std::string_view part = first_part(path);
        if (part.find_first_not_of('.') == std::string_view::npos) return false;  // "", ".", ".."
        if (part.size() == path.size()) return true;
        path.remove_prefix(part.size() + 1);
    }
}

ChannelsPath live_path(std::string_view rest) {
    if (const auto media = after(rest, "playlist/")) return {.channel = first_part(*media)};
    return {.channel = channel_of_playback_name(rest), .multivariant = true};
}

ChannelsPath rewind_path(std::string_view rest) {
    const std::string_view channel = first_part(rest);
    const bool of_channel = channel.size() == rest.size();
    const std::string_view inside = behind_parts(rest, 1);
    const bool of_recording = !inside.contains('/') && without(inside, ".m3u8") != kWindowName;
    return {.channel = of_channel ? without(channel, ".m3u8") : channel,
            .multivariant = of_channel || of_recording};
}

// 000000000000/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs/media/hls/master.m3u8
ChannelsPath bucket_path(std::string_view rest) {
    const bool multivariant =
        rest.ends_with("/master.m3u8") || rest.ends_with("/byte-range-multivariant.m3u8");
    return {.channel = first_part(behind_parts(rest, 1)),
            .multivariant = multivariant,
            .in_bucket = true};
}

}  // namespace

std::string_view channel_of_playback_name(std::string_view name) {
    constexpr std::string_view kBefore = ".channel.";
    constexpr std::string_view kSuffix = ".m3u8";
    // The last: an id has no dots.
    const std::size_t found = name.rfind(kBefore);
    if (found == std::string_view::npos || !name.ends_with(kSuffix)) return {};
    name.remove_prefix(found + kBefore.size());
    return name.size() < kSuffix.size() ? std::string_view{} : without(name, kSuffix);
}

PathOwner owner_of(std::string_view path, std::string_view default_channel) {
    if (path == "/" || path == "/multi" || path == "/channels.json" || path == "/events" ||
        path.starts_with("/watch/") || path.starts_with("/assets/")) {
        return EveryonesPath{};
    }
    path.remove_prefix(std::min<std::size_t>(path.size(), 1));
    if (!is_plain(path)) return NobodysPath{};
    if (const auto rest = after(path, "seg/")) return ChannelsPath{.channel = first_part(*rest)};
    if (const auto rest = after(path, "rewind/")) return rewind_path(*rest);
    if (const auto rest = after(path, "api/video/v1/")) return live_path(*rest);
    if (const auto rest = after(path, "ivs/v1/")) return bucket_path(*rest);
    if (const auto rest = after(path, "channels/"))
        return ChannelsPath{.channel = first_part(*rest)};
    if (const auto rest = after(path, "recording-started-")) {
        if (rest->contains('/')) return NobodysPath{};
        const std::string_view channel = without(*rest, ".json");
        return ChannelsPath{.channel = channel == "latest" ? default_channel : channel};
    }
    if (const auto rest = after(path, "recordings/")) {
        const std::string_view name = first_part(*rest);
        return RecordingsPath{name.substr(0, name.find('.'))};
    }
    return NobodysPath{};
}

}  // namespace oxbow::edge
