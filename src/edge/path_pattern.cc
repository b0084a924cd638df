#include "edge/path_pattern.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "edge/path_pieces.h"
#include "net/http.h"

namespace oxbow::edge {
namespace {

constexpr std::string_view kWildcards = "*?";

bool is_pattern_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"_-.*$/~\"'@:+&?"}.contains(c);
}

bool is_dots(std::string_view part) {
    return part == "." || part == "..";
}

/// Whether nothing is to be taken out of a path.
bool is_normal(std::string_view path) {
    if (!path.starts_with('/')) return false;
    for (std::size_t at = 0; at != std::string_view::npos; at = path.find('/', at + 1)) {
        const char next = at + 1 < path.size() ? path[at + 1] : 'x';
        // A name may begin with a dot: that is looked at more closely.
        if (next == '/' || next == '.') return false;
    }
    return true;
}

std::string normalised(std::string_view path) {
    std::vector<std::string_view> parts;
    bool is_folder = true;  // it ends in '/', or in dots
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view part = path.substr(at, end - at);
        is_folder = part.empty() || is_dots(part);
        if (part == ".." && !parts.empty()) parts.pop_back();
        if (!is_folder) parts.push_back(part);
        at = end + 1;
    }
    std::string out;
    for (const std::string_view part : parts) out.append("/").append(part);
    if (is_folder) out += '/';
    return out;
}

/// Whether `path` is what `pattern`, of wildcards and characters, stands for.
bool is_match(std::string_view pattern, std::string_view path) {
    std::size_t in_pattern = 0;
    std::size_t in_path = 0;
    std::optional<std::size_t> star;  // the last one, and how far it reaches
    std::size_t star_end = 0;
    while (in_path < path.size()) {
        if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
            star = in_pattern++;
            star_end = in_path;
        } else if (in_pattern < pattern.size() &&
                   (pattern[in_pattern] == '?' || pattern[in_pattern] == path[in_path])) {
            ++in_pattern;
            ++in_path;
        } else if (star) {
            in_pattern = *star + 1;
            in_path = ++star_end;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

}  // namespace

PathPattern::PathPattern(std::string text) : text_(std::move(text)) {
    const std::size_t first = text_.find_first_of(kWildcards);
    is_exact_ = first == std::string::npos;
    head_ = is_exact_ ? text_.size() : first;
    tail_ = is_exact_ ? 0 : text_.size() - 1 - text_.find_last_of(kWildcards);
    least_ = text_.size() - static_cast<std::size_t>(std::ranges::count(text_, '*'));
    is_one_star_ = head_ + tail_ + 1 == text_.size() && text_[head_] == '*';
}

Result<PathPattern> PathPattern::parse(std::string_view text) {
    const auto wrong = [](std::string what) { return fail(ErrorCode::Malformed, std::move(what)); };
    if (text.empty() || text.size() > kPatternBytesMax) {
        return wrong(fmt::format("must be a path pattern of 1 to {} characters, such as \"/seg/*\"",
                                 kPatternBytesMax));
    }
    if (!std::ranges::all_of(text, is_pattern_character)) {
        return wrong(
            "must have no other characters than letters, digits, the wildcards * and ?, and "
            "_-.$/~\"'@:+&");
    }
    std::string path{text.starts_with('/') ? "" : "/"};
    path += text;
    std::string_view rest = path;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view part = rest.substr(0, rest.find('/'));
        const bool is_last = part.size() == rest.size();
        if (is_dots(part) || (part.empty() && !is_last))
            return wrong(
                "can match nothing: paths are matched without \"//\", \"/./\" and \"/../\"");
        rest.remove_prefix(part.size());
    }
    return PathPattern{std::move(path)};
}

bool PathPattern::matches(std::string_view path) const {
    const std::string_view text{text_};
    if (path.size() < least_ || !path.starts_with(text.substr(0, head_))) return false;
    if (is_exact_) return path.size() == text.size();
    if (!path.ends_with(text.substr(text.size() - tail_))) return false;
    if (is_one_star_) return true;
    return is_match(text.substr(head_, text.size() - head_ - tail_),
                    path.substr(head_, path.size() - head_ - tail_));
}

std::string_view matched_path(std::string_view path, std::string& made) {
    std::optional<std::string> decoded;
    if (path.contains('%')) {
        decoded = net::percent_decode(path);
        if (decoded) path = *decoded;
    }
    if (const auto session = after(path, kSessionPrefix)) {
        const std::size_t slash = session->find('/');
        if (slash != std::string_view::npos) path = session->substr(slash);
    }
    if (is_normal(path)) {
        if (!decoded) return path;
        made.assign(path);
    } else {
        made = normalised(path);
    }
    return made;
}

}  // namespace oxbow::edge
