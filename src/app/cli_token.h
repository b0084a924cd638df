#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "base/result.h"
#include "base/times.h"

namespace oxbow::app {

/// `oxbow token create`: what the token is to say, beside its channel.
struct TokenOptions {
    std::string key_file;
    std::int64_t expires_in = 600;  // seconds
    std::string viewer_id;
    std::int64_t viewer_session_version = 0;
    std::vector<std::string> origins;
    bool strict_origin = false;
    bool single_use = false;
    std::string max_resolution;  // "": none
};

/// Makes a playback token. In: the channel's `playback_url`; "" where it is not known.
///
/// Out:    {"token","channelArn","expiresAt"} and, with the URL, {"playbackUrl","rewindUrl",
///         "watchUrl"}, which carry the token.
/// Errors: one sentence for the person at the terminal.
Result<boost::json::object> create_token(const TokenOptions& options,
                                         const std::string& channel_arn, WallTime now,
                                         const std::string& playback_url);

}  // namespace oxbow::app
