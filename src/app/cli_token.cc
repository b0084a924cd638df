#include "app/cli_token.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/random.h"
#include "edge/playback_token.h"

namespace oxbow::app {
namespace {

constexpr std::size_t kKeyBytesMax = 16 * 1024;

Result<std::string> read_key(const std::string& file) {
    std::ifstream input{file, std::ios::binary};
    if (!input || std::filesystem::is_directory(file)) {
        return fail(ErrorCode::Unavailable, fmt::format("The key file {} cannot be read.", file));
    }
    std::string text(kKeyBytesMax + 1, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(input.gcount()));
    if (text.size() > kKeyBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("The key file {} is longer than {} bytes.", file, kKeyBytesMax));
    }
    return text;
}

Result<edge::TokenClaims> claims_of(const TokenOptions& options, const std::string& channel_arn,
                                    WallTime now) {
    edge::TokenClaims claims;
    claims.channel_arn = channel_arn;
    claims.expires_at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() +
                        options.expires_in;
    claims.origins = {.allowed = options.origins, .strict = options.strict_origin};
    if (options.single_use) claims.single_use = random_uuid();
    claims.viewer_id = options.viewer_id;
    claims.viewer_session_version = options.viewer_session_version;
    if (options.max_resolution.empty()) return claims;
    const auto resolution = edge::parse_resolution(options.max_resolution);
    if (!resolution) {
        return fail(ErrorCode::Malformed,
                    fmt::format("--max-resolution must be SD, HD or FULL_HD, not '{}'.",
                                options.max_resolution));
    }
    claims.maximum_resolution = *resolution;
    return claims;
}

}  // namespace

Result<boost::json::object> create_token(const TokenOptions& options,
                                         const std::string& channel_arn, WallTime now,
                                         const std::string& playback_url) {
    const auto key = read_key(options.key_file);
    if (!key) return std::unexpected(key.error());
    const auto claims = claims_of(options, channel_arn, now);
    if (!claims) return std::unexpected(claims.error());
    // As a server refuses it whose clock is behind ours by as much as may be.
    const WallTime earliest = now - edge::kTokenClockSkewMax;
    if (auto checked = edge::check_times(*claims, earliest); !checked) {
        return fail(ErrorCode::Malformed,
                    fmt::format("No server would take this token: {}.", checked.error().what));
    }
    const auto token = edge::make_playback_token(*claims, *key);
    if (!token) {
        return fail(token.error().code, fmt::format("No token can be made with the key {}: {}.",
                                                    options.key_file, token.error().what));
    }
    boost::json::object out{
        {"token", *token},
        {"channelArn", channel_arn},
        {"expiresAt", format_rfc3339(WallTime{std::chrono::seconds{claims->expires_at}})}};
    const std::size_t path = playback_url.find("/api/video/v1/");
    if (path == std::string::npos) return out;
    const std::string viewers = playback_url.substr(0, path);
    const std::string id = channel_arn.substr(channel_arn.rfind('/') + 1);
    out["playbackUrl"] = fmt::format("{}?token={}", playback_url, *token);
    out["rewindUrl"] = fmt::format("{}/rewind/{}.m3u8?token={}", viewers, id, *token);
    out["watchUrl"] = fmt::format("{}/watch/{}?token={}", viewers, id, *token);
    return out;
}

}  // namespace oxbow::app
