#include "catalog/schema.h"

#include <array>
#include <string>

#include <doctest/doctest.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

namespace oxbow::catalog {
namespace {

constexpr std::array<std::string_view, 1> kFirst{"CREATE TABLE things (name TEXT NOT NULL)"};
constexpr std::array<std::string_view, 2> kSecond{
    "ALTER TABLE things ADD COLUMN size BIGINT NOT NULL DEFAULT 7",
    "CREATE INDEX things_by_size ON things (size)"};
constexpr std::array<std::string_view, 2> kBroken{"CREATE TABLE more (name TEXT NOT NULL)",
                                                  "CREATE TABLE things (name TEXT NOT NULL)"};

TEST_CASE("an empty database has version 0 and gets every migration") {
    soci::session session{soci::sqlite3, ":memory:"};
    const std::array<Migration, 2> migrations{kFirst, kSecond};

    CHECK(schema_version(session) == 0);
    migrate(session, migrations);

    CHECK(schema_version(session) == 2);
}

TEST_CASE("an older database gets what it lacks and keeps its rows") {
    soci::session session{soci::sqlite3, ":memory:"};
    const std::array<Migration, 2> migrations{kFirst, kSecond};
    migrate(session, std::span{migrations}.first(1));
    session << "INSERT INTO things (name) VALUES ('kept')";

    migrate(session, migrations);

    long long size = 0;
    session << "SELECT size FROM things WHERE name = 'kept'", soci::into(size);
    CHECK(size == 7);
    CHECK(schema_version(session) == 2);
}

TEST_CASE("a migration that fails leaves the version before it, without a trace of itself") {
    soci::session session{soci::sqlite3, ":memory:"};
    const std::array<Migration, 2> migrations{kFirst, kBroken};

    CHECK_THROWS_AS(migrate(session, migrations), soci::soci_error);

    long long tables = 0;
    session << "SELECT COUNT(*) FROM sqlite_master WHERE name = 'more'", soci::into(tables);
    CHECK(tables == 0);
    CHECK(schema_version(session) == 1);
}

TEST_CASE("recordings of version 3 are of the configuration that their channel has") {
    soci::session session{soci::sqlite3, ":memory:"};
    migrate(session, schema_migrations().first(3));
    session << "INSERT INTO recording_configurations (arn, name, state, bucket_name, "
               "reconnect_window_seconds, thumbnail_mode, thumbnail_interval_seconds, tags) VALUES "
               "('arn', 'nightly', 'ACTIVE', 'recordings', 60, 'INTERVAL', 5, '{}')";
    session << "INSERT INTO channels (id, arn, name, latency_mode, type, "
               "recording_configuration_arn, authorized, insecure_ingest, preset, tags, "
               "created_at) VALUES ('a', 'a', 'a', 'LOW', 'BASIC', 'arn', 0, 1, '', '{}', 0)";
    session << "INSERT INTO recordings (id, channel, prefix, status, status_message, started_at, "
               "ended_at, duration_ms, bytes, streams, rendition, segment_epochs, locked) VALUES "
               "('r1', 'a', 'p1', 'RECORDING_ENDED', '', 1000, 5000, 3000, 1, '[]', '', '', 0), "
               "('r2', 'b', 'p2', 'RECORDING_ENDED', '', 1000, NULL, 3000, 1, '[]', '', '', 0)";

    migrate(session, schema_migrations());

    std::string configuration;
    std::string other = "x";
    long long until = 0;
    long long media = 0;
    session << "SELECT configuration, until FROM recordings WHERE id = 'r1'",
        soci::into(configuration), soci::into(until);
    session << "SELECT configuration, until FROM recordings WHERE id = 'r2'", soci::into(other),
        soci::into(media);
    CHECK(configuration == "nightly");
    CHECK(until == 5000);
    CHECK(other == "");
    CHECK(media == 4000);
}

TEST_CASE("recording configurations and channels of version 1 get what version 2 says of them") {
    soci::session session{soci::sqlite3, ":memory:"};
    migrate(session, schema_migrations().first(1));
    session << "INSERT INTO recording_configurations VALUES ('arn', 'default', 'ACTIVE', "
               "'recordings', 60, 'INTERVAL', 5, '{}')";
    session << "INSERT INTO channels VALUES ('a', 'arn:a', 'one', 'LOW', 'BASIC', 'arn', 0, 1, '', "
               "'{}', 1)";

    migrate(session, schema_migrations());

    std::string storage;
    std::string selection;
    session << "SELECT thumbnail_storage, rendition_selection FROM recording_configurations",
        soci::into(storage), soci::into(selection);
    long long without_policy = 0;
    session << "SELECT COUNT(*) FROM channels WHERE playback_restriction_policy_arn IS NULL",
        soci::into(without_policy);
    CHECK(storage == R"(["SEQUENTIAL"])");
    CHECK(selection == "ALL");
    CHECK(without_policy == 1);
}

TEST_CASE("the newest version is taken, the next one refused") {
    CHECK(check_schema_version(0, 2).has_value());
    CHECK(check_schema_version(2, 2).has_value());
    CHECK(check_schema_version(3, 2).error().code == ErrorCode::Unsupported);
}

TEST_CASE("what channels of version 3 left when they were deleted stays public, as it was") {
    soci::session session{soci::sqlite3, ":memory:"};
    migrate(session, schema_migrations().first(3));
    session << "INSERT INTO recordings (id, channel, prefix, status, status_message, started_at, "
               "duration_ms, bytes, streams, rendition, segment_epochs, locked) VALUES "
               "('r', 'gone', 'p', 'RECORDING_ENDED', '', 0, 0, 0, '[]', '', '', 0)";

    migrate(session, schema_migrations());

    long long authorized = -1;
    session << "SELECT authorized FROM deleted_channels WHERE id = 'gone'", soci::into(authorized);
    CHECK(authorized == 0);
}

}  // namespace
}  // namespace oxbow::catalog
