#include "edge/playback_gate.h"

#include <fmt/format.h>

#include "base/random.h"
#include "edge/path_pieces.h"

namespace oxbow::edge {
namespace {

std::unexpected<Error> refused(std::string why) {
    return fail(ErrorCode::Refused, std::move(why));
}

/// "abcdefghijkl" of "arn:aws:ivs:us-east-1:000000000000:playback-key/abcdefghijkl"
std::string_view id_of_arn(std::string_view arn) {
    return arn.substr(arn.rfind('/') + 1);
}

bool is_named(const catalog::PlaybackKeyPair& pair, std::string_view key_id) {
    return key_id == pair.arn || key_id == id_of_arn(pair.arn) || key_id == pair.fingerprint;
}

/// Of the channel's restriction policy.
OriginRules rules_of(const catalog::Directory& directory, const catalog::Channel& channel) {
    const auto policy =
        directory.playback_restriction_policies.find(channel.playback_restriction_policy_arn);
    if (policy == directory.playback_restriction_policies.end()) return {};
    return {.allowed = policy->second.allowed_origins,
            .strict = policy->second.strict_origin_enforcement};
}

std::uint64_t random_number() {
    constexpr double kSteps = 9'007'199'254'740'992.0;  // 2^53: all that a double tells apart
    return static_cast<std::uint64_t>(random_fraction() * kSteps);
}

}  // namespace

Door PlaybackGate::door(const ChannelsPath& path) const {
    const ChannelId id{std::string{path.channel}};
    const auto directory = catalog_.directory();
    if (const auto found = directory->channels.find(id); found != directory->channels.end()) {
        const catalog::Channel& channel = found->second;
        if (channel.authorized) return Door::Guarded;
        if (channel.playback_restriction_policy_arn.empty()) return Door::Open;
        return rules_of(*directory, channel).empty() ? Door::Open : Door::Guarded;
    }
    const auto deleted = directory->deleted_channels.find(id);
    if (deleted != directory->deleted_channels.end())
        return deleted->second.authorized ? Door::Guarded : Door::Open;
    return path.in_bucket ? Door::Absent : Door::Open;
}

ChannelRules PlaybackGate::rules(const ChannelId& id) const {
    const auto directory = catalog_.directory();
    ChannelRules out{.channel = id, .arn = {}, .authorized = false, .origins = {}};
    const auto found = directory->channels.find(id);
    if (found == directory->channels.end()) {
        const auto deleted = directory->deleted_channels.find(id);
        if (deleted == directory->deleted_channels.end()) return out;
        out.arn = deleted->second.arn;
        out.authorized = deleted->second.authorized;
        return out;
    }
    const catalog::Channel& channel = found->second;
    out.arn = channel.arn;
    out.authorized = channel.authorized;
    out.origins = rules_of(*directory, channel);
    return out;
}

/// By the key that the token names, where one has that name; else by any.
Result<void> PlaybackGate::check_signature(const PlaybackToken& token) const {
    const auto directory = catalog_.directory();
    const auto signs = [&](const catalog::PlaybackKeyPair& pair) {
        return verify_es384(pair.public_key, token.signed_part, token.signature);
    };
    for (const auto& [arn, pair] : directory->playback_key_pairs) {
        if (!token.key_id.empty() && is_named(pair, token.key_id))
            return signs(pair) ? Result<void>{} : refused("the key that it names did not sign it");
    }
    for (const auto& [arn, pair] : directory->playback_key_pairs) {
        if (signs(pair)) return {};
    }
    return refused("no playback key signed it");
}

bool PlaybackGate::is_revoked(const PlaybackSession& session) const {
    if (session.viewer_id.empty()) return false;
    const auto directory = catalog_.directory();
    const auto found = directory->revoked_versions.find(
        catalog::revocation_key(session.channel, session.viewer_id));
    return found != directory->revoked_versions.end() &&
           session.viewer_session_version <= found->second;
}

Result<Admitted> PlaybackGate::check_token(std::string_view text, const ChannelRules& rules) const {
    auto token = read_playback_token(text);
    if (!token) return refused(token.error().what);
    TokenClaims& claims = token->claims;
    if (claims.channel_arn != rules.arn) return refused("it is for another channel");
    const WallTime now = clock_.wall();
    if (auto checked = check_times(claims, now); !checked) return std::unexpected(checked.error());
    if (auto checked = check_signature(*token); !checked) return std::unexpected(checked.error());

    Admitted out;
    out.session = {.channel = rules.channel,
                   .number = random_number(),
                   .started_at = now,
                   .viewer_id = std::move(claims.viewer_id),
                   .viewer_session_version = claims.viewer_session_version,
                   .maximum_resolution = claims.maximum_resolution,
                   .origins = std::move(claims.origins)};
    if (is_revoked(out.session))
        return refused("the viewer's sessions of this version are revoked");
    const std::string signed_session = signer_.sign(out.session);
    out.tag = signer_.open(signed_session).value().tag;
    out.mount = fmt::format("{}{}", kSessionPrefix, signed_session);
    if (!claims.single_use) return out;
    out.single_use = fmt::format("{}/{}", rules.channel.view(), *claims.single_use);
    // From then on check_times() refuses it.
    out.token_expires_at =
        WallTime{std::chrono::seconds{claims.expires_at}} + 2 * kTokenClockSkewMax;
    return out;
}

Result<Admitted> PlaybackGate::open_session(std::string_view text) const {
    auto opened = signer_.open(text);
    if (!opened) return refused(opened.error().what);
    return Admitted{.session = std::move(opened->session),
                    .tag = opened->tag,
                    .mount = fmt::format("{}{}", kSessionPrefix, text),
                    .single_use = std::nullopt};
}

Result<void> PlaybackGate::go_on(const Admitted& admitted) {
    if (is_revoked(admitted.session)) return refused("the session is revoked");
    switch (times_.fetched(admitted.tag, admitted.session.started_at)) {
        case SessionTimes::Life::GoesOn:
            return {};
        case SessionTimes::Life::Over:
            return refused("the session is over");
        case SessionTimes::Life::TooMany:
            return fail(ErrorCode::Unavailable, "as many private viewers watch as may");
    }
    return {};
}

Result<void> PlaybackGate::use_up(const Admitted& admitted) const {
    const auto is_new =
        catalog_.use_token_once(*admitted.single_use, admitted.token_expires_at, clock_.wall());
    if (!is_new) return std::unexpected(is_new.error());
    if (!*is_new) return refused("it counts once, and was used");
    return {};
}

}  // namespace oxbow::edge
