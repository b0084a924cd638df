#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"
#include "ivs/recording_metadata.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kSessionsPerPage = 100;
constexpr std::size_t kEventsPerSession = 500;  // the newest, as many as the model has place for

/// The channel of the ARN, which may be deleted: its sessions stay. Errors:
/// ResourceNotFoundException.
Outcome<ChannelId> channel_with_sessions(const Rooms& rooms, const std::string& arn) {
    const auto known = channel_of(rooms, arn);
    if (known) return known->id;
    const auto id = ivs::channel_of_arn(arn);
    const ControlSettings& settings = rooms.settings;
    if (!id || ivs::channel_arn(settings.region, settings.account, *id) != arn)
        return refuse(known.error());
    const auto sessions = rooms.catalog.stream_sessions(*id, {.offset = 0, .limit = 1});
    if (!sessions) return refuse(sessions.error());
    if (sessions->empty()) return refuse(known.error());
    return *id;
}

/// Errors: ResourceNotFoundException  no such session, or, without an id, none at all.
Outcome<catalog::StreamSession> session_of(const Rooms& rooms, const ChannelId& channel,
                                           const std::optional<std::string>& stream_id) {
    if (!stream_id) {
        auto newest = rooms.catalog.stream_sessions(channel, {.offset = 0, .limit = 1});
        if (!newest) return refuse(newest.error());
        if (newest->empty()) return refuse(not_found("The channel has had no stream yet."));
        return std::move(newest->front());
    }
    auto session = rooms.catalog.stream_session(StreamId{*stream_id});
    if (!session && session.error().code != ErrorCode::NotFound) return refuse(session.error());
    if (!session || session->channel != channel) {
        return refuse(not_found(fmt::format("The channel has had no stream {}.", *stream_id)));
    }
    return std::move(*session);
}

bool is_stream_id(std::string_view text) {
    return text.size() == 26 && text.starts_with("st-") && ivs::is_id(text) &&
           !text.substr(3).contains('-');
}

}  // namespace

Answer get_stream_session(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("channelArn", "channel");
    const auto stream_id = arguments.optional_text("streamId");
    if (stream_id && !is_stream_id(*stream_id)) {
        arguments.wrong("streamId", "must be 'st-' and 23 letters and digits");
    }
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_with_sessions(rooms, arn);
    if (!channel) return refuse(channel.error());
    const auto session = session_of(rooms, *channel, stream_id);
    if (!session) return refuse(session.error());
    const auto events = rooms.catalog.stream_events(session->id, kEventsPerSession);
    if (!events) return refuse(events.error());
    return boost::json::object{{"streamSession", stream_session_json(rooms, *session, *events)}};
}

Answer list_stream_sessions(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("channelArn", "channel");
    const catalog::Page page = requested_page(arguments, kSessionsPerPage);
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_with_sessions(rooms, arn);
    if (!channel) return refuse(channel.error());
    const auto sessions = rooms.catalog.stream_sessions(*channel, page);
    if (!sessions) return refuse(sessions.error());

    boost::json::array items;
    for (const catalog::StreamSession& session : *sessions) {
        items.push_back(stream_session_summary_json(session));
    }
    return page_json("streamSessions", std::move(items), page);
}

}  // namespace oxbow::control
