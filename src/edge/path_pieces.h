#pragma once

#include <optional>
#include <string_view>

namespace oxbow::edge {

/// Takes `prefix` off the front of `path`; nullopt when it does not start so.
inline std::optional<std::string_view> after(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return std::nullopt;
    return path.substr(prefix.size());
}

/// Takes `suffix` off the end of `text`; nullopt when it does not end so.
inline std::optional<std::string_view> before(std::string_view text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return std::nullopt;
    return text.substr(0, text.size() - suffix.size());
}

inline constexpr std::string_view kLivePrefix = "/api/video/v1/";
inline constexpr std::string_view kSessionPrefix = "/p/";  // of one private channel, for one viewer

}  // namespace oxbow::edge
