#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/times.h"

namespace oxbow::remote {

inline constexpr std::size_t kAnswerBytesMax = 256 * 1024;
inline constexpr std::size_t kChannelsPerPage = 100;
/// Of ListChannels: a page of channels with 50 tags each is 2 MB.
inline constexpr std::size_t kListBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kPageTokenBytesMax = 4 * 1024;

/// A channel that is on the air, as GetStream tells.
struct RemoteStream {
    std::string id;            // "st-1FQzeLONMT9XTKI43leLSo1"
    std::string playback_url;  // absolute
    WallTime started_at;
};

/// What GetChannel tells that an edge needs.
struct RemoteChannel {
    std::string name;
    bool authorized = false;  // or its viewers are restricted, by a policy that is not known here
};

/// A page of what ListChannels tells.
struct RemoteChannels {
    std::map<std::string, RemoteChannel> by_arn;
    std::string next_token;  // "": it is the last
};

/// The name of an error: of the header x-amzn-ErrorType, where it may stand before ':', else of
/// the body's __type, where it may stand behind '#'. "" where there is none.
std::string error_type(std::string_view header, std::string_view body);

/// The answer to GetStream. Errors: Malformed.
Result<std::optional<RemoteStream>> read_stream(std::string_view json);

/// The answer to GetChannel. Errors: Malformed.
Result<RemoteChannel> read_channel(std::string_view json);

/// The answer to ListChannels. One without an ARN is left out. Errors: Malformed;
/// LimitExceeded  more than kChannelsPerPage, or a token above kPageTokenBytesMax.
Result<RemoteChannels> read_channels(std::string_view json);

/// A member of an error's body; "" where there is none.
std::string error_member(std::string_view body, std::string_view name);

}  // namespace oxbow::remote
