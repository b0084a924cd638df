#include "catalog/catalog.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/private_file.h"
#include "catalog/rows.h"
#include "catalog/schema.h"

namespace oxbow::catalog {
namespace {

constexpr int kBusySeconds = 5;  // an operator's sqlite3 shell may hold the file for a moment
constexpr int kSqliteConstraint = 19;

std::unique_ptr<soci::session> connect(const std::filesystem::path& file,
                                       std::string_view options) {
    return std::make_unique<soci::session>(
        soci::sqlite3,
        fmt::format("db=\"{}\" timeout={} {}", file.string(), kBusySeconds, options));
}

/// The version of a database, read without a write to it; an empty file is one of version 0.
Result<void> check_version_of(const std::filesystem::path& file) {
    const auto session = connect(file, "readonly=true");
    return check_schema_version(schema_version(*session), schema_migrations().size());
}

/// Stream keys stand in the database as they are. SQLite gives the files that it makes beside a
/// database the database's own rights; those that an earlier process left are narrowed here.
Result<void> keep_private(const std::filesystem::path& file) {
    if (auto made = make_private_file(file); !made) return made;
    for (const char* suffix : {"-wal", "-shm"}) {
        if (auto kept = keep_from_others(file.string() + suffix); !kept) return kept;
    }
    return {};
}

/// The rows of `table`, by ARN.
template <typename Row>
SharedMap<std::string, Row> by_arn(soci::session& session, std::string_view table) {
    SharedMap<std::string, Row> out;
    for (auto& row : fetch<Row>(session.prepare << "SELECT * FROM " << table)) {
        const std::string arn = row.arn;
        out.set(arn, std::move(row));
    }
    return out;
}

Directory load_directory(soci::session& session) {
    Directory out;
    std::vector<ChannelPlace> places;
    for (auto& channel :
         fetch<Channel>(session.prepare << "SELECT * FROM channels ORDER BY created_at, id")) {
        const ChannelId id = channel.id;
        places.push_back({channel.created_at, id});
        out.channels.set(id, std::move(channel));
    }
    out.channels_by_creation = std::make_shared<const std::vector<ChannelPlace>>(std::move(places));
    for (const auto& key : fetch<StreamKey>(session.prepare << "SELECT * FROM stream_keys")) {
        show_stream_key(out, key);
    }
    out.recording_configurations =
        by_arn<RecordingConfiguration>(session, "recording_configurations");
    out.playback_key_pairs = by_arn<PlaybackKeyPair>(session, "playback_key_pairs");
    out.playback_restriction_policies =
        by_arn<PlaybackRestrictionPolicy>(session, "playback_restriction_policies");
    return out;
}

}  // namespace

Error Catalog::Impl::current_error(std::string_view subject) {
    try {
        throw;
    } catch (const soci::sqlite3_soci_error& error) {
        // Checked before, so what is left is a name that must be there once.
        if ((error.result() & 0xff) == kSqliteConstraint) {
            return {ErrorCode::Conflict, fmt::format("{} exists already", subject)};
        }
        return {ErrorCode::Unavailable, fmt::format("the database failed at {}: {}; check its disk",
                                                    subject, error.get_error_message())};
    } catch (const soci::soci_error& error) {
        return {ErrorCode::Unavailable, fmt::format("the database failed at {}: {}; check its disk",
                                                    subject, error.get_error_message())};
    } catch (const std::exception& error) {
        return {
            ErrorCode::Unavailable,
            fmt::format("the database holds what this program did not write, at {}: {}; restore "
                        "it from a backup",
                        subject, error.what())};
    }
}

void show_stream_key(Directory& directory, const StreamKey& key) {
    directory.stream_keys.set(key.value, key.channel);
    directory.stream_key_arns.set(key.arn, key.channel);
    directory.stream_key_of.set(key.channel, key);
}

void hide_stream_key(Directory& directory, const ChannelId& channel) {
    const auto found = directory.stream_key_of.find(channel);
    if (found == directory.stream_key_of.end()) return;
    const StreamKey key = found->second;
    directory.stream_keys.erase(key.value);
    directory.stream_key_arns.erase(key.arn);
    directory.stream_key_of.erase(channel);
}

Result<void> touch(const soci::details::prepare_temp_type& prepared, std::string_view subject) {
    soci::statement statement{prepared};
    statement.execute(true);
    if (statement.get_affected_rows() > 0) return {};
    return fail(ErrorCode::NotFound, fmt::format("there is no {}", subject));
}

Result<std::unique_ptr<Catalog>> Catalog::open(const std::filesystem::path& file) {
    if (file.string().find('"') != std::string::npos) {
        return fail(
            ErrorCode::Unavailable,
            fmt::format("the database {} has a '\"' in its path; choose another data folder",
                        file.string()));
    }
    auto lock = ProcessLock::take(file);
    if (!lock) return std::unexpected(lock.error());
    if (auto kept = keep_private(file); !kept) return std::unexpected(kept.error());
    try {
        if (auto checked = check_version_of(file); !checked) {
            return fail(checked.error().code, fmt::format("cannot open the database {}: {}",
                                                          file.string(), checked.error().what));
        }
        auto session = connect(file, "");
        *session << "PRAGMA journal_mode = WAL";
        *session << "PRAGMA synchronous = NORMAL";
        *session << "PRAGMA foreign_keys = ON";
        migrate(*session, schema_migrations());
        Directory directory = load_directory(*session);
        return std::unique_ptr<Catalog>{new Catalog{
            std::make_unique<Impl>(*std::move(lock), std::move(session), std::move(directory))}};
    } catch (const soci::soci_error& error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot open the database {}: {}; check that its folder can be "
                                "written and that it is a database of oxbow",
                                file.string(), error.get_error_message()));
    } catch (const std::exception& error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot read the database {}: {}; restore it "
                                "from a backup",
                                file.string(), error.what()));
    }
}

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::~Catalog() = default;

std::shared_ptr<const Directory> Catalog::directory() const {
    return impl_->directory();
}

}  // namespace oxbow::catalog
