#include "catalog/catalog.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"
#include "catalog/schema.h"

namespace oxbow::catalog {
namespace {

constexpr int kBusySeconds = 5;  // an operator's sqlite3 shell may hold the file for a moment
// SQLite's result codes.
constexpr int kSqliteReadOnly = 8;
constexpr int kSqliteIoError = 10;
constexpr int kSqliteCorrupt = 11;
constexpr int kSqliteFull = 13;
constexpr int kSqliteCannotOpen = 14;
constexpr int kSqliteConstraint = 19;
constexpr int kSqliteNotADatabase = 26;

std::unique_ptr<soci::session> connect(const std::filesystem::path& file) {
    return std::make_unique<soci::session>(
        soci::sqlite3, fmt::format("db=\"{}\" timeout={}", file.string(), kBusySeconds));
}

/// Why a database cannot be opened, and what to do.
std::string reason_of(const soci::soci_error& error) {
    const auto* const known = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
    switch (known == nullptr ? 0 : known->result() & 0xff) {
        case kSqliteNotADatabase:
            return "it is no database; move it away, or restore it from a backup";
        case kSqliteCorrupt:
            return "it is damaged; restore it from a backup";
        case kSqliteFull:
            return "the disk is full; free space on it";
        case kSqliteReadOnly:
        case kSqliteCannotOpen:
            return "it cannot be written; check that this user owns it and may write to its folder";
        case kSqliteIoError:
            return "the disk fails; check it";
        default:
            return fmt::format(
                "{}; is it a database of oxbow? Move it away, or restore it from a "
                "backup",
                error.get_error_message());
    }
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
    // Of one without recordings nothing is left to keep private.
    session << "DELETE FROM deleted_channels WHERE id NOT IN (SELECT channel FROM recordings)";
    for (auto& deleted :
         fetch<DeletedChannel>(session.prepare << "SELECT * FROM deleted_channels")) {
        const ChannelId id = deleted.id;
        out.deleted_channels.set(id, std::move(deleted));
    }
    for (const auto& revocation : fetch<ViewerSessionRevocation>(
             session.prepare << "SELECT * FROM viewer_session_revocations")) {
        out.revoked_versions.set(revocation_key(revocation.channel, revocation.viewer_id),
                                 revocation.version);
    }
    return out;
}

struct OpenDatabase {
    std::unique_ptr<soci::session> session;
    Directory directory;
};

/// Errors: Unavailable, Unsupported  with the reason and what to do; SQLite has closed the file.
Result<OpenDatabase> open_session(const std::filesystem::path& file) {
    try {
        auto session = connect(file);
        // Before anything is written: a newer version's database stays as it is.
        if (auto checked =
                check_schema_version(schema_version(*session), schema_migrations().size());
            !checked) {
            return std::unexpected(checked.error());
        }
        *session << "PRAGMA journal_mode = WAL";
        *session << "PRAGMA synchronous = NORMAL";
        *session << "PRAGMA foreign_keys = ON";
        migrate(*session, schema_migrations());
        Directory directory = load_directory(*session);
        return OpenDatabase{std::move(session), std::move(directory)};
    } catch (const soci::soci_error& error) {
        return fail(ErrorCode::Unavailable, reason_of(error));
    } catch (const std::exception& error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("it holds what this program did not write: {}; restore it from a "
                                "backup",
                                error.what()));
    }
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
    auto files = DatabaseFiles::take(file);
    if (!files) return std::unexpected(files.error());
    auto opened = open_session(file);
    if (!opened) {
        files->take_back();
        return fail(opened.error().code, fmt::format("cannot open the database {}: {}",
                                                     file.string(), opened.error().what));
    }
    return std::unique_ptr<Catalog>{new Catalog{std::make_unique<Impl>(
        *std::move(files), std::move(opened->session), std::move(opened->directory))}};
}

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::~Catalog() = default;

void Catalog::take_back() {
    impl_->take_back();
}

std::shared_ptr<const Directory> Catalog::directory() const {
    return impl_->directory();
}

}  // namespace oxbow::catalog
