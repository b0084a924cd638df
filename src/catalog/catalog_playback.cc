#include <algorithm>

#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"

// Private playback: key pairs, restriction policies, revoked sessions.

namespace oxbow::catalog {
namespace {

std::string named(std::string_view kind, std::string_view arn) {
    return fmt::format("{} '{}'", kind, arn);
}

constexpr std::string_view kKeyPair = "playback key pair";
constexpr std::string_view kPolicy = "playback restriction policy";

}  // namespace

Result<void> Catalog::add_playback_key_pair(const PlaybackKeyPair& pair) {
    return impl_->change(
        named("a playback key pair with the fingerprint", pair.fingerprint),
        [&](soci::session& session) -> Result<void> {
            session << "INSERT INTO playback_key_pairs (arn, name, public_key, fingerprint, tags) "
                       "VALUES (:arn, :name, :public_key, :fingerprint, :tags)",
                soci::use(pair);
            return {};
        },
        [&](Directory& directory) { directory.playback_key_pairs.set(pair.arn, pair); });
}

Result<void> Catalog::remove_playback_key_pair(const std::string& arn) {
    return impl_->change(
        named(kKeyPair, arn),
        [&](soci::session& session) {
            return touch((session.prepare << "DELETE FROM playback_key_pairs WHERE arn = :arn",
                          soci::use(arn, "arn")),
                         named(kKeyPair, arn));
        },
        [&](Directory& directory) { directory.playback_key_pairs.erase(arn); });
}

Result<void> Catalog::add_playback_restriction_policy(const PlaybackRestrictionPolicy& policy) {
    return impl_->change(
        named(kPolicy, policy.arn),
        [&](soci::session& session) -> Result<void> {
            session << "INSERT INTO playback_restriction_policies (arn, name, allowed_countries, "
                       "allowed_origins, strict_origin_enforcement, tags) VALUES (:arn, :name, "
                       ":allowed_countries, :allowed_origins, :strict_origin_enforcement, :tags)",
                soci::use(policy);
            return {};
        },
        [&](Directory& directory) {
            directory.playback_restriction_policies.set(policy.arn, policy);
        });
}

Result<void> Catalog::update_playback_restriction_policy(const PlaybackRestrictionPolicy& policy) {
    return impl_->change(
        named(kPolicy, policy.arn),
        [&](soci::session& session) {
            return touch(
                (
                    session.prepare
                        << "UPDATE playback_restriction_policies SET name = :name, "
                           "allowed_countries = :allowed_countries, "
                           "allowed_origins = :allowed_origins, "
                           "strict_origin_enforcement = :strict_origin_enforcement, tags = :tags "
                           "WHERE arn = :arn",
                    soci::use(policy)),
                named(kPolicy, policy.arn));
        },
        [&](Directory& directory) {
            directory.playback_restriction_policies.set(policy.arn, policy);
        });
}

Result<void> Catalog::remove_playback_restriction_policy(const std::string& arn) {
    return impl_->change(
        named(kPolicy, arn),
        [&](soci::session& session) -> Result<void> {
            const auto known = directory();
            for (const auto& [id, channel] : known->channels) {
                if (channel.playback_restriction_policy_arn != arn) continue;
                return fail(ErrorCode::Conflict,
                            fmt::format("{} is used by channel '{}'; detach it there first",
                                        named(kPolicy, arn), id.view()));
            }
            return touch(
                (session.prepare << "DELETE FROM playback_restriction_policies WHERE arn = :arn",
                 soci::use(arn, "arn")),
                named(kPolicy, arn));
        },
        [&](Directory& directory) { directory.playback_restriction_policies.erase(arn); });
}

std::string revocation_key(const ChannelId& channel, std::string_view viewer_id) {
    return fmt::format("{} {}", channel.view(), viewer_id);
}

Result<void> Catalog::revoke_viewer_sessions(
    const std::vector<ViewerSessionRevocation>& revocations) {
    std::vector<ViewerSessionRevocation> gone;
    const auto write = [&](soci::session& session) -> Result<void> {
        for (const ViewerSessionRevocation& revocation : revocations) {
            session << "INSERT INTO viewer_session_revocations (channel, viewer_id, version, "
                       "revoked_at) VALUES (:channel, :viewer_id, :version, :revoked_at) "
                       "ON CONFLICT (channel, viewer_id) DO UPDATE SET "
                       "version = MAX(version, excluded.version), "
                       "revoked_at = excluded.revoked_at",
                soci::use(revocation);
        }
        long long count = 0;
        session << "SELECT COUNT(*) FROM viewer_session_revocations", soci::into(count);
        const long long too_many = count - static_cast<long long>(kRevocationsMax);
        if (too_many <= 0) return {};
        gone = fetch<ViewerSessionRevocation>((session.prepare
                                                   << "SELECT * FROM viewer_session_revocations "
                                                      "ORDER BY revoked_at, rowid LIMIT :too_many",
                                               soci::use(too_many, "too_many")));
        session << "DELETE FROM viewer_session_revocations WHERE rowid IN (SELECT rowid FROM "
                   "viewer_session_revocations ORDER BY revoked_at, rowid LIMIT :too_many)",
            soci::use(too_many, "too_many");
        return {};
    };
    const auto show = [&](Directory& directory) {
        auto& versions = directory.revoked_versions;
        for (const ViewerSessionRevocation& revocation : revocations) {
            const std::string key = revocation_key(revocation.channel, revocation.viewer_id);
            const auto known = versions.find(key);
            versions.set(key, known == versions.end()
                                  ? revocation.version
                                  : std::max(known->second, revocation.version));
        }
        for (const ViewerSessionRevocation& revocation : gone)
            versions.erase(revocation_key(revocation.channel, revocation.viewer_id));
    };
    return impl_->change("a revocation", write, show);
}

Result<bool> Catalog::use_token_once(const std::string& token, WallTime expires_at, WallTime now) {
    bool is_new = false;
    const auto changed =
        impl_->change("a playback token", [&](soci::session& session) -> Result<void> {
            session << "DELETE FROM used_playback_tokens WHERE expires_at < :now",
                soci::use(column(now), "now");
            long long known = 0;
            session << "SELECT COUNT(*) FROM used_playback_tokens WHERE token = :token",
                soci::into(known), soci::use(token, "token");
            is_new = known == 0;
            if (!is_new) return {};
            long long count = 0;
            session << "SELECT COUNT(*) FROM used_playback_tokens", soci::into(count);
            if (count >= static_cast<long long>(kUsedTokensMax)) {
                return fail(ErrorCode::LimitExceeded,
                            fmt::format("{} tokens that count once were used, and none of them "
                                        "has expired yet",
                                        kUsedTokensMax));
            }
            session << "INSERT INTO used_playback_tokens (token, expires_at) "
                       "VALUES (:token, :expires_at)",
                soci::use(token, "token"), soci::use(column(expires_at), "expires_at");
            return {};
        });
    if (!changed) return std::unexpected(changed.error());
    return is_new;
}

Result<std::vector<ViewerSessionRevocation>> Catalog::viewer_session_revocations(
    const ChannelId& channel) const {
    return impl_->read(
        [&channel](soci::session& session) -> Result<std::vector<ViewerSessionRevocation>> {
            return fetch<ViewerSessionRevocation>(
                (session.prepare << "SELECT * FROM viewer_session_revocations "
                                    "WHERE channel = :channel ORDER BY viewer_id",
                 soci::use(channel.str(), "channel")));
        });
}

}  // namespace oxbow::catalog
