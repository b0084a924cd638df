#include <algorithm>

#include <boost/json/array.hpp>

#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kStreamsPerPage = 100;

}  // namespace

Answer get_stream(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.text("channelArn");
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    const auto stream = rooms.live.stream(channel->id);
    if (!stream) return refuse(channel_not_broadcasting());
    return boost::json::object{{"stream", stream_json(rooms, *stream)}};
}

Answer list_streams(const Rooms& rooms, Arguments& arguments) {
    const catalog::Page page = requested_page(arguments, kStreamsPerPage);
    Arguments filter = arguments.object("filterBy");
    const std::string health = filter.choice("health", "HEALTHY STARVING UNKNOWN", "");
    arguments.adopt(filter, "filterBy");
    if (arguments.error()) return refuse(*arguments.error());

    std::vector<LiveStreamInfo> streams = rooms.live.streams();
    std::ranges::sort(streams, {}, [](const LiveStreamInfo& stream) {
        return std::pair{stream.started_at, stream.channel};
    });
    boost::json::array items;
    for (const LiveStreamInfo& stream : streams) {
        boost::json::object item = stream_summary_json(rooms, stream);
        if (health.empty() || item["health"].as_string() == health)
            items.push_back(std::move(item));
    }
    return page_json("streams", cut_to(std::move(items), page), page);
}

Answer stop_stream(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.text("channelArn");
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    if (!rooms.live.stop_stream(channel->id, "StopStream was called")) {
        return refuse(channel_not_broadcasting());
    }
    return boost::json::object{};
}

}  // namespace oxbow::control
