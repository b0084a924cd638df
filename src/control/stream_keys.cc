#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"
#include "ivs/recording_metadata.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kStreamKeysPerPage = 50;

constexpr std::size_t kKeyBatchMax = 50;

/// The stream key that `arn` names. Errors: ResourceNotFoundException.
Outcome<catalog::StreamKey> stream_key_of(const Rooms& rooms, const std::string& arn) {
    const auto directory = rooms.catalog.directory();
    const auto channel = directory->stream_key_arns.find(arn);
    if (channel != directory->stream_key_arns.end())
        return directory->stream_key_of.at(channel->second);
    return refuse(not_found(fmt::format("There is no stream key {}.", arn)));
}

}  // namespace

Answer create_stream_key(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("channelArn", "channel");
    const catalog::Tags tags = arguments.tags("tags");
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    catalog::StreamKey key = new_stream_key(rooms, channel->id);
    key.tags = tags;

    const auto added = rooms.catalog.add_stream_key(key);
    if (!added && added.error().code == ErrorCode::Conflict) {
        return refuse(
            quota_exceeded("The channel has a stream key: delete it, then create a new one."));
    }
    if (!added) return refuse(added.error());
    return boost::json::object{{"streamKey", stream_key_json(rooms, key)}};
}

Answer get_stream_key(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "stream-key");
    if (arguments.error()) return refuse(*arguments.error());
    const auto key = stream_key_of(rooms, arn);
    if (!key) return refuse(key.error());
    return boost::json::object{{"streamKey", stream_key_json(rooms, *key)}};
}

Answer batch_get_stream_key(const Rooms& rooms, Arguments& arguments) {
    const auto arns = arguments.arn_list("arns", "stream-key", kKeyBatchMax);
    if (arguments.error()) return refuse(*arguments.error());
    boost::json::array keys;
    boost::json::array errors;
    for (const std::string& arn : arns) {
        const auto key = stream_key_of(rooms, arn);
        if (key) {
            keys.push_back(stream_key_json(rooms, *key));
        } else {
            errors.push_back(batch_error_json(arn, key.error()));
        }
    }
    return boost::json::object{{"streamKeys", std::move(keys)}, {"errors", std::move(errors)}};
}

Answer list_stream_keys(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("channelArn", "channel");
    const catalog::Page page = requested_page(arguments, kStreamKeysPerPage);
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    const auto keys = rooms.catalog.stream_keys(channel->id);
    if (!keys) return refuse(keys.error());

    boost::json::array items;
    for (const catalog::StreamKey& key : *keys)
        items.push_back(stream_key_summary_json(rooms, key));
    return page_json("streamKeys", cut_to(std::move(items), page), page);
}

Answer delete_stream_key(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "stream-key");
    if (arguments.error()) return refuse(*arguments.error());
    const auto key = stream_key_of(rooms, arn);
    if (!key) return refuse(key.error());
    const auto removed = rooms.catalog.remove_stream_key(arn);
    if (!removed) return refuse(removed.error());
    return std::nullopt;
}

/// Delete and create in one: whatever fails, the channel has a key. The new one has the old one's
/// tags.
Answer reset_stream_key(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("channelArn", "channel");
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    const auto before = rooms.catalog.stream_keys(channel->id);
    if (!before) return refuse(before.error());
    catalog::StreamKey key = new_stream_key(rooms, channel->id);
    if (!before->empty()) key.tags = before->front().tags;
    const auto replaced = rooms.catalog.replace_stream_key(key);
    if (!replaced) return refuse(replaced.error());
    return boost::json::object{{"streamKey", stream_key_json(rooms, key)}};
}

}  // namespace oxbow::control
