#include <algorithm>

#include <fmt/format.h>

#include "catalog/catalog_impl.h"
#include "catalog/rows.h"
#include "ivs/events.h"

namespace oxbow::catalog {
namespace {

constexpr std::string_view kLog = "the event log";

long long column_of(std::uint64_t cursor) {
    return column(static_cast<std::size_t>(cursor));
}

void write_session(soci::session& session, const StreamSession& stream) {
    session << "INSERT INTO stream_sessions (id, channel, started_at, live_at, ended_at, "
               "recording, ingest, channel_then, recording_configuration) VALUES (:id, "
               ":channel, :started_at, :live_at, :ended_at, :recording, :ingest, :channel_then, "
               ":recording_configuration) ON CONFLICT (id) DO UPDATE SET "
               "live_at = excluded.live_at, ended_at = excluded.ended_at, "
               "recording = excluded.recording, ingest = excluded.ingest",
        soci::use(stream);
}

void write_event(soci::session& session, const Event& event,
                 const std::vector<std::string>& receivers) {
    session << "INSERT INTO events (cursor, channel, stream, type, name, code, time, body) VALUES "
               "(:cursor, :channel, :stream, :type, :name, :code, :time, :body)",
        soci::use(event);
    const long long cursor = column_of(event.cursor);
    for (const std::string& receiver : receivers) {
        session << "INSERT INTO event_deliveries (receiver, cursor) VALUES (:receiver, :cursor)",
            soci::use(receiver, "receiver"), soci::use(cursor, "cursor");
    }
    if (ivs::is_error(event.type, event.name)) {
        session << "UPDATE stream_sessions SET has_error_event = 1 WHERE id = :id",
            soci::use(event.stream.str(), "id");
    }
}

void write_told(soci::session& session, const ToldRecording& told) {
    const long long value = told.ended ? 2 : 1;
    session << "UPDATE recordings SET told = :told WHERE id = :id", soci::use(value, "told"),
        soci::use(told.id.str(), "id");
}

/// Only one whose delete has begun. Out: whether it was there.
bool write_removed(soci::session& session, const RecordingId& id) {
    soci::statement removal{
        (session.prepare << "DELETE FROM recordings WHERE id = :id AND deleting <> ''",
         soci::use(id.str(), "id"))};
    removal.execute(true);
    return removal.get_affected_rows() > 0;
}

long long last_number(soci::session& session) {
    long long last = 0;
    session << "SELECT last FROM event_numbers", soci::into(last);
    return last;
}

}  // namespace

Result<std::vector<Event>> Catalog::append_to_log(const std::vector<LogEntry>& entries,
                                                  const std::vector<std::string>& receivers) {
    // What was delivered must not be lost, nor its number given again, not even at a power loss;
    // sessions alone may wait for the next checkpoint as all else does.
    const bool tells =
        std::ranges::any_of(entries, [](const LogEntry& entry) { return !entry.events.empty(); });
    const auto sync = [this](const char* how) {
        return impl_->read([how](soci::session& session) -> Result<void> {
            session << how;
            return {};
        });
    };
    if (tells) {
        if (auto set = sync("PRAGMA synchronous = FULL"); !set) return std::unexpected(set.error());
    }
    std::vector<Event> out;
    const Result<void> written = impl_->change(kLog, [&](soci::session& session) -> Result<void> {
        long long last = last_number(session);
        for (const LogEntry& entry : entries) {
            if (entry.session) write_session(session, *entry.session);
            if (entry.recording) write_told(session, *entry.recording);
            if (entry.removed && !write_removed(session, *entry.removed)) continue;
            for (const Event& event : entry.events) {
                out.push_back(event);
                out.back().cursor = static_cast<std::uint64_t>(++last);
                write_event(session, out.back(), receivers);
            }
        }
        session << "UPDATE event_numbers SET last = :last", soci::use(last, "last");
        return {};
    });
    // Should this fail, all else is synced too: slower, and no less true.
    if (tells) static_cast<void>(sync("PRAGMA synchronous = NORMAL"));
    if (!written) return std::unexpected(written.error());
    return out;
}

Result<std::vector<Event>> Catalog::events_after(std::uint64_t after, std::size_t limit,
                                                 const std::optional<ChannelId>& channel) const {
    return impl_->read([&](soci::session& session) -> Result<std::vector<Event>> {
        const long long behind = column_of(after);
        const long long most = column(limit);
        if (!channel) {
            return fetch<Event>((session.prepare << "SELECT * FROM events WHERE cursor > :after "
                                                    "ORDER BY cursor LIMIT :limit",
                                 soci::use(behind, "after"), soci::use(most, "limit")));
        }
        return fetch<Event>((session.prepare << "SELECT * FROM events WHERE channel = :channel AND "
                                                "cursor > :after ORDER BY cursor LIMIT :limit",
                             soci::use(channel->str(), "channel"), soci::use(behind, "after"),
                             soci::use(most, "limit")));
    });
}

Result<Event> Catalog::event(std::uint64_t cursor) const {
    return impl_->read([cursor](soci::session& session) -> Result<Event> {
        const long long wanted = column_of(cursor);
        auto found = fetch<Event>((session.prepare << "SELECT * FROM events WHERE cursor = :cursor",
                                   soci::use(wanted, "cursor")));
        if (!found.empty()) return std::move(found.front());
        return fail(ErrorCode::NotFound, fmt::format("the log has no event {}", cursor));
    });
}

Result<EventRange> Catalog::event_range() const {
    return impl_->read([](soci::session& session) -> Result<EventRange> {
        long long oldest = 0;
        long long newest = 0;
        session << "SELECT COALESCE(MIN(cursor), 0) FROM events", soci::into(oldest);
        session << "SELECT COALESCE(MAX(cursor), 0) FROM events", soci::into(newest);
        return EventRange{.oldest = static_cast<std::uint64_t>(oldest),
                          .newest = static_cast<std::uint64_t>(newest)};
    });
}

Result<std::uint64_t> Catalog::last_cursor() const {
    return impl_->read([](soci::session& session) -> Result<std::uint64_t> {
        return static_cast<std::uint64_t>(last_number(session));
    });
}

Result<std::vector<Event>> Catalog::stream_events(const StreamId& stream, std::size_t limit) const {
    return impl_->read([&](soci::session& session) -> Result<std::vector<Event>> {
        const long long most = column(limit);
        return fetch<Event>((session.prepare << "SELECT * FROM events WHERE stream = :stream "
                                                "ORDER BY cursor DESC LIMIT :limit",
                             soci::use(stream.str(), "stream"), soci::use(most, "limit")));
    });
}

Result<std::vector<UntoldRecording>> Catalog::untold_recordings() const {
    return impl_->read([](soci::session& session) -> Result<std::vector<UntoldRecording>> {
        std::vector<UntoldRecording> out;
        for (const long long told : {0LL, 1LL}) {
            auto rows = fetch<Recording>(
                (session.prepare << "SELECT * FROM recordings WHERE told = :told AND told < 2",
                 soci::use(told, "told")));
            for (Recording& row : rows)
                out.push_back({.recording = std::move(row), .start_told = told == 1});
        }
        std::ranges::sort(out, {}, [](const UntoldRecording& untold) {
            return std::pair{untold.recording.started_at, untold.recording.id};
        });
        return out;
    });
}

Result<bool> Catalog::prune_events(const EventRetention& retention) {
    bool more = false;
    const auto pruned = impl_->change(kLog, [&](soci::session& session) -> Result<void> {
        const long long newest = last_number(session);
        const long long step = column(retention.step_max);
        const long long since = column(retention.events_since);
        const long long count_from = newest - column(retention.events_max);
        const long long ended_since = column(retention.sessions_ended_since);
        // The oldest only are looked at, so that this costs the same however many there are.
        soci::statement events{
            (session.prepare << "DELETE FROM events WHERE cursor IN (SELECT cursor FROM (SELECT "
                                "cursor, time FROM events ORDER BY cursor LIMIT :step) "
                                "WHERE time < :since OR cursor <= :count_from)",
             soci::use(step, "step"), soci::use(since, "since"),
             soci::use(count_from, "count_from"))};
        events.execute(true);
        more = events.get_affected_rows() == step;
        soci::statement sessions{(session.prepare
                                      << "DELETE FROM stream_sessions WHERE id IN (SELECT id FROM "
                                         "stream_sessions WHERE ended_at < :since LIMIT :step)",
                                  soci::use(ended_since, "since"), soci::use(step, "step"))};
        sessions.execute(true);
        more = more || sessions.get_affected_rows() == step;
        return {};
    });
    if (!pruned) return std::unexpected(pruned.error());
    return more;
}

// --- What is owed to receivers -------------------------------------------------------------------

Result<void> Catalog::keep_receivers(const std::vector<std::string>& receivers) {
    return impl_->change(kLog, [&](soci::session& session) -> Result<void> {
        std::vector<std::string> known(1'000);
        session << "SELECT DISTINCT receiver FROM event_deliveries", soci::into(known);
        for (const std::string& receiver : known) {
            if (std::ranges::find(receivers, receiver) != receivers.end()) continue;
            session << "DELETE FROM event_deliveries WHERE receiver = :receiver",
                soci::use(receiver, "receiver");
        }
        return {};
    });
}

Result<std::vector<PendingDelivery>> Catalog::pending_deliveries(const std::string& receiver,
                                                                 std::uint64_t after,
                                                                 std::size_t limit) const {
    return impl_->read([&](soci::session& session) -> Result<std::vector<PendingDelivery>> {
        const long long behind = column_of(after);
        const long long most = column(limit);
        return fetch<PendingDelivery>((
            session.prepare
                << "SELECT owed.cursor AS cursor, events.channel AS channel, "
                   "events.time AS time "
                   "FROM event_deliveries AS owed JOIN events ON events.cursor = owed.cursor "
                   "WHERE owed.receiver = :receiver AND owed.cursor > :after AND "
                   "owed.dead_why IS NULL ORDER BY owed.cursor LIMIT :limit",
            soci::use(receiver, "receiver"), soci::use(behind, "after"), soci::use(most, "limit")));
    });
}

Result<void> Catalog::settle_delivery(const std::string& receiver, std::uint64_t cursor) {
    return impl_->change(kLog, [&](soci::session& session) -> Result<void> {
        const long long settled = column_of(cursor);
        session << "DELETE FROM event_deliveries WHERE receiver = :receiver AND cursor = :cursor",
            soci::use(receiver, "receiver"), soci::use(settled, "cursor");
        return {};
    });
}

Result<void> Catalog::give_up_delivery(const std::string& receiver, std::uint64_t cursor,
                                       const std::string& why) {
    return impl_->change(kLog, [&](soci::session& session) -> Result<void> {
        const long long dead = column_of(cursor);
        session << "UPDATE event_deliveries SET dead_why = :why WHERE receiver = :receiver AND "
                   "cursor = :cursor",
            soci::use(why, "why"), soci::use(receiver, "receiver"), soci::use(dead, "cursor");
        return {};
    });
}

Result<std::vector<DeadDelivery>> Catalog::dead_deliveries(std::uint64_t after,
                                                           std::size_t limit) const {
    return impl_->read([&](soci::session& session) -> Result<std::vector<DeadDelivery>> {
        const long long behind = column_of(after);
        const long long most = column(limit);
        return fetch<DeadDelivery>(
            (session.prepare << "SELECT receiver, cursor, dead_why FROM event_deliveries WHERE "
                                "dead_why IS NOT NULL AND cursor > :after "
                                "ORDER BY cursor, receiver LIMIT :limit",
             soci::use(behind, "after"), soci::use(most, "limit")));
    });
}

}  // namespace oxbow::catalog
