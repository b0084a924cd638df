#include "notify/channel_events.h"

#include "base/random.h"
#include "ivs/ids.h"

namespace oxbow::notify {
namespace {

std::string status_of(const catalog::Recording& recording, bool ended) {
    if (!ended) return "Recording Start";
    return recording.status == catalog::RecordingStatus::Ended ? "Recording End"
                                                               : "Recording End Failure";
}

}  // namespace

catalog::Event ChannelEvents::event_of(const ChannelId& channel, const StreamId& stream,
                                       const ivs::EventDetail& detail) const {
    const auto directory = catalog_.directory();
    const auto found = directory->channels.find(channel);
    const WallTime now = clock_.wall();
    const ivs::EventHead head{
        .id = random_uuid(),
        .time = now,
        .account = settings_.account,
        .region = settings_.region,
        .channel_arn = ivs::channel_arn(settings_.region, settings_.account, channel),
        .channel_name = found == directory->channels.end() ? "" : found->second.name,
        .stream = stream};
    return {.channel = channel,
            .stream = stream,
            .type = std::string{ivs::detail_type(detail)},
            .name = std::string{ivs::event_name(detail)},
            .code = std::string{ivs::event_code(detail)},
            .time = now,
            .body = ivs::to_json(head, detail)};
}

void ChannelEvents::append(const catalog::StreamSession& session, const ivs::EventDetail& detail) {
    log_.append({.session = session,
                 .events = {event_of(session.channel, session.id, detail)},
                 .recording = std::nullopt});
}

void ChannelEvents::session_created(const catalog::StreamSession& session) {
    append(session, ivs::StreamStateChange{.event_name = "Session Created"});
}

void ChannelEvents::stream_started(const catalog::StreamSession& session) {
    append(session, ivs::StreamStateChange{.event_name = "Stream Start"});
}

void ChannelEvents::session_ended(const catalog::StreamSession& session) {
    catalog::LogEntry entry{.session = session, .events = {}, .recording = std::nullopt};
    const auto add = [&](const char* name) {
        entry.events.push_back(
            event_of(session.channel, session.id, ivs::StreamStateChange{.event_name = name}));
    };
    if (session.live_at) add("Stream End");
    add("Session Ended");
    log_.append(std::move(entry));
}

void ChannelEvents::session_changed(const catalog::StreamSession& session) {
    log_.append({.session = session, .events = {}, .recording = std::nullopt});
}

void ChannelEvents::starvation_started(const catalog::StreamSession& session) {
    append(session, ivs::StreamHealthChange{.event_name = "Starvation Start"});
}

void ChannelEvents::starvation_ended(const catalog::StreamSession& session) {
    append(session, ivs::StreamHealthChange{.event_name = "Starvation End"});
}

void ChannelEvents::limit_breached(const catalog::StreamSession& session,
                                   const ivs::LimitBreach& breach) {
    append(session, breach);
}

void ChannelEvents::account_limit_breached(const ivs::LimitBreach& breach) {
    const WallTime now = clock_.wall();
    const ivs::EventHead head{.id = random_uuid(),
                              .time = now,
                              .account = settings_.account,
                              .region = settings_.region,
                              .channel_arn = "",
                              .channel_name = "",
                              .stream = {}};
    log_.append({.session = std::nullopt,
                 .events = {{.type = std::string{ivs::detail_type(breach)},
                             .name = std::string{ivs::event_name(breach)},
                             .time = now,
                             .body = ivs::to_json(head, breach)}},
                 .recording = std::nullopt});
}

void ChannelEvents::recording_changed(const catalog::Recording& recording) {
    recording_event(recording, recording.status != catalog::RecordingStatus::Started);
}

void ChannelEvents::recording_event(const catalog::Recording& recording, bool ended) {
    const ivs::RecordingStateChange change{
        .status = status_of(recording, ended),
        .reason = ended ? recording.status_message : "",
        .bucket_name = settings_.bucket_name,
        .prefix = recording.prefix,
        .duration = ended ? recording.duration : std::chrono::milliseconds{0},
        .session_id = recording.id.str(),
        .stream_ids = recording.streams};
    const StreamId stream = recording.streams.empty() ? StreamId{} : recording.streams.back();
    log_.append({.session = std::nullopt,
                 .events = {event_of(recording.channel, stream, change)},
                 .recording = catalog::ToldRecording{recording.id, ended}});
}

void ChannelEvents::recording_deleted(const catalog::Recording& recording) {
    const ivs::RecordingDeleted deleted{.reason = recording.deleting,
                                        .bucket_name = settings_.bucket_name,
                                        .prefix = recording.prefix,
                                        .duration = recording.duration,
                                        .bytes = recording.bytes,
                                        .session_id = recording.id.str(),
                                        .stream_ids = recording.streams};
    const StreamId stream = recording.streams.empty() ? StreamId{} : recording.streams.back();
    log_.append({.session = std::nullopt,
                 .events = {event_of(recording.channel, stream, deleted)},
                 .recording = std::nullopt,
                 .removed = recording.id});
}

void ChannelEvents::recording_not_started(const ChannelId& channel, const StreamId& stream,
                                          const RecordingId& recording) {
    const ivs::RecordingStateChange change{.status = "Recording Start Failure",
                                           .reason = "InternalServerException",
                                           .bucket_name = settings_.bucket_name,
                                           .prefix = "",
                                           .session_id = recording.str(),
                                           .stream_ids = {stream}};
    log_.append({.session = std::nullopt,
                 .events = {event_of(channel, stream, change)},
                 .recording = std::nullopt});
}

void ChannelEvents::recording_interrupted(const catalog::Recording& recording) {
    recording_gap(recording, "Recording Interrupted");
}

void ChannelEvents::recording_resumed(const catalog::Recording& recording) {
    recording_gap(recording, "Recording Resumed");
}

void ChannelEvents::recording_gap(const catalog::Recording& recording, const char* status) {
    const ivs::RecordingStateChange change{.status = status,
                                           .reason = "DiskInterrupted",
                                           .bucket_name = settings_.bucket_name,
                                           .prefix = recording.prefix,
                                           .session_id = recording.id.str(),
                                           .stream_ids = recording.streams};
    const StreamId stream = recording.streams.empty() ? StreamId{} : recording.streams.back();
    log_.append({.session = std::nullopt,
                 .events = {event_of(recording.channel, stream, change)},
                 .recording = std::nullopt});
}

Result<void> ChannelEvents::take_up() {
    const auto sessions = catalog_.open_stream_sessions();
    if (!sessions) return std::unexpected(sessions.error());
    const auto recordings = catalog_.untold_recordings();
    if (!recordings) return std::unexpected(recordings.error());
    for (catalog::StreamSession session : *sessions) {
        session.ended_at = clock_.wall();
        session_ended(session);
    }
    for (const catalog::UntoldRecording& untold : *recordings) {
        if (!untold.start_told) recording_event(untold.recording, false);
        if (untold.recording.status != catalog::RecordingStatus::Started)
            recording_event(untold.recording, true);
    }
    return {};
}

}  // namespace oxbow::notify
