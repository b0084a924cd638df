#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oxbow::edge {

/// A path pattern as CloudFront has them: '*' is any number of characters, '/' among them, '?' is
/// one; all else is itself, in this case. The whole path must match. A '/' at the front may be left
/// out.
///
/// Source: Amazon CloudFront Developer Guide, cache behavior settings, path pattern.
class PathPattern {
public:
    /// Errors: Malformed  longer than kPatternBytesMax; a character that CloudFront does not take;
    ///                    what no normalised path has ("//", "/./", "/../"): "must ...".
    static Result<PathPattern> parse(std::string_view text);

    /// In: a path as matched_path() gives it.
    bool matches(std::string_view path) const;
    std::string_view text() const { return text_; }  // with its '/' at the front
    bool matches_all() const { return text_ == "/*"; }

    static constexpr std::size_t kPatternBytesMax = 255;

private:
    explicit PathPattern(std::string text);

    std::string text_;
    std::size_t head_ = 0;      // bytes before the first wildcard
    std::size_t tail_ = 0;      // bytes behind the last one
    std::size_t least_ = 0;     // no shorter path matches
    bool is_exact_ = false;     // it has no wildcard
    bool is_one_star_ = false;  // between head and tail
};

/// The path of a request as patterns see it: decoded, without the session of a private channel, and
/// without what RFC 3986 §5.2.4 takes out; "//" counts as '/'. In: the path as sent. Out: refers to
/// `path`, or to `made` where the path is not in order already, which no path of ours is.
std::string_view matched_path(std::string_view path, std::string& made);

}  // namespace oxbow::edge
