#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/times.h"

namespace oxbow::remote {

inline constexpr std::size_t kAnswerBytesMax = 256 * 1024;

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

/// The name of an error: of the header x-amzn-ErrorType, where it may stand before ':', else of
/// the body's __type, where it may stand behind '#'. "" where there is none.
std::string error_type(std::string_view header, std::string_view body);

/// The answer to GetStream. Errors: Malformed.
Result<std::optional<RemoteStream>> read_stream(std::string_view json);

/// The answer to GetChannel. Errors: Malformed.
Result<RemoteChannel> read_channel(std::string_view json);

/// A member of an error's body; "" where there is none.
std::string error_member(std::string_view body, std::string_view name);

}  // namespace oxbow::remote
