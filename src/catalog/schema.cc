#include "catalog/schema.h"

#include <array>
#include <string>

#include <soci/soci.h>

#include <fmt/format.h>

namespace oxbow::catalog {
namespace {

// Times are UTC milliseconds, durations as their column says, tags and stream lists JSON. Numbers
// are BIGINT because SOCI reads INTEGER as 32 bits.
constexpr std::array<std::string_view, 9> kVersion1{
    R"(CREATE TABLE recording_configurations (
        arn TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        bucket_name TEXT NOT NULL,
        reconnect_window_seconds BIGINT NOT NULL,
        thumbnail_mode TEXT NOT NULL,
        thumbnail_interval_seconds BIGINT NOT NULL,
        tags TEXT NOT NULL))",
    R"(CREATE TABLE channels (
        id TEXT PRIMARY KEY,
        arn TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        latency_mode TEXT NOT NULL,
        type TEXT NOT NULL,
        recording_configuration_arn TEXT REFERENCES recording_configurations (arn),
        authorized BIGINT NOT NULL,
        insecure_ingest BIGINT NOT NULL,
        preset TEXT NOT NULL,
        tags TEXT NOT NULL,
        created_at BIGINT NOT NULL))",
    R"(CREATE TABLE stream_keys (
        arn TEXT PRIMARY KEY,
        value TEXT NOT NULL UNIQUE,
        channel TEXT NOT NULL UNIQUE REFERENCES channels (id) ON DELETE CASCADE,
        tags TEXT NOT NULL))",
    // No reference to channels: sessions and recordings outlive their channel.
    R"(CREATE TABLE stream_sessions (
        id TEXT PRIMARY KEY,
        channel TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        ended_at BIGINT,
        recording TEXT NOT NULL))",
    R"(CREATE TABLE recordings (
        id TEXT PRIMARY KEY,
        channel TEXT NOT NULL,
        prefix TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL,
        status_message TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        ended_at BIGINT,
        duration_ms BIGINT NOT NULL,
        bytes BIGINT NOT NULL,
        streams TEXT NOT NULL,
        rendition TEXT NOT NULL,
        segment_epochs TEXT NOT NULL,
        locked BIGINT NOT NULL))",
    "CREATE INDEX channels_by_creation ON channels (created_at, id)",
    "CREATE INDEX stream_sessions_newest ON stream_sessions (channel, started_at DESC, id DESC)",
    "CREATE INDEX recordings_newest ON recordings (channel, started_at DESC, id DESC)",
    "CREATE INDEX recordings_unfinished ON recordings (started_at) "
    "WHERE status = 'RECORDING_STARTED'",
};

// The rest of what a recording configuration says, and private playback.
constexpr std::array<std::string_view, 9> kVersion2{
    "ALTER TABLE recording_configurations ADD COLUMN thumbnail_resolution TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE recording_configurations ADD COLUMN thumbnail_storage TEXT NOT NULL "
    "DEFAULT '[\"SEQUENTIAL\"]'",
    "ALTER TABLE recording_configurations ADD COLUMN rendition_selection TEXT NOT NULL "
    "DEFAULT 'ALL'",
    "ALTER TABLE recording_configurations ADD COLUMN renditions TEXT NOT NULL DEFAULT '[]'",
    R"(CREATE TABLE playback_restriction_policies (
        arn TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        allowed_countries TEXT NOT NULL,
        allowed_origins TEXT NOT NULL,
        strict_origin_enforcement BIGINT NOT NULL,
        tags TEXT NOT NULL))",
    "ALTER TABLE channels ADD COLUMN playback_restriction_policy_arn TEXT "
    "REFERENCES playback_restriction_policies (arn)",
    R"(CREATE TABLE playback_key_pairs (
        arn TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        public_key TEXT NOT NULL,
        fingerprint TEXT NOT NULL UNIQUE,
        tags TEXT NOT NULL))",
    // No reference to channels: a token of a deleted channel stays revoked.
    R"(CREATE TABLE viewer_session_revocations (
        channel TEXT NOT NULL,
        viewer_id TEXT NOT NULL,
        version BIGINT NOT NULL,
        revoked_at BIGINT NOT NULL,
        PRIMARY KEY (channel, viewer_id)))",
    "CREATE INDEX viewer_session_revocations_oldest ON viewer_session_revocations (revoked_at)",
};

// Sessions as GetStreamSession tells them, and the event log. `told` says which events of a
// recording stand in the log: 0 none, 1 its start, 2 its end too; of recordings older than the log,
// all.
constexpr std::array<std::string_view, 16> kVersion3{
    "ALTER TABLE stream_sessions ADD COLUMN live_at BIGINT",
    "ALTER TABLE stream_sessions ADD COLUMN ingest TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE stream_sessions ADD COLUMN channel_then TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE stream_sessions ADD COLUMN recording_configuration TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE stream_sessions ADD COLUMN has_error_event BIGINT NOT NULL DEFAULT 0",
    "UPDATE stream_sessions SET live_at = started_at",
    "CREATE INDEX stream_sessions_by_end ON stream_sessions (ended_at)",
    "ALTER TABLE recordings ADD COLUMN told BIGINT NOT NULL DEFAULT 2",
    "CREATE INDEX recordings_untold ON recordings (told) WHERE told < 2",
    R"(CREATE TABLE events (
        cursor BIGINT PRIMARY KEY,
        channel TEXT NOT NULL,
        stream TEXT NOT NULL,
        type TEXT NOT NULL,
        name TEXT NOT NULL,
        code TEXT NOT NULL,
        time BIGINT NOT NULL,
        body TEXT NOT NULL))",
    "CREATE INDEX events_of_channel ON events (channel, cursor)",
    "CREATE INDEX events_of_stream ON events (stream, cursor DESC)",
    // The last cursor that was given out; kept apart, so that none comes again when all are pruned.
    "CREATE TABLE event_numbers (last BIGINT NOT NULL)",
    "INSERT INTO event_numbers (last) VALUES (0)",
    // What a receiver has not taken yet, or never took.
    R"(CREATE TABLE event_deliveries (
        receiver TEXT NOT NULL,
        cursor BIGINT NOT NULL REFERENCES events (cursor) ON DELETE CASCADE,
        dead_why TEXT,
        PRIMARY KEY (receiver, cursor)))",
    "CREATE INDEX event_deliveries_of_event ON event_deliveries (cursor)",
};

// What keeps private what is private, also when its channel is deleted. Before this version no
// channel could be private.
constexpr std::array<std::string_view, 4> kVersion4{
    R"(CREATE TABLE deleted_channels (
        id TEXT PRIMARY KEY,
        arn TEXT NOT NULL,
        authorized BIGINT NOT NULL))",
    "INSERT INTO deleted_channels (id, arn, authorized) SELECT DISTINCT channel, '', 0 "
    "FROM recordings WHERE channel NOT IN (SELECT id FROM channels)",
    R"(CREATE TABLE used_playback_tokens (
        token TEXT PRIMARY KEY,
        expires_at BIGINT NOT NULL))",
    "CREATE INDEX used_playback_tokens_expired ON used_playback_tokens (expires_at)",
};

// By which configuration a recording was made, which retention goes by; how its playlists are
// named; why it is being deleted, if it is. `until` is the end of what it covers, for queries by
// time.
constexpr std::array<std::string_view, 9> kVersion5{
    "ALTER TABLE recordings ADD COLUMN configuration TEXT NOT NULL DEFAULT ''",
    "UPDATE recordings SET configuration = COALESCE((SELECT recording_configurations.name FROM "
    "channels JOIN recording_configurations ON recording_configurations.arn = "
    "channels.recording_configuration_arn WHERE channels.id = recordings.channel), '')",
    "ALTER TABLE recordings ADD COLUMN layout TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE recordings ADD COLUMN deleting TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE recordings ADD COLUMN until BIGINT GENERATED ALWAYS AS (CASE status WHEN "
    "'RECORDING_STARTED' THEN 9223372036854775807 ELSE MAX(COALESCE(ended_at, 0), started_at + "
    "duration_ms) END) VIRTUAL",
    "DROP INDEX recordings_newest",
    "CREATE INDEX recordings_newest ON recordings (channel, started_at DESC, id DESC, until) "
    "WHERE deleting = ''",
    "CREATE INDEX recordings_oldest ON recordings (started_at, id) WHERE deleting = ''",
    "CREATE INDEX recordings_deleting ON recordings (started_at) WHERE deleting <> ''",
};

constexpr std::array<Migration, 5> kMigrations{Migration{kVersion1}, Migration{kVersion2},
                                               Migration{kVersion3}, Migration{kVersion4},
                                               Migration{kVersion5}};

}  // namespace

std::span<const Migration> schema_migrations() {
    return kMigrations;
}

long long schema_version(soci::session& session) {
    long long tables = 0;
    session
        << "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
        soci::into(tables);
    long long version = 0;
    if (tables > 0) session << "SELECT version FROM schema_version", soci::into(version);
    return version;
}

Result<void> check_schema_version(long long version, std::size_t newest) {
    if (version <= static_cast<long long>(newest)) return {};
    return fail(
        ErrorCode::Unsupported,
        fmt::format("it has schema version {}, and this program knows {} and older; use the newer "
                    "oxbow that made it",
                    version, newest));
}

void migrate(soci::session& session, std::span<const Migration> migrations) {
    const auto version = static_cast<std::size_t>(schema_version(session));
    for (std::size_t next = version; next < migrations.size(); ++next) {
        soci::transaction transaction{session};
        for (const std::string_view statement : migrations[next]) session << std::string(statement);
        if (next == 0) {
            session << "CREATE TABLE schema_version (version BIGINT NOT NULL)";
            session << "INSERT INTO schema_version (version) VALUES (0)";
        }
        const auto reached = static_cast<long long>(next) + 1;
        session << "UPDATE schema_version SET version = :version", soci::use(reached, "version");
        transaction.commit();
    }
}

}  // namespace oxbow::catalog
