#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"

namespace oxbow::catalog {
namespace {

std::string recording_named(const RecordingId& id) {
    return fmt::format("recording '{}'", id.view());
}

/// Errors: NotFound.
Result<Recording> find_recording(soci::session& session, const RecordingId& id) {
    auto found = fetch<Recording>(
        (session.prepare << "SELECT * FROM recordings WHERE id = :id", soci::use(id.str(), "id")));
    if (!found.empty()) return std::move(found.front());
    return fail(ErrorCode::NotFound, fmt::format("there is no {}", recording_named(id)));
}

/// Where none is named, that of the channel as it is now.
void name_configuration(soci::session& session, const RecordingId& id) {
    session << "UPDATE recordings SET configuration = COALESCE((SELECT "
               "recording_configurations.name FROM channels JOIN recording_configurations ON "
               "recording_configurations.arn = channels.recording_configuration_arn WHERE "
               "channels.id = recordings.channel), '') WHERE id = :id AND configuration = ''",
        soci::use(id.str(), "id");
}

}  // namespace

Result<std::vector<StreamSession>> Catalog::stream_sessions(const ChannelId& channel,
                                                            Page page) const {
    return impl_->read([&](soci::session& session) -> Result<std::vector<StreamSession>> {
        const long long limit = column(page.limit);
        const long long offset = column(page.offset);
        return fetch<StreamSession>(
            (session.prepare << "SELECT * FROM stream_sessions WHERE channel = :channel "
                                "ORDER BY started_at DESC, id DESC LIMIT :limit OFFSET :offset",
             soci::use(channel.str(), "channel"), soci::use(limit, "limit"),
             soci::use(offset, "offset")));
    });
}

Result<StreamSession> Catalog::stream_session(const StreamId& id) const {
    return impl_->read([&id](soci::session& session) -> Result<StreamSession> {
        auto found =
            fetch<StreamSession>((session.prepare << "SELECT * FROM stream_sessions WHERE id = :id",
                                  soci::use(id.str(), "id")));
        if (!found.empty()) return std::move(found.front());
        return fail(ErrorCode::NotFound, fmt::format("there is no stream '{}'", id.view()));
    });
}

Result<std::vector<StreamSession>> Catalog::newest_stream_sessions() const {
    // One look into the index stream_sessions_newest for each channel.
    return impl_->read([](soci::session& session) -> Result<std::vector<StreamSession>> {
        return fetch<StreamSession>(
            session.prepare
            << "SELECT newest.* FROM channels JOIN stream_sessions AS newest ON newest.id = "
               "(SELECT id FROM stream_sessions WHERE channel = channels.id "
               "ORDER BY started_at DESC, id DESC LIMIT 1) "
               "ORDER BY newest.channel");
    });
}

Result<std::vector<StreamSession>> Catalog::open_stream_sessions() const {
    return impl_->read([](soci::session& session) -> Result<std::vector<StreamSession>> {
        return fetch<StreamSession>(session.prepare
                                    << "SELECT * FROM stream_sessions WHERE ended_at IS NULL "
                                       "ORDER BY started_at, id");
    });
}

Result<void> Catalog::add_recording(const Recording& recording) {
    return impl_->change(
        recording_named(recording.id), [&](soci::session& session) -> Result<void> {
            session << "INSERT INTO recordings (id, channel, prefix, status, status_message, "
                       "started_at, ended_at, duration_ms, bytes, streams, rendition, "
                       "segment_epochs, locked, told, configuration, layout) VALUES (:id, "
                       ":channel, :prefix, :status, :status_message, :started_at, :ended_at, "
                       ":duration_ms, :bytes, :streams, :rendition, :segment_epochs, :locked, 0, "
                       ":configuration, :layout)",
                soci::use(recording);
            name_configuration(session, recording.id);
            return {};
        });
}

Result<void> Catalog::update_recording(const Recording& recording) {
    const std::string subject = recording_named(recording.id);
    return impl_->change(subject, [&](soci::session& session) {
        return touch(
            (session.prepare << "UPDATE recordings SET status = :status, "
                                "status_message = :status_message, ended_at = :ended_at, "
                                "duration_ms = :duration_ms, bytes = :bytes, streams = :streams, "
                                "rendition = :rendition, segment_epochs = :segment_epochs "
                                "WHERE id = :id",
             soci::use(recording)),
            subject);
    });
}

Result<void> Catalog::set_recording_locked(const RecordingId& id, bool locked) {
    const std::string subject = recording_named(id);
    return impl_->change(subject, [&](soci::session& session) {
        const long long value = locked ? 1 : 0;
        const auto recording = find_recording(session, id);
        if (!recording) return Result<void>{std::unexpected(recording.error())};
        if (!recording->deleting.empty()) {
            return Result<void>{
                fail(ErrorCode::Conflict, fmt::format("{} is being deleted", subject))};
        }
        return touch((session.prepare << "UPDATE recordings SET locked = :locked WHERE id = :id",
                      soci::use(value, "locked"), soci::use(id.str(), "id")),
                     subject);
    });
}

Result<Recording> Catalog::recording(const RecordingId& id) const {
    return impl_->read([&id](soci::session& session) { return find_recording(session, id); });
}

Result<std::vector<Recording>> Catalog::recordings(const ChannelId& channel, Page page) const {
    return impl_->read([&](soci::session& session) -> Result<std::vector<Recording>> {
        const long long limit = column(page.limit);
        const long long offset = column(page.offset);
        return fetch<Recording>(
            (session.prepare << "SELECT * FROM recordings WHERE channel = :channel AND "
                                "deleting = '' "
                                "ORDER BY started_at DESC, id DESC LIMIT :limit OFFSET :offset",
             soci::use(channel.str(), "channel"), soci::use(limit, "limit"),
             soci::use(offset, "offset")));
    });
}

Result<std::vector<Recording>> Catalog::recordings_between(const ChannelId& channel, WallTime from,
                                                           WallTime to, Page page) const {
    return impl_->read([&](soci::session& session) -> Result<std::vector<Recording>> {
        const long long first = column(from);
        const long long end = column(to);
        const long long limit = column(page.limit);
        const long long offset = column(page.offset);
        // All that the conditions name stands in the index recordings_newest.
        return fetch<Recording>(
            (session.prepare << "SELECT * FROM recordings WHERE channel = :channel AND "
                                "deleting = '' AND started_at < :end AND until > :first "
                                "ORDER BY started_at DESC, id DESC LIMIT :limit OFFSET :offset",
             soci::use(channel.str(), "channel"), soci::use(end, "end"), soci::use(first, "first"),
             soci::use(limit, "limit"), soci::use(offset, "offset")));
    });
}

Result<std::vector<Recording>> Catalog::unfinished_recordings() const {
    return impl_->read([](soci::session& session) -> Result<std::vector<Recording>> {
        return fetch<Recording>(session.prepare
                                << "SELECT * FROM recordings WHERE status = 'RECORDING_STARTED' "
                                   "ORDER BY started_at, id");
    });
}

Result<std::vector<Recording>> Catalog::newest_recordings() const {
    // One look into the index recordings_newest for each channel, however many recordings it has.
    return impl_->read([](soci::session& session) -> Result<std::vector<Recording>> {
        return fetch<Recording>(
            session.prepare
            << "SELECT newest.* FROM (SELECT DISTINCT channel FROM recordings WHERE "
               "deleting = '') AS recorded "
               "JOIN recordings AS newest ON newest.id = (SELECT id FROM recordings "
               "WHERE channel = recorded.channel AND deleting = '' "
               "ORDER BY started_at DESC, id DESC LIMIT 1) "
               "ORDER BY newest.channel");
    });
}

Result<void> Catalog::remove_recording(const RecordingId& id) {
    const std::string subject = recording_named(id);
    return impl_->change(subject, [&](soci::session& session) -> Result<void> {
        const auto recording = find_recording(session, id);
        if (!recording) return std::unexpected(recording.error());
        if (recording->locked) {
            return fail(ErrorCode::Conflict,
                        fmt::format("{} is locked; unlock it before deleting it", subject));
        }
        return touch(
            (session.prepare << "DELETE FROM recordings WHERE id = :id", soci::use(id.str(), "id")),
            subject);
    });
}

Result<void> Catalog::mark_deleting(const RecordingId& id, const std::string& reason) {
    const std::string subject = recording_named(id);
    return impl_->change(subject, [&](soci::session& session) -> Result<void> {
        const auto recording = find_recording(session, id);
        if (!recording) return std::unexpected(recording.error());
        if (recording->locked)
            return fail(ErrorCode::Conflict, fmt::format("{} is locked", subject));
        if (recording->status == RecordingStatus::Started)
            return fail(ErrorCode::Conflict, fmt::format("{} is under way", subject));
        return touch((session.prepare << "UPDATE recordings SET deleting = :reason WHERE id = :id",
                      soci::use(reason, "reason"), soci::use(id.str(), "id")),
                     subject);
    });
}

Result<std::vector<Recording>> Catalog::deleting_recordings() const {
    return impl_->read([](soci::session& session) -> Result<std::vector<Recording>> {
        return fetch<Recording>(session.prepare << "SELECT * FROM recordings WHERE deleting <> '' "
                                                   "ORDER BY started_at");
    });
}

Result<std::vector<RetainedRecording>> Catalog::retained_recordings(const RetainedPlace& after,
                                                                    std::size_t limit) const {
    return impl_->read([&](soci::session& session) -> Result<std::vector<RetainedRecording>> {
        const long long started_at = column(after.started_at);
        const long long most = column(limit);
        return fetch<RetainedRecording>(
            (session.prepare << "SELECT id, channel, configuration, status, started_at, ended_at, "
                                "bytes, locked FROM recordings WHERE deleting = '' AND "
                                "(started_at, id) > (:started_at, :id) "
                                "ORDER BY started_at, id LIMIT :limit",
             soci::use(started_at, "started_at"), soci::use(after.id.str(), "id"),
             soci::use(most, "limit")));
    });
}

Result<void> Catalog::replace_recordings(const std::vector<Recording>& recordings) {
    return impl_->change("the recordings", [&](soci::session& session) -> Result<void> {
        // What is kept of those that were there, in a place that the transaction takes with it.
        session << "CREATE TEMP TABLE kept AS SELECT id, locked, configuration FROM recordings";
        session << "DELETE FROM recordings WHERE status <> 'RECORDING_STARTED' AND deleting = ''";
        for (const Recording& recording : recordings) {
            session << "INSERT INTO recordings (id, channel, prefix, status, status_message, "
                       "started_at, ended_at, duration_ms, bytes, streams, rendition, "
                       "segment_epochs, locked, told, configuration, layout) VALUES (:id, "
                       ":channel, :prefix, :status, :status_message, :started_at, :ended_at, "
                       ":duration_ms, :bytes, :streams, :rendition, :segment_epochs, :locked, 2, "
                       ":configuration, :layout) ON CONFLICT DO NOTHING",
                soci::use(recording);
        }
        session << "UPDATE recordings SET (locked, configuration) = (SELECT kept.locked, "
                   "kept.configuration FROM kept WHERE kept.id = recordings.id) WHERE id IN "
                   "(SELECT id FROM kept)";
        session << "DROP TABLE kept";
        // The end of one that is under way is told when it has ended.
        session << "UPDATE recordings SET told = 1 WHERE status = 'RECORDING_STARTED' AND told = 2";
        session << "UPDATE recordings SET configuration = COALESCE((SELECT "
                   "recording_configurations.name FROM channels JOIN recording_configurations ON "
                   "recording_configurations.arn = channels.recording_configuration_arn WHERE "
                   "channels.id = recordings.channel), '') WHERE configuration = ''";
        return {};
    });
}

}  // namespace oxbow::catalog
