#include "edge/behaviours.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::edge {
namespace {

constexpr std::string_view kImmutable = "public, max-age=31536000, immutable";
constexpr std::string_view kSecond = "max-age=1";
constexpr std::string_view kNoStore = "no-store";

bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"!#$%&'*+-.^_`|~"}.contains(c);
}

char lower_case(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) { return lower_case(c); });
    return out;
}

/// Headers that say how the message is framed and which version it is, or let one connection or one
/// viewer do something: nobody's but the server's.
constexpr std::array<std::string_view, 23> kServersOwn{"accept-ranges",
                                                       "allow",
                                                       "connection",
                                                       "content-encoding",
                                                       "content-length",
                                                       "content-range",
                                                       "content-type",
                                                       "date",
                                                       "etag",
                                                       "keep-alive",
                                                       "last-modified",
                                                       "location",
                                                       "set-cookie",
                                                       "proxy-authenticate",
                                                       "proxy-connection",
                                                       "te",
                                                       "trailer",
                                                       "upgrade",
                                                       "transfer-encoding",
                                                       "vary",
                                                       "www-authenticate",
                                                       "via",
                                                       "retry-after"};
/// What tells caches how long they may keep something, beside whatever ends in "cache-control".
constexpr std::array<std::string_view, 5> kForCaches{"age", "expires", "pragma", "edge-control",
                                                     "surrogate-control"};
constexpr std::array<std::string_view, 6> kSecurity{
    "strict-transport-security", "content-security-policy", "x-frame-options",
    "referrer-policy",           "x-xss-protection",        "x-content-type-options"};

struct Directive {
    std::string_view name;
    bool has_seconds;
};
constexpr std::array<Directive, 13> kDirectives{{{"max-age", true},
                                                 {"s-maxage", true},
                                                 {"stale-while-revalidate", true},
                                                 {"stale-if-error", true},
                                                 {"public", false},
                                                 {"private", false},
                                                 {"no-store", false},
                                                 {"no-cache", false},
                                                 {"no-transform", false},
                                                 {"must-revalidate", false},
                                                 {"proxy-revalidate", false},
                                                 {"must-understand", false},
                                                 {"immutable", false}}};

bool is_among(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

std::string_view trimmed_of_spaces(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

bool is_directive(std::string_view text) {
    const std::size_t equals = std::min(text.find('='), text.size());
    const auto found = std::ranges::find(kDirectives, text.substr(0, equals), &Directive::name);
    if (found == kDirectives.end()) return false;
    if (!found->has_seconds) return equals == text.size();
    if (equals == text.size()) return false;
    const std::string_view digits = text.substr(equals + 1);
    std::uint32_t seconds = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    return error == std::errc{} && end == digits.data() + digits.size() &&
           std::chrono::seconds{seconds} <= 10 * kTtlMax;
}

/// The page asks for nothing of others, and runs nothing but its own; whoever wants to may show it
/// in a page of theirs. hls.js hands media to the browser as blobs, and clears a text track by a
/// data: URL.
std::string policy_of_page(LivePlayback live) {
    return fmt::format(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self' blob: data:; connect-src 'self'{}; worker-src 'self'; "
        "base-uri 'none'; form-action 'none'",
        live == LivePlayback::Elsewhere ? " http: https:" : "");
}

}  // namespace

std::chrono::seconds CacheTtl::of(std::optional<std::chrono::seconds> said) const {
    return std::clamp(said.value_or(normal), least, most);
}

std::string_view name_of(EdgeFunction function) {
    switch (function) {
        case EdgeFunction::GetLatestRecordingStartMeta:
            return "GetLatestRecordingStartMeta";
        case EdgeFunction::None:
            break;
    }
    return "";
}

Result<void> check_cache_control(std::string_view text) {
    std::string_view rest = text;
    while (true) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        if (!is_directive(trimmed_of_spaces(rest.substr(0, comma)))) {
            return fail(ErrorCode::Malformed,
                        "must be a Cache-Control such as \"public, max-age=60\", in lower case");
        }
        if (comma == rest.size()) return {};
        rest.remove_prefix(comma + 1);
    }
}

bool is_header_name(std::string_view text) {
    return !text.empty() && text.size() <= kHeaderNameBytesMax &&
           std::ranges::all_of(text, is_token_character);
}

bool is_query_name(std::string_view text) {
    return !text.empty() && text.size() <= kHeaderNameBytesMax &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '_' || c == '~';
           });
}

Result<void> check_header_value(std::string_view value) {
    const bool fits = !value.empty() && value.size() <= kHeaderValueBytesMax;
    const bool is_printable =
        std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
    if (fits && is_printable && !value.starts_with(' ') && !value.ends_with(' ')) return {};
    return fail(ErrorCode::Malformed,
                fmt::format("must have 1 to {} printable ASCII characters, no space at either end",
                            kHeaderValueBytesMax));
}

Result<void> check_added_header(std::string_view name, std::string_view value) {
    if (!is_header_name(name)) {
        return fail(ErrorCode::Malformed, fmt::format("must be a header's name of 1 to {} letters, "
                                                      "digits and hyphens",
                                                      kHeaderNameBytesMax));
    }
    const std::string lower = lower_case(name);
    if (is_among(kServersOwn, lower))
        return fail(ErrorCode::Malformed,
                    "must be a header that the server does not decide itself");
    if (lower.starts_with("access-control-"))
        return fail(ErrorCode::Malformed, "must be no header of CORS: that is what cors is for");
    if (is_among(kSecurity, lower)) {
        return fail(ErrorCode::Malformed,
                    "must be none of the security headers: that is what security is for");
    }
    if (is_among(kForCaches, lower) || lower.ends_with("cache-control") ||
        lower.starts_with("x-accel-")) {
        return fail(ErrorCode::Malformed,
                    "must be no header for caches: that is what cache_control is for");
    }
    return check_header_value(value);
}

std::vector<Behaviour> built_in_behaviours(CorsPolicy cors, LivePlayback live) {
    using std::chrono::seconds;
    const std::vector<std::string> of_playlists{"_HLS_msn", "_HLS_part", "_HLS_skip",
                                                "parts",    "start",     "end"};
    const std::vector<std::string> none;
    std::vector<Behaviour> list{
        // As it says: one that grows while it is sent is not to be kept for ever.
        {.name = "segments", .path = "/seg/*", .query = none},
        {.name = "live", .path = "/api/video/v1/*", .query = of_playlists},
        {.name = "rewind", .path = "/rewind/*", .query = of_playlists},
        {.name = "metadata",
         .path = "/recording-started-*.json",
         .cache_control = std::string{kSecond},
         .query = none,
         .function = EdgeFunction::GetLatestRecordingStartMeta},
        {.name = "media",
         .path = "/ivs/v1/*.ts",
         .cache_control = std::string{kImmutable},
         .query = none},
        {.name = "thumbnails", .path = "/ivs/v1/*/media/thumbnails/*.jpg", .query = none},
        {.name = "objects",
         .path = "/ivs/v1/*",
         .cache_control = std::string{kSecond},
         .query = none},
        {.name = "channels", .path = "/channels*.json", .cache_control = std::string{kSecond}},
        {.name = "downloads", .path = "/recordings/*", .cache_control = std::string{kNoStore}},
        {.name = "events", .path = "/events", .cache_control = std::string{kNoStore}},
        {.name = "page",
         .path = "/*",
         .query = none,
         .security = {{"Content-Security-Policy", policy_of_page(live)},
                      {"Referrer-Policy", "strict-origin-when-cross-origin"}}}};
    for (Behaviour& behaviour : list) behaviour.cors = cors;
    return list;
}

Behaviours::Behaviours(std::vector<Behaviour> list) : list_(std::move(list)) {
    ENSURE(!list_.empty() && list_.size() <= kBehavioursMax);
    for (Behaviour& behaviour : list_) {
        auto pattern = PathPattern::parse(behaviour.path);
        ENSURE(pattern.has_value());
        patterns_.push_back(*std::move(pattern));
        if (!behaviour.cors) behaviour.cors.emplace();
    }
    ENSURE(patterns_.back().matches_all());
}

std::size_t Behaviours::index_of(std::string_view path) const {
    const std::size_t last = patterns_.size() - 1;
    if (path.size() > kMatchedPathBytesMax) return last;
    std::size_t index = 0;
    while (index < last && !patterns_[index].matches(path)) ++index;
    return index;
}

std::size_t Behaviours::index_of_sent(std::string_view path) const {
    std::string made;
    return index_of(matched_path(path, made));
}

std::string Behaviours::target(std::string_view path, std::string_view query) const {
    std::string out{path};
    if (query.empty()) return out;
    const auto& counted = list_[index_of_sent(path)].query;
    if (!counted) return out.append("?").append(query);
    char before = '?';
    for (const std::string& name : *counted) {
        const auto value = net::query_value(query, name);
        if (!value) continue;
        fmt::format_to(std::back_inserter(out), "{}{}={}", before, name, net::uri_encoded(*value));
        before = '&';
    }
    return out;
}

}  // namespace oxbow::edge
