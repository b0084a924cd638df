#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace oxbow::edge {

/// Which web pages may play, as a token or a restriction policy says it.
struct OriginRules {
    std::vector<std::string> allowed;  // "https://example.com", "https://*.example.com"; none: all
    bool strict = false;  // the server asks for an Origin itself, not the browser alone

    /// In: an Origin header's value.
    bool allows(std::string_view origin) const;
    bool empty() const { return allowed.empty() && !strict; }

    friend bool operator==(const OriginRules&, const OriginRules&) = default;

    static constexpr std::size_t kStrictOriginsMax = 5;
};

/// Whether `origin` is the one that `pattern` names. The host of a pattern may begin with '*',
/// which stands for one character or more; a pattern of "*" alone names all. Upper and lower case
/// are the same.
bool origin_matches(std::string_view pattern, std::string_view origin);

}  // namespace oxbow::edge
