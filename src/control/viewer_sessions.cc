#include <limits>

#include <boost/json/array.hpp>

#include "control/operations.h"
#include "control/shapes.h"

namespace oxbow::control {
namespace {

constexpr std::size_t kSessionBatchMax = 20;
constexpr std::size_t kViewerIdMax = 40;  // characters

struct Asked {
    std::string channel_arn;
    std::string viewer_id;
    std::int64_t version;
};

Asked read_session(Arguments& arguments) {
    return {.channel_arn = arguments.arn("channelArn", "channel"),
            .viewer_id = arguments.text_of_length("viewerId", 1, kViewerIdMax),
            .version = arguments.number("viewerSessionVersionsLessThanOrEqualTo", 0,
                                        std::numeric_limits<std::int64_t>::max(), 0)};
}

catalog::ViewerSessionRevocation revocation_of(const Rooms& rooms, const Asked& asked,
                                               const ChannelId& channel) {
    return {.channel = channel,
            .viewer_id = asked.viewer_id,
            .version = asked.version,
            .revoked_at = rooms.clock.wall()};
}

}  // namespace

Answer start_viewer_session_revocation(const Rooms& rooms, Arguments& arguments) {
    const Asked asked = read_session(arguments);
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, asked.channel_arn);
    if (!channel) return refuse(channel.error());
    const auto revoked =
        rooms.catalog.revoke_viewer_sessions({revocation_of(rooms, asked, channel->id)});
    if (!revoked) return refuse(revoked.error());
    return boost::json::object{};
}

Answer batch_start_viewer_session_revocation(const Rooms& rooms, Arguments& arguments) {
    constexpr std::string_view kSessions = "viewerSessions";
    std::vector<Asked> sessions;
    for (Arguments& session : arguments.objects(kSessions, kSessionBatchMax)) {
        sessions.push_back(read_session(session));
        arguments.adopt(session, kSessions);
    }
    if (arguments.error()) return refuse(*arguments.error());

    boost::json::array errors;
    std::vector<catalog::ViewerSessionRevocation> revocations;
    for (const Asked& asked : sessions) {
        const auto channel = channel_of(rooms, asked.channel_arn);
        if (channel) {
            revocations.push_back(revocation_of(rooms, asked, channel->id));
            continue;
        }
        errors.push_back(boost::json::object{{"channelArn", asked.channel_arn},
                                             {"viewerId", asked.viewer_id},
                                             {"code", channel.error().type},
                                             {"message", channel.error().message}});
    }
    const auto revoked = rooms.catalog.revoke_viewer_sessions(revocations);
    if (!revoked) return refuse(revoked.error());
    return boost::json::object{{"errors", std::move(errors)}};
}

}  // namespace oxbow::control
