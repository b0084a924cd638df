#pragma once

#include <string>

#include "base/result.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "ivs/events.h"
#include "notify/event_log.h"

namespace oxbow::notify {

struct ChannelEventsSettings {
    std::string region;
    std::string account;
    std::string bucket_name;  // of the recordings
};

/// Puts what happens to channels into the log: the event as Amazon IVS gives it, and with it, in
/// one step, the session's row or the mark that the recording's event is told. So what a killed
/// process left untold is known at the next start, and told by take_up().
///
/// Thread-safe; never blocks but in take_up().
class ChannelEvents {
public:
    ChannelEvents(EventLog& log, const catalog::Catalog& catalog, const Clock& clock,
                  ChannelEventsSettings settings)
        : log_(log), catalog_(catalog), clock_(clock), settings_(std::move(settings)) {}

    void session_created(const catalog::StreamSession& session);
    /// In: `session` with live_at.
    void stream_started(const catalog::StreamSession& session);
    /// Stream End, if it was live, and Session Ended. In: `session` with ended_at.
    void session_ended(const catalog::StreamSession& session);
    /// Its row alone.
    void session_changed(const catalog::StreamSession& session);
    void starvation_started(const catalog::StreamSession& session);
    void starvation_ended(const catalog::StreamSession& session);
    void limit_breached(const catalog::StreamSession& session, const ivs::LimitBreach& breach);
    /// A limit of all channels together.
    void account_limit_breached(const ivs::LimitBreach& breach);

    /// What its status says: it started, ended, or ended with a failure.
    void recording_changed(const catalog::Recording& recording);
    /// Its objects are gone: its row goes in one step with the event. In: one that was marked to be
    /// deleted; why: its `deleting`.
    void recording_deleted(const catalog::Recording& recording);
    /// It failed before anything of it was there.
    void recording_not_started(const ChannelId& channel, const StreamId& stream,
                               const RecordingId& recording);

    /// The disk takes nothing of it; live goes on.
    void recording_interrupted(const catalog::Recording& recording);
    /// It goes on behind what it lacks.
    void recording_resumed(const catalog::Recording& recording);

    /// Tells what an earlier process did not: the ends of the streams that were on the air, the
    /// starts and ends of recordings. At the start, once recordings are ended; blocks on the
    /// database. Errors: those of the catalogue.
    Result<void> take_up();

private:
    catalog::Event event_of(const ChannelId& channel, const StreamId& stream,
                            const ivs::EventDetail& detail) const;
    void append(const catalog::StreamSession& session, const ivs::EventDetail& detail);
    void recording_event(const catalog::Recording& recording, bool ended);
    void recording_gap(const catalog::Recording& recording, const char* status);

    EventLog& log_;
    const catalog::Catalog& catalog_;
    const Clock& clock_;
    const ChannelEventsSettings settings_;
};

}  // namespace oxbow::notify
