#include "control/shapes.h"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "base/random.h"
#include "ivs/ids.h"
#include "ivs/recording_metadata.h"

namespace oxbow::control {
namespace {

namespace json = boost::json;

json::array texts_json(const std::vector<std::string>& texts) {
    json::array out;
    for (const std::string& text : texts) out.emplace_back(text);
    return out;
}

// "rtmp://127.0.0.1:1935/app" -> "127.0.0.1"; "rtmp://[::1]:1935/app" -> "[::1]"
std::string host_of(std::string_view url) {
    if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
        url.remove_prefix(scheme + 3);
    }
    url = url.substr(0, url.find('/'));
    const std::size_t bracket = url.find(']');
    const std::size_t colon = url.find(':', bracket == std::string_view::npos ? 0 : bracket);
    return std::string{url.substr(0, colon)};
}

json::object stream_event_json(const catalog::Event& event) {
    json::object out{
        {"name", event.name}, {"type", event.type}, {"eventTime", format_rfc3339(event.time)}};
    if (!event.code.empty()) out["code"] = event.code;
    return out;
}

}  // namespace

json::object tags_json(const catalog::Tags& tags) {
    json::object out;
    for (const auto& [key, value] : tags) out[key] = value;
    return out;
}

json::object batch_error_json(const std::string& arn, const ApiError& error) {
    return {{"arn", arn}, {"code", error.type}, {"message", error.message}};
}

std::string playback_url(const ControlSettings& settings, const ChannelId& channel) {
    return fmt::format("{}/api/video/v1/{}", settings.public_url,
                       ivs::playback_name(settings.region, settings.account, channel));
}

json::object channel_summary_json(const catalog::Channel& channel) {
    return {{"arn", channel.arn},
            {"name", channel.name},
            {"latencyMode", channel.latency_mode},
            {"type", channel.type},
            {"recordingConfigurationArn", channel.recording_configuration_arn},
            {"authorized", channel.authorized},
            {"insecureIngest", channel.insecure_ingest},
            {"preset", channel.preset},
            {"playbackRestrictionPolicyArn", channel.playback_restriction_policy_arn},
            {"adConfigurationArn", ""},
            {"tags", tags_json(channel.tags)}};
}

json::object channel_json(const Rooms& rooms, const catalog::Channel& channel) {
    json::object out = channel_summary_json(channel);
    out["containerFormat"] = "TS";
    out["ingestEndpoint"] = host_of(rooms.settings.ingest_url);
    out["playbackUrl"] = playback_url(rooms.settings, channel.id);
    return out;
}

json::object stream_key_summary_json(const Rooms& rooms, const catalog::StreamKey& key) {
    return {{"arn", key.arn},
            {"channelArn",
             ivs::channel_arn(rooms.settings.region, rooms.settings.account, key.channel)},
            {"tags", tags_json(key.tags)}};
}

json::object stream_key_json(const Rooms& rooms, const catalog::StreamKey& key) {
    json::object out = stream_key_summary_json(rooms, key);
    out["value"] = key.value.view();
    return out;
}

json::object stream_summary_json(const Rooms& rooms, const LiveStreamInfo& stream) {
    return {{"channelArn",
             ivs::channel_arn(rooms.settings.region, rooms.settings.account, stream.channel)},
            {"streamId", stream.stream_id.view()},
            {"startTime", format_rfc3339(stream.started_at)},
            {"state", "LIVE"},
            {"health", stream.starving ? "STARVING" : "HEALTHY"},
            {"viewerCount", stream.viewer_count}};
}

json::object stream_json(const Rooms& rooms, const LiveStreamInfo& stream) {
    json::object out = stream_summary_json(rooms, stream);
    out["playbackUrl"] = playback_url(rooms.settings, stream.channel);
    return out;
}

json::object recording_configuration_summary_json(
    const catalog::RecordingConfiguration& configuration) {
    return {{"arn", configuration.arn},
            {"name", configuration.name},
            {"state", configuration.state},
            {"destinationConfiguration",
             json::object{{"s3", json::object{{"bucketName", configuration.bucket_name}}}}},
            {"tags", tags_json(configuration.tags)}};
}

json::object recording_configuration_json(const catalog::RecordingConfiguration& configuration) {
    json::object out = recording_configuration_summary_json(configuration);
    out["recordingReconnectWindowSeconds"] = configuration.reconnect_window.count();
    json::object thumbnails{{"recordingMode", configuration.thumbnail_mode}};
    if (configuration.thumbnail_mode == "INTERVAL") {
        thumbnails["targetIntervalSeconds"] = configuration.thumbnail_interval.count();
        thumbnails["storage"] = texts_json(configuration.thumbnail_storage);
        if (!configuration.thumbnail_resolution.empty())
            thumbnails["resolution"] = configuration.thumbnail_resolution;
    }
    out["thumbnailConfiguration"] = std::move(thumbnails);
    json::object renditions{{"renditionSelection", configuration.rendition_selection}};
    if (!configuration.renditions.empty())
        renditions["renditions"] = texts_json(configuration.renditions);
    out["renditionConfiguration"] = std::move(renditions);
    return out;
}

json::object playback_key_pair_summary_json(const catalog::PlaybackKeyPair& pair) {
    return {{"arn", pair.arn}, {"name", pair.name}, {"tags", tags_json(pair.tags)}};
}

json::object playback_key_pair_json(const catalog::PlaybackKeyPair& pair) {
    json::object out = playback_key_pair_summary_json(pair);
    out["fingerprint"] = pair.fingerprint;
    return out;
}

json::object playback_restriction_policy_json(const catalog::PlaybackRestrictionPolicy& policy) {
    return {{"arn", policy.arn},
            {"name", policy.name},
            {"allowedCountries", texts_json(policy.allowed_countries)},
            {"allowedOrigins", texts_json(policy.allowed_origins)},
            {"enableStrictOriginEnforcement", policy.strict_origin_enforcement},
            {"tags", tags_json(policy.tags)}};
}

json::object stream_session_summary_json(const catalog::StreamSession& session) {
    json::object out{{"streamId", session.id.view()},
                     {"startTime", format_rfc3339(session.live_at.value_or(session.started_at))}};
    if (session.ended_at) out["endTime"] = format_rfc3339(*session.ended_at);
    out["hasErrorEvent"] = session.has_error_event;
    return out;
}

json::object stream_session_json(const Rooms& rooms, const catalog::StreamSession& session,
                                 const std::vector<catalog::Event>& events) {
    json::object out = stream_session_summary_json(session);
    out.erase("hasErrorEvent");  // the model has it in the summary alone
    if (session.channel_then) out["channel"] = channel_json(rooms, *session.channel_then);
    if (session.recording_configuration) {
        out["recordingConfiguration"] =
            recording_configuration_json(*session.recording_configuration);
    }
    // The row is a minute old; a stream on the air knows better.
    const auto live = rooms.live.stream(session.channel);
    const bool on_air = live && live->stream_id == session.id && live->ingest;
    if (const auto& ingest = on_air ? live->ingest : session.ingest) {
        out["ingestConfiguration"] = ivs::ingest_configuration_json(*ingest);
        out["ingestConfigurations"] = ivs::ingest_configurations_json(*ingest);
    }
    json::array told;
    for (const catalog::Event& event : events) told.push_back(stream_event_json(event));
    out["truncatedEvents"] = std::move(told);
    return out;
}

json::object recording_json(const Rooms& rooms, const catalog::Recording& recording) {
    json::array streams;
    for (const StreamId& stream : recording.streams) streams.emplace_back(stream.view());
    json::object out{{"recordingId", recording.id.view()},
                     {"channelId", recording.channel.view()},
                     {"channelArn", ivs::channel_arn(rooms.settings.region, rooms.settings.account,
                                                     recording.channel)},
                     {"prefix", recording.prefix},
                     {"status", name_of(recording.status)},
                     {"startedAt", format_rfc3339(recording.started_at)}};
    if (recording.ended_at) out["endedAt"] = format_rfc3339(*recording.ended_at);
    if (!recording.status_message.empty()) out["statusMessage"] = recording.status_message;
    out["durationMs"] = recording.duration.count();
    out["bytes"] = recording.bytes;
    out["streamIds"] = std::move(streams);
    out["rendition"] = recording.rendition;
    out["locked"] = recording.locked;
    out["recordingConfiguration"] = recording.configuration;
    out["playbackUrl"] = fmt::format("{}/{}/{}/{}", rooms.settings.public_url, recording.prefix,
                                     recording.layout.hls_path, recording.layout.playlist);
    return out;
}

Outcome<catalog::Channel> channel_of(const Rooms& rooms, const std::string& arn) {
    const auto id = ivs::channel_of_arn(arn);
    if (!id) return refuse(validation_error("The channel ARN is not an ARN of a channel."));
    auto channel = rooms.catalog.channel(*id);
    if (!channel && channel.error().code != ErrorCode::NotFound) return refuse(channel.error());
    // An ARN of another account or region is another channel's.
    if (!channel || channel->arn != arn) {
        return refuse(not_found(fmt::format("There is no channel {}.", arn)));
    }
    return std::move(*channel);
}

catalog::StreamKey new_stream_key(const Rooms& rooms, const ChannelId& channel) {
    return {.arn = ivs::stream_key_arn(rooms.settings.region, rooms.settings.account,
                                       random_alphanumeric(12)),
            .value = ivs::make_stream_key(rooms.settings.region, channel),
            .channel = channel,
            .tags = {}};
}

}  // namespace oxbow::control
