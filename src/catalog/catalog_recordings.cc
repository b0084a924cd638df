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
                       "segment_epochs, locked, told) VALUES (:id, :channel, :prefix, :status, "
                       ":status_message, :started_at, :ended_at, :duration_ms, :bytes, :streams, "
                       ":rendition, :segment_epochs, :locked, 0)",
                soci::use(recording);
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
            (session.prepare << "SELECT * FROM recordings WHERE channel = :channel "
                                "ORDER BY started_at DESC, id DESC LIMIT :limit OFFSET :offset",
             soci::use(channel.str(), "channel"), soci::use(limit, "limit"),
             soci::use(offset, "offset")));
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
            << "SELECT newest.* FROM (SELECT DISTINCT channel FROM recordings) AS recorded "
               "JOIN recordings AS newest ON newest.id = (SELECT id FROM recordings "
               "WHERE channel = recorded.channel ORDER BY started_at DESC, id DESC LIMIT 1) "
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

}  // namespace oxbow::catalog
