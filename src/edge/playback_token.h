#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/times.h"
#include "edge/es384.h"
#include "edge/origins.h"

namespace oxbow::edge {

inline constexpr std::size_t kTokenBytesMax = 2'048;
inline constexpr std::size_t kViewerIdMax = 40;  // characters
/// How far the clock of who makes tokens may be from ours.
inline constexpr std::chrono::seconds kTokenClockSkewMax{30};
/// How far ahead the end of a token may lie that names a viewer, or that counts once.
inline constexpr std::chrono::minutes kNamedTokenLifeMax{10};
/// How deep objects of a token may lie in each other; the claims of Amazon IVS are flat.
inline constexpr std::size_t kTokenDepthMax = 8;

/// The best rendition that a viewer may have: a class of its shorter side.
enum class Resolution : std::uint8_t { Any, Sd, Hd, FullHd };

// "SD"; "" for Any
std::string_view name_of(Resolution resolution);
/// In: "SD", "HD" or "FULL_HD"; everything else is none.
std::optional<Resolution> parse_resolution(std::string_view name);
/// Whether a picture of that size is within it. One whose size is not known is.
bool within(Resolution maximum, int width, int height);

/// What a playback token says. Claims about ads, and those that Amazon IVS does not know, are
/// passed over.
struct TokenClaims {
    std::string channel_arn;
    std::int64_t expires_at = 0;  // Unix seconds; counts when playback starts
    OriginRules origins;
    std::optional<std::string> single_use;  // a UUID in lower case: the token counts once
    std::string viewer_id;                  // "": nobody can revoke the session
    std::int64_t viewer_session_version = 0;
    Resolution maximum_resolution = Resolution::Any;

    friend bool operator==(const TokenClaims&, const TokenClaims&) = default;
};

/// A token taken apart. Nothing of it is to be believed before its signature was verified.
struct PlaybackToken {
    std::string signed_part;  // header and claims, as the signature covers them
    Es384Signature signature{};
    std::string key_id;  // "kid" of the header: "" where it has none
    TokenClaims claims;
};

/// Reads a JSON Web Token whose header says ES384, and nothing else.
///
/// Errors: LimitExceeded  longer than kTokenBytesMax.
///         Malformed      not three parts in strict base64url; the header is not one of ES384; a
///                        claim is missing, of another type or out of its bounds.
/// Source: RFC 7515, RFC 7519; Amazon IVS User Guide, "Generate and sign playback tokens".
Result<PlaybackToken> read_playback_token(std::string_view text);

/// Whether playback may start with these claims now. Errors: Refused  the reason.
Result<void> check_times(const TokenClaims& claims, WallTime now);

/// Makes a token. Errors: Malformed  no such private key; LimitExceeded  too long.
Result<std::string> make_playback_token(const TokenClaims& claims, std::string_view private_key);

}  // namespace oxbow::edge
