#include "edge/playback_token.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "net/base64url.h"

namespace oxbow::edge {
namespace {

namespace json = boost::json;

constexpr std::string_view kChannel = "aws:channel-arn";
constexpr std::string_view kExpires = "exp";
constexpr std::string_view kOrigins = "aws:access-control-allow-origin";
constexpr std::string_view kStrict = "aws:strict-origin-enforcement";
constexpr std::string_view kSingleUse = "aws:single-use-uuid";
constexpr std::string_view kViewer = "aws:viewer-id";
constexpr std::string_view kVersion = "aws:viewer-session-version";
constexpr std::string_view kResolution = "aws:maximum-resolution";

std::unexpected<Error> malformed(std::string why) {
    return fail(ErrorCode::Malformed, std::move(why));
}

/// The JSON object that a part of a token is.
Result<json::object> object_of(std::string_view part) {
    const auto text = net::from_base64url(part);
    if (!text) return malformed("a part of it is not base64url");
    json::parse_options options;
    options.max_depth = kTokenDepthMax;
    json::error_code error;
    json::value value = json::parse(*text, error, {}, options);
    if (error || !value.is_object()) return malformed("a part of it is no JSON object");
    return std::move(value.get_object());
}

/// Errors: Malformed  it is there and not of type T.
template <typename T>
Result<std::optional<T>> member(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr) return std::optional<T>{};
    if constexpr (std::is_same_v<T, bool>) {
        if (value->is_bool()) return value->get_bool();
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
        if (value->is_int64()) return value->get_int64();
    } else {
        if (value->is_string()) return std::string{std::string_view{value->get_string()}};
    }
    return malformed(fmt::format("{} is of another type than it must be", name));
}

Result<std::string> read_header(const json::object& header) {
    const json::value* const algorithm = header.if_contains("alg");
    if (algorithm == nullptr || !algorithm->is_string() || algorithm->get_string() != "ES384")
        return malformed("its algorithm is not ES384");
    const json::value* const type = header.if_contains("typ");
    if (type != nullptr && (!type->is_string() || type->get_string() != "JWT"))
        return malformed("its type is not JWT");
    // RFC 7515 §4.1.11: what must be understood and is not.
    if (header.contains("crit")) return malformed("its header has extensions");
    const auto key_id = member<std::string>(header, "kid");
    if (!key_id) return std::unexpected(key_id.error());
    return key_id->value_or("");
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

Result<void> read_origins(const json::object& object, OriginRules& rules) {
    const auto listed = member<std::string>(object, kOrigins);
    if (!listed) return std::unexpected(listed.error());
    const auto strict = member<bool>(object, kStrict);
    if (!strict) return std::unexpected(strict.error());
    rules.strict = strict->value_or(false);
    std::string_view rest = listed->has_value() ? std::string_view{**listed} : std::string_view{};
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const std::string_view origin = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (origin.empty() ||
            !std::ranges::all_of(origin, [](char c) { return c > ' ' && c < 127; }))
            return malformed(fmt::format("{} has an origin that is none", kOrigins));
        rules.allowed.emplace_back(origin);
    }
    if (listed->has_value() && rules.allowed.empty())
        return malformed(fmt::format("{} has no origin", kOrigins));
    if (rules.strict && rules.allowed.size() > OriginRules::kStrictOriginsMax) {
        return malformed(fmt::format("{} has more than {} origins, which are too many with {}",
                                     kOrigins, OriginRules::kStrictOriginsMax, kStrict));
    }
    return {};
}

/// Of text in UTF-8, which Boost.JSON has checked.
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

Result<void> read_viewer(const json::object& object, TokenClaims& claims) {
    const auto viewer = member<std::string>(object, kViewer);
    if (!viewer) return std::unexpected(viewer.error());
    const auto version = member<std::int64_t>(object, kVersion);
    if (!version) return std::unexpected(version.error());
    if (viewer->has_value() && ((*viewer)->empty() || characters(**viewer) > kViewerIdMax)) {
        return malformed(fmt::format("{} must have 1 to {} characters", kViewer, kViewerIdMax));
    }
    if (version->has_value() && !viewer->has_value())
        return malformed(fmt::format("{} is there without {}", kVersion, kViewer));
    claims.viewer_id = viewer->value_or("");
    claims.viewer_session_version = version->value_or(0);
    return {};
}

/// 0f8fad5b-d9cb-469f-a165-70867728950e in lower case; "" when it is none.
std::string uuid_of(std::string text) {
    constexpr std::string_view kUuidForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (text.size() != kUuidForm.size()) return {};
    for (std::size_t i = 0; i < kUuidForm.size(); ++i) {
        if (text[i] >= 'A' && text[i] <= 'F') text[i] = static_cast<char>(text[i] - 'A' + 'a');
        const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (kUuidForm[i] == '-' ? text[i] != '-' : !hex) return {};
    }
    return text;
}

Result<void> read_limits(const json::object& object, TokenClaims& claims) {
    auto single_use = member<std::string>(object, kSingleUse);
    if (!single_use) return std::unexpected(single_use.error());
    if (single_use->has_value()) {
        claims.single_use = uuid_of(**std::move(single_use));
        if (claims.single_use->empty()) return malformed(fmt::format("{} is no UUID", kSingleUse));
    }
    const auto resolution = member<std::string>(object, kResolution);
    if (!resolution) return std::unexpected(resolution.error());
    if (!resolution->has_value()) return {};
    const auto known = parse_resolution(**resolution);
    if (!known) return malformed(fmt::format("{} must be SD, HD or FULL_HD", kResolution));
    claims.maximum_resolution = *known;
    return {};
}

Result<TokenClaims> read_claims(const json::object& object) {
    TokenClaims claims;
    const auto channel = member<std::string>(object, kChannel);
    if (!channel) return std::unexpected(channel.error());
    if (channel->value_or("").empty()) return malformed(fmt::format("{} is missing", kChannel));
    claims.channel_arn = **channel;
    const auto expires = member<std::int64_t>(object, kExpires);
    if (!expires) return std::unexpected(expires.error());
    if (!expires->has_value()) return malformed(fmt::format("{} is missing", kExpires));
    claims.expires_at = **expires;
    if (auto read = read_origins(object, claims.origins); !read)
        return std::unexpected(read.error());
    if (auto read = read_viewer(object, claims); !read) return std::unexpected(read.error());
    if (auto read = read_limits(object, claims); !read) return std::unexpected(read.error());
    return claims;
}

json::object claims_json(const TokenClaims& claims) {
    json::object out{{kChannel, claims.channel_arn}, {kExpires, claims.expires_at}};
    if (!claims.origins.allowed.empty())
        out[kOrigins] = fmt::format("{}", fmt::join(claims.origins.allowed, ","));
    if (claims.origins.strict) out[kStrict] = true;
    if (claims.single_use) out[kSingleUse] = *claims.single_use;
    if (!claims.viewer_id.empty()) out[kViewer] = claims.viewer_id;
    if (claims.viewer_session_version != 0) out[kVersion] = claims.viewer_session_version;
    if (claims.maximum_resolution != Resolution::Any)
        out[kResolution] = name_of(claims.maximum_resolution);
    return out;
}

}  // namespace

std::string_view name_of(Resolution resolution) {
    switch (resolution) {
        case Resolution::Any:
            return "";
        case Resolution::Sd:
            return "SD";
        case Resolution::Hd:
            return "HD";
        case Resolution::FullHd:
            return "FULL_HD";
    }
    return "";
}

std::optional<Resolution> parse_resolution(std::string_view name) {
    for (const Resolution known : {Resolution::Sd, Resolution::Hd, Resolution::FullHd}) {
        if (name == name_of(known)) return known;
    }
    return std::nullopt;
}

bool within(Resolution maximum, int width, int height) {
    const int lines = std::min(width, height);
    switch (maximum) {
        case Resolution::Any:
            return true;
        case Resolution::Sd:
            return lines <= 480;
        case Resolution::Hd:
            return lines <= 720;
        case Resolution::FullHd:
            return lines <= 1'080;
    }
    return false;
}

Result<PlaybackToken> read_playback_token(std::string_view text) {
    if (text.size() > kTokenBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("it is longer than {} bytes", kTokenBytesMax));
    }
    const std::size_t first = text.find('.');
    const std::size_t second = first == text.npos ? first : text.find('.', first + 1);
    if (second == text.npos) return malformed("it has not three parts");
    const auto header = object_of(text.substr(0, first));
    if (!header) return std::unexpected(header.error());
    PlaybackToken token;
    auto key_id = read_header(*header);
    if (!key_id) return std::unexpected(key_id.error());
    token.key_id = *std::move(key_id);
    const auto signature = net::from_base64url(text.substr(second + 1));  // no '.' is in there
    if (!signature || signature->size() != kEs384SignatureBytes)
        return malformed("its signature is not one of ES384");
    std::ranges::copy(as_bytes(*signature), token.signature.begin());
    const auto body = object_of(text.substr(first + 1, second - first - 1));
    if (!body) return std::unexpected(body.error());
    auto claims = read_claims(*body);
    if (!claims) return std::unexpected(claims.error());
    token.claims = *std::move(claims);
    token.signed_part = text.substr(0, second);
    return token;
}

Result<void> check_times(const TokenClaims& claims, WallTime now) {
    const std::int64_t seconds =
        std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (claims.expires_at < seconds - kTokenClockSkewMax.count())
        return fail(ErrorCode::Refused, "it has expired");
    const bool named = claims.single_use.has_value() || !claims.viewer_id.empty();
    const std::int64_t latest =
        seconds + std::chrono::seconds{kNamedTokenLifeMax}.count() + kTokenClockSkewMax.count();
    if (named && claims.expires_at > latest) {
        return fail(
            ErrorCode::Refused,
            fmt::format("with {} or {} it may count for 10 minutes only", kSingleUse, kViewer));
    }
    return {};
}

Result<std::string> make_playback_token(const TokenClaims& claims, std::string_view private_key) {
    const auto encoded = [](const json::object& object) {
        return net::base64url(as_bytes(json::serialize(object)));
    };
    std::string text = encoded({{"alg", "ES384"}, {"typ", "JWT"}});
    text += '.';
    text += encoded(claims_json(claims));
    const auto signature = sign_es384(private_key, text);
    if (!signature) return std::unexpected(signature.error());
    text += '.';
    text += net::base64url(*signature);
    if (auto read = read_playback_token(text); !read) return std::unexpected(read.error());
    return text;
}

}  // namespace oxbow::edge
