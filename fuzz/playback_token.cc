// Playback tokens and sessions. Input: a token, or a session's text, or two lines of JSON: the
// header and the claims of a token, which is made of them.

#include <string>

#include "base/ensure.h"
#include "edge/origins.h"
#include "edge/path_owner.h"
#include "edge/playback_session.h"
#include "edge/playback_token.h"
#include "edge/private_multivariant.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "net/base64url.h"

namespace oxbow::fuzz {
namespace {

using namespace edge;

constexpr WallTime kNow{std::chrono::seconds{1'795'424'400}};

void check_token(std::string_view text) {
    const auto token = read_playback_token(text);
    if (!token) return;
    ENSURE(text.size() <= kTokenBytesMax);
    ENSURE(text.starts_with(token->signed_part));
    const TokenClaims& claims = token->claims;
    ENSURE(!claims.channel_arn.empty());
    ENSURE(claims.viewer_id.size() <= 4 * kViewerIdMax);
    ENSURE(!claims.viewer_id.empty() || claims.viewer_session_version == 0);
    ENSURE(!claims.origins.strict ||
           claims.origins.allowed.size() <= OriginRules::kStrictOriginsMax);
    ENSURE(!claims.single_use || claims.single_use->size() == 36);
    if (check_times(claims, kNow) && (claims.single_use || !claims.viewer_id.empty()))
        ENSURE(claims.expires_at <= 1'795'424'400 + 630);

    // What a token says, its session says.
    const SessionSigner signer{std::string(SessionSigner::kSecretBytes, 's')};
    const PlaybackSession session{.channel = ChannelId{"AsXego4U6tnj"},
                                  .number = 17,
                                  .started_at = kNow,
                                  .viewer_id = claims.viewer_id,
                                  .viewer_session_version = claims.viewer_session_version,
                                  .maximum_resolution = claims.maximum_resolution,
                                  .origins = claims.origins};
    const auto opened = signer.open(signer.sign(session));
    ENSURE(opened.has_value() && opened->session == session);
}

/// Nobody who lacks the secret makes a session.
void check_session(std::string_view text) {
    const SessionSigner signer{std::string(SessionSigner::kSecretBytes, 's')};
    const auto opened = signer.open(text);
    ENSURE(!opened || signer.sign(opened->session) == text);
}

void check_base64url(BytesView bytes, std::string_view text) {
    ENSURE(net::from_base64url(net::base64url(bytes)) == text);
    const auto decoded = net::from_base64url(text);
    ENSURE(!decoded || net::base64url(as_bytes(*decoded)) == text);
}

void check_path(std::string_view text) {
    const PathOwner owner = owner_of(text, "default0chan");
    const auto* const channels = std::get_if<ChannelsPath>(&owner);
    const auto* const recordings = std::get_if<RecordingsPath>(&owner);
    if (channels == nullptr && recordings == nullptr) return;
    const std::string framed = std::string{text} + "/";
    ENSURE(!framed.contains("//") && !framed.contains("/./") && !framed.contains("/../"));
    ENSURE(channels == nullptr || !channels->channel.contains('/'));
}

void check_multivariant(std::string_view text) {
    const auto all = multivariant_for(text, {.path = "/a/b", .mount = "/p/S"});
    ENSURE(all.has_value());
    const auto sd =
        multivariant_for(text, {.path = "/a/b", .mount = "/p/S", .maximum = Resolution::Sd});
    ENSURE(!sd || sd->size() <= all->size());
}

}  // namespace

void check(BytesView input) {
    const std::string_view text = as_text(input);
    check_token(text);
    check_session(text);
    check_base64url(input, text);
    check_path(text);
    check_multivariant(text);
    (void)origin_matches(text.substr(0, text.find(' ')),
                         text.substr(std::min(text.size(), text.find(' '))));

    Input parts{input};
    const std::string_view header = parts.line();
    const std::string_view claims = parts.line();
    std::string token = net::base64url(as_bytes(header));
    token += '.';
    token += net::base64url(as_bytes(claims));
    token += '.';
    token += net::base64url(Es384Signature{});
    check_token(token);
}

}  // namespace oxbow::fuzz
