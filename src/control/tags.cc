#include <fmt/format.h>

#include "control/operations.h"
#include "control/shapes.h"
#include "ivs/ids.h"

namespace oxbow::control {
namespace {

constexpr std::size_t kTagCountMax = 50;

template <typename Map>
std::optional<catalog::Tags> tags_in(const Map& map, const std::string& arn) {
    const auto found = map.find(arn);
    if (found == map.end()) return std::nullopt;
    return found->second.tags;
}

std::optional<catalog::Tags> tags_of(const catalog::Directory& directory, const std::string& arn) {
    if (const auto id = ivs::channel_of_arn(arn)) {
        const auto channel = directory.channels.find(*id);
        if (channel == directory.channels.end() || channel->second.arn != arn) return std::nullopt;
        return channel->second.tags;
    }
    const auto key = directory.stream_key_arns.find(arn);
    if (key != directory.stream_key_arns.end()) return directory.stream_key_of.at(key->second).tags;
    if (auto tags = tags_in(directory.recording_configurations, arn)) return tags;
    if (auto tags = tags_in(directory.playback_key_pairs, arn)) return tags;
    return tags_in(directory.playback_restriction_policies, arn);
}

Answer changed(const Rooms& rooms, const std::string& arn, const catalog::TagChange& change) {
    const auto done = rooms.catalog.change_tags(arn, change);
    if (done) return boost::json::object{};
    if (done.error().code == ErrorCode::NotFound)
        return refuse(not_found(fmt::format("There is no resource {}.", arn)));
    return refuse(done.error());
}

}  // namespace

Answer list_tags_for_resource(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("resourceArn", "");
    if (arguments.error()) return refuse(*arguments.error());
    const auto tags = tags_of(*rooms.catalog.directory(), arn);
    if (!tags) return refuse(not_found(fmt::format("There is no resource {}.", arn)));
    return boost::json::object{{"tags", tags_json(*tags)}};
}

Answer tag_resource(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("resourceArn", "");
    arguments.require("tags");
    const catalog::Tags added = arguments.tags("tags");
    if (arguments.error()) return refuse(*arguments.error());
    return changed(rooms, arn, [&](catalog::Tags tags) -> Result<catalog::Tags> {
        for (const auto& [key, value] : added) tags[key] = value;
        if (tags.size() <= kTagCountMax) return tags;
        return fail(ErrorCode::Malformed,
                    fmt::format("tags would be {} with those the resource has; {} are allowed.",
                                tags.size(), kTagCountMax));
    });
}

Answer untag_resource(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("resourceArn", "");
    const std::vector<std::string> keys = arguments.tag_keys("tagKeys");
    if (arguments.error()) return refuse(*arguments.error());
    return changed(rooms, arn, [&](catalog::Tags tags) -> Result<catalog::Tags> {
        for (const std::string& key : keys) tags.erase(key);
        return tags;
    });
}

}  // namespace oxbow::control
