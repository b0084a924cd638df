#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kStreamsPerPage = 100;
constexpr std::size_t kMetadataBytesMax = 1024;
constexpr std::size_t kMetadataPerSecond = 5;  // of one channel

}  // namespace

Answer get_stream(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("channelArn", "channel");
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
    const std::string arn = arguments.arn("channelArn", "channel");
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    if (!rooms.live.stop_stream(channel->id, "StopStream was called")) {
        return refuse(channel_not_broadcasting());
    }
    return boost::json::object{};
}

Answer put_metadata(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("channelArn", "channel");
    const std::string text = arguments.text("metadata");
    if (text.empty() || text.size() > kMetadataBytesMax) {
        arguments.wrong("metadata", fmt::format("must have 1 to {} bytes", kMetadataBytesMax));
    }
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    if (!rooms.live.stream(channel->id)) return refuse(channel_not_broadcasting());
    const std::string kind = fmt::format("metadata {}", channel->id.view());
    if (!rooms.rates.take(kind, kMetadataPerSecond, rooms.clock.steady()))
        return refuse(throttled());

    const auto put = rooms.live.put_metadata(channel->id, text);
    if (put) return std::nullopt;
    if (put.error().code == ErrorCode::NotFound) return refuse(channel_not_broadcasting());
    if (put.error().code == ErrorCode::LimitExceeded) return refuse(throttled());
    return refuse(put.error());
}

}  // namespace oxbow::control
