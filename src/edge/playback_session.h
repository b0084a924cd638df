#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "edge/origins.h"
#include "edge/playback_token.h"

namespace oxbow::edge {

/// What a viewer of a private channel was let in for.
struct PlaybackSession {
    ChannelId channel;
    std::uint64_t number = 0;  // at random: no two sessions are alike
    WallTime started_at;
    std::string viewer_id;  // "": nobody can revoke it
    std::int64_t viewer_session_version = 0;
    Resolution maximum_resolution = Resolution::Any;
    OriginRules origins;  // the token's

    friend bool operator==(const PlaybackSession&, const PlaybackSession&) = default;
};

/// The session's own name: the same for all its requests, and no other session's.
using SessionTag = std::array<std::uint8_t, 16>;

struct OpenedSession {
    PlaybackSession session;
    SessionTag tag{};
};

/// Sessions as a part of a path, signed, so that a server needs to remember none of them and a
/// viewer can make none. Thread-safe: immutable.
///
/// The text is base64url of: 1, the numbers below, the texts each behind its length in two bytes,
/// and the first 16 bytes of HMAC-SHA-256 of all that.
class SessionSigner {
public:
    /// In: `secret`, kSecretBytes at random; who has it makes sessions.
    explicit SessionSigner(std::string secret);

    // AQAAAZ...      (about 100 characters)
    std::string sign(const PlaybackSession& session) const;

    /// Errors: LimitExceeded  longer than any session.
    ///         Malformed      not one, or not signed with this secret.
    Result<OpenedSession> open(std::string_view text) const;

    static constexpr std::size_t kSecretBytes = 32;

private:
    SessionTag tag_of(std::string_view payload) const;

    std::string secret_;
};

/// Of a session's text. The longest holds the origins of the longest token.
inline constexpr std::size_t kSessionBytesMax = 3'072;

}  // namespace oxbow::edge
