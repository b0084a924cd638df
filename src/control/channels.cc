#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/random.h"
#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"
#include "ivs/recording_metadata.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kChannelsPerPage = 100;
constexpr std::size_t kScanChannels = 500;  // read from the database at a time

/// What IVS has and Oxbow does not: refused by name, so that nobody believes to have it.
void refuse_unsupported(Arguments& arguments) {
    for (const std::string_view name : {"playbackRestrictionPolicyArn", "adConfigurationArn"}) {
        if (!arguments.optional_text(name).value_or("").empty()) {
            arguments.wrong(name, "is not supported by Oxbow");
        }
    }
    if (arguments.choice("containerFormat", "TS FRAGMENTED_MP4", "TS") != "TS") {
        arguments.wrong("containerFormat", "must be TS: Oxbow makes no FRAGMENTED_MP4");
    }
    if (arguments.flag("authorized", false)) {
        arguments.wrong("authorized",
                        "cannot be true: this version does not offer private playback, everybody "
                        "may watch every channel");
    }
    if (!arguments.flag("insecureIngest", true)) {
        arguments.wrong("insecureIngest", "cannot be false: this version does not offer RTMPS");
    }
    constexpr std::string_view kMultitrack = "multitrackInputConfiguration";
    Arguments multitrack = arguments.object(kMultitrack);
    if (multitrack.flag("enabled", false)) multitrack.wrong("enabled", "is not supported by Oxbow");
    arguments.adopt(multitrack, kMultitrack);
}

catalog::Channel requested_channel(const Rooms& rooms, Arguments& arguments) {
    refuse_unsupported(arguments);
    catalog::Channel channel;
    channel.id = ivs::make_channel_id();
    channel.arn = ivs::channel_arn(rooms.settings.region, rooms.settings.account, channel.id);
    channel.name = arguments.resource_name("name");
    channel.latency_mode = arguments.choice("latencyMode", "LOW NORMAL", "LOW");
    channel.type = arguments.choice("type", "BASIC STANDARD ADVANCED_SD ADVANCED_HD", "STANDARD");
    channel.recording_configuration_arn =
        arguments.optional_text("recordingConfigurationArn").value_or("");
    channel.tags = arguments.tags("tags");
    channel.created_at = rooms.clock.wall();

    constexpr std::string_view kPresets =
        "HIGHER_BANDWIDTH_DELIVERY CONSTRAINED_BANDWIDTH_DELIVERY";
    if (channel.type.starts_with("ADVANCED")) {
        channel.preset = arguments.choice("preset", kPresets, "HIGHER_BANDWIDTH_DELIVERY");
    } else if (!arguments.optional_text("preset").value_or("").empty()) {
        arguments.wrong("preset", "belongs to channels of type ADVANCED_SD and ADVANCED_HD");
    }
    return channel;
}

/// Whether a channel belongs into a filtered list.
struct ChannelFilter {
    std::optional<std::string> name;
    std::optional<std::string> configuration;

    bool set() const { return name || configuration; }
    bool takes(const catalog::Channel& channel) const {
        return (!name || channel.name == *name) &&
               (!configuration || channel.recording_configuration_arn == *configuration);
    }
};

/// The channels of `page` among those that `filter` takes.
Result<std::vector<catalog::Channel>> filtered(const catalog::Catalog& catalog,
                                               const ChannelFilter& filter, catalog::Page page) {
    std::vector<catalog::Channel> out;
    std::size_t skipped = 0;
    for (std::size_t offset = 0; out.size() < page.limit; offset += kScanChannels) {
        auto scanned = catalog.channels({.offset = offset, .limit = kScanChannels});
        if (!scanned) return std::unexpected(scanned.error());
        for (catalog::Channel& channel : *scanned) {
            if (!filter.takes(channel) || skipped++ < page.offset) continue;
            if (out.size() < page.limit) out.push_back(std::move(channel));
        }
        if (scanned->size() < kScanChannels) break;
    }
    return out;
}

}  // namespace

Answer create_channel(const Rooms& rooms, Arguments& arguments) {
    const catalog::Channel channel = requested_channel(rooms, arguments);
    if (arguments.error()) return refuse(*arguments.error());
    const std::string& configuration = channel.recording_configuration_arn;
    if (!configuration.empty() &&
        !rooms.catalog.directory()->recording_configurations.contains(configuration)) {
        return refuse(
            not_found(fmt::format("There is no recording configuration {}.", configuration)));
    }
    const catalog::StreamKey key{
        .arn = ivs::stream_key_arn(rooms.settings.region, rooms.settings.account,
                                   random_alphanumeric(12)),
        .value = ivs::make_stream_key(rooms.settings.region, channel.id),
        .channel = channel.id,
        .tags = {}};

    const auto added = rooms.catalog.add_channel(channel, key);
    if (!added) return refuse(added.error());
    return boost::json::object{{"channel", channel_json(rooms, channel)},
                               {"streamKey", stream_key_json(rooms, key)}};
}

Answer get_channel(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.text("arn");
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    return boost::json::object{{"channel", channel_json(rooms, *channel)}};
}

Answer list_channels(const Rooms& rooms, Arguments& arguments) {
    const catalog::Page page = requested_page(arguments, kChannelsPerPage);
    const ChannelFilter filter{
        .name = arguments.optional_text("filterByName"),
        .configuration = arguments.optional_text("filterByRecordingConfigurationArn")};
    for (const std::string_view name :
         {"filterByPlaybackRestrictionPolicyArn", "filterByAdConfigurationArn"}) {
        if (arguments.has(name)) arguments.wrong(name, "is not supported by Oxbow");
    }
    if (arguments.error()) return refuse(*arguments.error());
    if (filter.name && filter.configuration) {
        return refuse(conflict("Only one filter can be given at a time."));
    }
    const auto channels =
        filter.set() ? filtered(rooms.catalog, filter, page) : rooms.catalog.channels(page);
    if (!channels) return refuse(channels.error());

    boost::json::array items;
    for (const catalog::Channel& channel : *channels) {
        items.push_back(channel_summary_json(channel));
    }
    return page_json("channels", std::move(items), page);
}

Answer delete_channel(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.text("arn");
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    if (rooms.live.stream(channel->id)) {
        return refuse(conflict("The channel is live: stop its stream, then delete it."));
    }
    const auto removed = rooms.catalog.remove_channel(channel->id);
    if (!removed) return refuse(removed.error());
    // A publisher may be connected whose first segment is not listed yet.
    rooms.live.stop_stream(channel->id, "the channel was deleted");
    return std::nullopt;
}

}  // namespace oxbow::control
