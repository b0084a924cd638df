#include <algorithm>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/log.h"
#include "control/operations.h"
#include "control/paging.h"
#include "control/shapes.h"
#include "ivs/recording_metadata.h"

namespace oxbow::control {
namespace {

constexpr std::int64_t kChannelsPerPage = 100;
constexpr std::size_t kChannelBatchMax = 50;

/// What IVS has and Oxbow does not: refused by name, so that nobody believes to have it.
void refuse_unsupported(Arguments& arguments) {
    if (!arguments.optional_arn("adConfigurationArn", "ad-configuration").value_or("").empty()) {
        arguments.wrong("adConfigurationArn", "cannot be set: Oxbow does not offer ads");
    }
    if (arguments.choice("containerFormat", "TS FRAGMENTED_MP4", "TS") != "TS") {
        arguments.wrong("containerFormat", "must be TS: Oxbow makes no FRAGMENTED_MP4");
    }
    constexpr std::string_view kMultitrack = "multitrackInputConfiguration";
    Arguments multitrack = arguments.object(kMultitrack);
    multitrack.choice("policy", "ALLOW REQUIRE", "");
    multitrack.choice("maximumResolution", "SD HD FULL_HD", "");
    if (multitrack.flag("enabled", false)) multitrack.wrong("enabled", "is not supported by Oxbow");
    arguments.adopt(multitrack, kMultitrack);
}

/// Whether plain RTMP may publish. Refused where nobody could publish at all.
void read_insecure_ingest(const Rooms& rooms, Arguments& arguments, catalog::Channel& channel) {
    const bool wanted = arguments.flag("insecureIngest", channel.insecure_ingest);
    if (!wanted && channel.insecure_ingest && !rooms.settings.rtmps) {
        arguments.wrong("insecureIngest",
                        "cannot be false: there is no RTMPS, for the server has no certificate "
                        "(tls.certificate, tls.key)");
    }
    channel.insecure_ingest = wanted;
}

void read_preset(Arguments& arguments, catalog::Channel& channel) {
    constexpr std::string_view kPresets =
        "HIGHER_BANDWIDTH_DELIVERY CONSTRAINED_BANDWIDTH_DELIVERY";
    const bool advanced = channel.type.starts_with("ADVANCED");
    if (!advanced) channel.preset = "";
    if (advanced && channel.preset.empty()) channel.preset = "HIGHER_BANDWIDTH_DELIVERY";
    if (arguments.optional_text("preset").value_or("").empty()) return;
    if (!advanced)
        arguments.wrong("preset", "belongs to channels of type ADVANCED_SD and ADVANCED_HD");
    channel.preset = arguments.choice("preset", kPresets, "");
}

/// The members that CreateChannel and UpdateChannel share; what is absent stays as it is.
void read_channel(Arguments& arguments, catalog::Channel& channel) {
    refuse_unsupported(arguments);
    channel.name = arguments.resource_name("name").value_or(channel.name);
    channel.latency_mode = arguments.choice("latencyMode", "LOW NORMAL", channel.latency_mode);
    channel.authorized = arguments.flag("authorized", channel.authorized);
    channel.type = arguments.choice("type", "BASIC STANDARD ADVANCED_SD ADVANCED_HD", channel.type);
    channel.recording_configuration_arn =
        arguments.optional_arn("recordingConfigurationArn", "recording-configuration")
            .value_or(channel.recording_configuration_arn);
    channel.playback_restriction_policy_arn =
        arguments.optional_arn("playbackRestrictionPolicyArn", "playback-restriction-policy")
            .value_or(channel.playback_restriction_policy_arn);
    read_preset(arguments, channel);
}

/// Errors: ResourceNotFoundException  what the channel refers to is not there.
///         ValidationException        it is there, and would not do what it says.
Outcome<void> check_references(const catalog::Directory& directory,
                               const catalog::Channel& channel) {
    const std::string& arn = channel.recording_configuration_arn;
    const auto configuration = directory.recording_configurations.find(arn);
    if (!arn.empty() && configuration == directory.recording_configurations.end()) {
        return refuse(not_found(fmt::format("There is no recording configuration {}.", arn)));
    }
    if (!arn.empty() && configuration->second.state == "CREATE_FAILED") {
        return refuse(validation_error(fmt::format(
            "recordingConfigurationArn is one with state CREATE_FAILED, which records nothing: "
            "its bucket '{}' cannot be written.",
            configuration->second.bucket_name)));
    }
    const std::string& policy_arn = channel.playback_restriction_policy_arn;
    if (policy_arn.empty()) return {};
    const auto policy = directory.playback_restriction_policies.find(policy_arn);
    if (policy == directory.playback_restriction_policies.end()) {
        return refuse(
            not_found(fmt::format("There is no playback restriction policy {}.", policy_arn)));
    }
    return {};
}

/// Said once for each channel, so that nobody waits for a ladder.
void log_delivery(const catalog::Channel& channel) {
    if (channel.type == "BASIC") return;
    log::info(
        "[channel {}] type {} is delivered as one rendition, as the encoder sends it: there is "
        "no transcoding yet",
        channel.id.view(), channel.type);
}

/// Which channels belong into a list; at most one of them is set.
struct ChannelFilter {
    std::optional<std::string> name;
    std::optional<std::string> configuration;
    std::optional<std::string> policy;
    std::optional<std::string> ads;

    static ChannelFilter read(Arguments& arguments) {
        return {.name = arguments.resource_name("filterByName"),
                .configuration = arguments.optional_arn("filterByRecordingConfigurationArn",
                                                        "recording-configuration"),
                .policy = arguments.optional_arn("filterByPlaybackRestrictionPolicyArn",
                                                 "playback-restriction-policy"),
                .ads = arguments.optional_arn("filterByAdConfigurationArn", "ad-configuration")};
    }
    int count() const {
        return int{name.has_value()} + int{configuration.has_value()} + int{policy.has_value()} +
               int{ads.has_value()};
    }
    bool takes(const catalog::Channel& channel) const {
        return (!name || channel.name == *name) &&
               (!configuration || channel.recording_configuration_arn == *configuration) &&
               (!policy || channel.playback_restriction_policy_arn == *policy) &&
               (!ads || ads->empty());  // no channel has any
    }
};

/// The summaries of the channels of `page` among those that `filter` takes.
boost::json::array filtered(const catalog::Directory& directory, const ChannelFilter& filter,
                            catalog::Page page) {
    const std::vector<catalog::ChannelPlace>& places = *directory.channels_by_creation;
    // Without a filter the page begins where its offset says, and nothing need be looked at before.
    std::size_t skipped = filter.count() == 0 ? page.offset : 0;
    boost::json::array out;
    for (std::size_t at = skipped; at < places.size() && out.size() < page.limit; ++at) {
        const catalog::Channel& channel = directory.channels.at(places[at].id);
        if (!filter.takes(channel)) continue;
        if (skipped < page.offset) {
            ++skipped;
            continue;
        }
        out.push_back(channel_summary_json(channel));
    }
    return out;
}

}  // namespace

Answer create_channel(const Rooms& rooms, Arguments& arguments) {
    catalog::Channel channel;
    channel.id = ivs::make_channel_id();
    channel.arn = ivs::channel_arn(rooms.settings.region, rooms.settings.account, channel.id);
    channel.type = "STANDARD";
    channel.created_at = rooms.clock.wall();
    read_channel(arguments, channel);
    // As Amazon IVS, which takes RTMPS alone; but not where there is none.
    if (rooms.settings.rtmps && !arguments.has("insecureIngest")) channel.insecure_ingest = false;
    read_insecure_ingest(rooms, arguments, channel);
    channel.tags = arguments.tags("tags");
    if (arguments.error()) return refuse(*arguments.error());
    const auto directory = rooms.catalog.directory();
    if (auto there = check_references(*directory, channel); !there) return refuse(there.error());
    const auto within = within_quota(directory->channels_by_creation->size(),
                                     rooms.settings.quotas.channels, "channels");
    if (!within) return refuse(within.error());

    const catalog::StreamKey key = new_stream_key(rooms, channel.id);
    const auto added = rooms.catalog.add_channel(channel, key);
    if (!added) return refuse(added.error());
    log_delivery(channel);
    return boost::json::object{{"channel", channel_json(rooms, channel)},
                               {"streamKey", stream_key_json(rooms, key)}};
}

Answer get_channel(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "channel");
    if (arguments.error()) return refuse(*arguments.error());
    const auto channel = channel_of(rooms, arn);
    if (!channel) return refuse(channel.error());
    return boost::json::object{{"channel", channel_json(rooms, *channel)}};
}

Answer batch_get_channel(const Rooms& rooms, Arguments& arguments) {
    const auto arns = arguments.arn_list("arns", "channel", kChannelBatchMax);
    if (arguments.error()) return refuse(*arguments.error());
    boost::json::array channels;
    boost::json::array errors;
    for (const std::string& arn : arns) {
        const auto channel = channel_of(rooms, arn);
        if (channel) {
            channels.push_back(channel_json(rooms, *channel));
        } else {
            errors.push_back(batch_error_json(arn, channel.error()));
        }
    }
    return boost::json::object{{"channels", std::move(channels)}, {"errors", std::move(errors)}};
}

Answer list_channels(const Rooms& rooms, Arguments& arguments) {
    const catalog::Page page = requested_page(arguments, kChannelsPerPage);
    const ChannelFilter filter = ChannelFilter::read(arguments);
    if (arguments.error()) return refuse(*arguments.error());
    if (filter.count() > 1) return refuse(conflict("Only one filter can be given at a time."));
    return page_json("channels", filtered(*rooms.catalog.directory(), filter, page), page);
}

Answer update_channel(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "channel");
    const auto known =
        arguments.error() ? Outcome<catalog::Channel>{catalog::Channel{}} : channel_of(rooms, arn);
    catalog::Channel channel = known ? *known : catalog::Channel{};
    read_channel(arguments, channel);
    read_insecure_ingest(rooms, arguments, channel);
    if (arguments.error()) return refuse(*arguments.error());
    if (!known) return refuse(known.error());
    if (rooms.live.stream(channel.id)) {
        return refuse(conflict("The channel is live: stop its stream, then update it."));
    }
    const auto there = check_references(*rooms.catalog.directory(), channel);
    if (!there) return refuse(there.error());

    const auto updated = rooms.catalog.update_channel(channel);
    if (!updated) return refuse(updated.error());
    if (channel.type != known->type) log_delivery(channel);
    return boost::json::object{{"channel", channel_json(rooms, channel)}};
}

Answer delete_channel(const Rooms& rooms, Arguments& arguments) {
    const std::string arn = arguments.arn("arn", "channel");
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
