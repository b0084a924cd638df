#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace oxbow::edge {

/// Web origins that may read answers, as CloudFront's response headers policies name them: "*",
/// "https://example.org", "https://*.example.org" (one label or more in front), "*.example.org" (by
/// http and https), "http://example.org:8080", "http://example.org:*" (any port). Upper and lower
/// case are the same.
class AllowedOrigin {
public:
    /// Errors: Malformed  "must ...".
    static Result<AllowedOrigin> parse(std::string_view text);

    /// In: an Origin header's value. What is none, "null" among it, is allowed by "*" alone.
    bool matches(std::string_view origin) const;
    bool is_any() const { return any_; }

    static constexpr std::size_t kOriginBytesMax = 256;

private:
    bool any_ = false;
    std::string scheme_;  // "": http and https
    std::string host_;    // in lower case; with a wildcard ".example.org"
    bool has_wildcard_ = false;
    std::string port_;  // "": none; "*": any
};

}  // namespace oxbow::edge
