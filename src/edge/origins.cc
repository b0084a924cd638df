#include "edge/origins.h"

#include <algorithm>

namespace oxbow::edge {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

bool origin_matches(std::string_view pattern, std::string_view origin) {
    if (pattern == "*") return true;
    constexpr std::string_view kAfterScheme = "://";
    const std::size_t scheme = pattern.find(kAfterScheme);
    if (scheme == std::string_view::npos) return equal(pattern, origin);
    const std::size_t host = scheme + kAfterScheme.size();
    if (!pattern.substr(host).starts_with('*')) return equal(pattern, origin);
    const std::string_view end = pattern.substr(host + 1);
    if (origin.size() <= host + end.size()) return false;
    return equal(origin.substr(0, host), pattern.substr(0, host)) &&
           equal(origin.substr(origin.size() - end.size()), end);
}

bool OriginRules::allows(std::string_view origin) const {
    return allowed.empty() || std::ranges::any_of(allowed, [&](const std::string& pattern) {
               return origin_matches(pattern, origin);
           });
}

}  // namespace oxbow::edge
