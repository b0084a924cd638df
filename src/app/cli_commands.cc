#include <algorithm>
#include <ostream>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "app/cli.h"
#include "app/cli_client.h"
#include "app/cli_text.h"
#include "app/cli_token.h"
#include "base/times.h"

namespace oxbow::app {
namespace {

namespace json = boost::json;

constexpr std::string_view kRecordingConfiguration = "default";

/// What a command found: JSON for scripts, and the same for people.
struct Report {
    json::object data;
    std::string text;
    std::string warning;  // what to beware of, although it is done
};

/// A member as text: strings as they are, "" where it lacks.
std::string text_of(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr || value->is_null()) return {};
    if (value->is_string()) return std::string{std::string_view{value->get_string()}};
    return json::serialize(*value);
}

std::int64_t number_of(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr) return 0;
    json::error_code error;
    const auto number = value->to_number<std::int64_t>(error);
    return error ? 0 : number;
}

/// The objects of list `name`; whatever else an answer has is passed over.
std::vector<json::object> objects_of(const json::object& answer, std::string_view name) {
    std::vector<json::object> out;
    const json::value* const list = answer.if_contains(name);
    if (list == nullptr || !list->is_array()) return out;
    for (const json::value& item : list->get_array()) {
        if (item.is_object()) out.push_back(item.get_object());
    }
    return out;
}

json::object object_of(const json::object& answer, std::string_view name) {
    const json::value* const value = answer.if_contains(name);
    return value != nullptr && value->is_object() ? value->get_object() : json::object{};
}

// "arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj" -> "AsXego4U6tnj"
std::string id_of(const std::string& arn) {
    return arn.substr(arn.find('/') + 1);
}

bool yes(const json::object& object, std::string_view name) {
    return text_of(object, name) == "true";
}

Result<std::vector<json::object>> all_channels(const ApiClient& api) {
    const auto answer = api.call_all("ListChannels", "channels");
    if (!answer) return std::unexpected(answer.error());
    return objects_of(*answer, "channels");
}

/// The ARN of the channel that `target` names by id, ARN or name.
Result<std::string> channel_arn(const ApiClient& api, const std::string& target) {
    if (target.starts_with("arn:")) return target;
    const auto channels = all_channels(api);
    if (!channels) return std::unexpected(channels.error());
    std::vector<std::string> named;
    for (const json::object& channel : *channels) {
        std::string arn = text_of(channel, "arn");
        if (id_of(arn) == target) return arn;
        if (text_of(channel, "name") == target) named.push_back(std::move(arn));
    }
    if (named.size() == 1) return named.front();
    if (named.empty()) {
        return fail(
            ErrorCode::NotFound,
            fmt::format("There is no channel '{}'; 'oxbow channel list' shows them.", target));
    }
    return fail(
        ErrorCode::Conflict,
        fmt::format("{} channels are called '{}'; say which by its id.", named.size(), target));
}

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Where the channel's encoder publishes.
std::string ingest_url(const ApiClient& api, const json::object& channel) {
    const std::string host = text_of(channel, "ingestEndpoint");
    const json::value* const plain = channel.if_contains("insecureIngest");
    if (plain && plain->is_bool() && !plain->as_bool()) {
        return api.secure_ingest_url().empty() ? fmt::format("rtmps://{}/app", host)
                                               : api.secure_ingest_url();
    }
    return api.ingest_url().empty() ? fmt::format("rtmp://{}/app", host) : api.ingest_url();
}

/// Where to publish and to watch, beside the channel, its stream key and `more`.
Report channel_report(const ApiClient& api, json::object channel, json::object key,
                      std::string text, const Fields& more = {}) {
    const std::string ingest = ingest_url(api, channel);
    const std::string playback = text_of(channel, "playbackUrl");
    // The server writes it with the base that viewers use, which may be a proxy's.
    const std::string viewers = playback.substr(0, playback.find("/api/video/v1/"));
    const std::string value = text_of(key, "value");
    const bool recorded = !text_of(channel, "recordingConfigurationArn").empty();
    const std::string arn = text_of(channel, "arn");
    Fields shown{{"Channel id", id_of(arn)},
                 {"ARN", arn},
                 {"Type", text_of(channel, "type")},
                 {"Recorded", recorded ? "yes" : "no"},
                 {"Ingest URL", ingest}};
    const std::string& secure = api.secure_ingest_url();
    if (!secure.empty() && secure != ingest) shown.emplace_back("or by TLS", secure);
    const Fields rest{{"Stream key", value.empty() ? "none" : value},
                      {"Watch page", fmt::format("{}/watch/{}", viewers, id_of(arn))},
                      {"Playback URL", playback}};
    shown.insert(shown.end(), rest.begin(), rest.end());
    if (yes(channel, "authorized"))
        shown.emplace_back("Private", "yes: viewers need a token, see 'oxbow help token create'");
    shown.insert(shown.end(), more.begin(), more.end());
    text += fields(shown);
    if (!value.empty()) {
        text += fmt::format(
            "\nGo live, for example, with:\n"
            "  ffmpeg -re -i VIDEO.mp4 -c:v libx264 -preset veryfast -g 60 -c:a aac -f flv {}/{}\n",
            ingest, value);
    }
    json::object data;
    data["channel"] = std::move(channel);
    data["streamKey"] = nullptr;
    if (!value.empty()) data["streamKey"] = std::move(key);
    data["ingestUrl"] = value.empty() ? ingest : fmt::format("{}/{}", ingest, value);
    return {.data = std::move(data), .text = std::move(text), .warning = {}};
}

Result<std::string> default_recording_configuration(const ApiClient& api) {
    const auto answer = api.call_all("ListRecordingConfigurations", "recordingConfigurations");
    if (!answer) return std::unexpected(answer.error());
    for (const json::object& configuration : objects_of(*answer, "recordingConfigurations")) {
        if (text_of(configuration, "name") == kRecordingConfiguration) {
            return text_of(configuration, "arn");
        }
    }
    return fail(ErrorCode::NotFound,
                "There is no recording configuration named 'default'; use --no-record.");
}

/// Names need not be unique, as with Amazon IVS. Out: "" while the name is not taken.
Result<std::string> warning_of_name(const ApiClient& api, const std::string& name) {
    const auto answer = api.call_all("ListChannels", "channels", {{"filterByName", name}});
    if (!answer) return std::unexpected(answer.error());
    const std::size_t taken = objects_of(*answer, "channels").size();
    if (taken == 0) return "";
    return fmt::format("{} channels are called '{}' now; say by its id which one is meant.",
                       taken + 1, name);
}

Result<Report> create_channel(const ApiClient& api, const ClientCommand& command) {
    json::object arguments{
        {"name", command.target}, {"type", command.type}, {"insecureIngest", !command.rtmps_only}};
    if (command.authorized) arguments["authorized"] = true;
    if (command.record) {
        const auto configuration = default_recording_configuration(api);
        if (!configuration) return std::unexpected(configuration.error());
        arguments["recordingConfigurationArn"] = *configuration;
    }
    auto warning = warning_of_name(api, command.target);
    if (!warning) return std::unexpected(warning.error());
    const auto made = api.call("CreateChannel", arguments);
    if (!made) return std::unexpected(made.error());
    Report report = channel_report(api, object_of(*made, "channel"), object_of(*made, "streamKey"),
                                   fmt::format("Channel '{}' is ready.\n\n", command.target));
    report.warning = std::move(*warning);
    if (report.warning.empty() && command.type != "BASIC") {
        report.warning = fmt::format(
            "Type {} is delivered as one rendition, as the encoder sends it: there is no "
            "transcoding yet.",
            command.type);
    }
    return report;
}

Result<Report> list_channels(const ApiClient& api, const ClientCommand&) {
    auto answer = api.call_all("ListChannels", "channels");
    if (!answer) return std::unexpected(answer.error());
    const auto streams = api.call_all("ListStreams", "streams");
    if (!streams) return std::unexpected(streams.error());
    const auto live = objects_of(*streams, "streams");
    Rows rows;
    for (const json::object& channel : objects_of(*answer, "channels")) {
        const std::string arn = text_of(channel, "arn");
        const bool on_air = std::ranges::any_of(
            live, [&](const json::object& stream) { return text_of(stream, "channelArn") == arn; });
        const bool recorded = !text_of(channel, "recordingConfigurationArn").empty();
        rows.push_back({id_of(arn), text_of(channel, "name"), text_of(channel, "type"),
                        recorded ? "yes" : "no", on_air ? "live" : "offline"});
    }
    std::string text = table({"CHANNEL", "NAME", "TYPE", "RECORDED", "STATE"}, rows,
                             "There are no channels yet; 'oxbow channel create NAME' makes one.");
    return Report{.data = std::move(*answer), .text = std::move(text)};
}

/// {} while there is none.
Result<json::object> newest_recording(const ApiClient& api, const std::string& channel_id) {
    const auto answer =
        api.call("oxbow/ListRecordings", {{"channelId", channel_id}, {"maxResults", 1}});
    if (!answer) return std::unexpected(answer.error());
    auto newest = objects_of(*answer, "recordings");
    return newest.empty() ? json::object{} : std::move(newest.front());
}

// j8Z9O91ndcVs, RECORDING_ENDED, from 2020-06-23T20:12:32Z, 1:02:03
std::string recording_line(const json::object& recording) {
    if (recording.empty()) return "none";
    return fmt::format("{}, {}, from {}, {}", text_of(recording, "recordingId"),
                       text_of(recording, "status"), text_of(recording, "startedAt"),
                       duration_text(number_of(recording, "durationMs")));
}

Result<bool> is_live(const ApiClient& api, const std::string& arn) {
    const auto streams = api.call_all("ListStreams", "streams");
    if (!streams) return std::unexpected(streams.error());
    return std::ranges::any_of(objects_of(*streams, "streams"), [&](const json::object& stream) {
        return text_of(stream, "channelArn") == arn;
    });
}

Result<Report> show_channel(const ApiClient& api, const ClientCommand& command) {
    const auto arn = channel_arn(api, command.target);
    if (!arn) return std::unexpected(arn.error());
    const auto channel = api.call("GetChannel", {{"arn", *arn}});
    if (!channel) return std::unexpected(channel.error());
    const auto keys = api.call("ListStreamKeys", {{"channelArn", *arn}});
    if (!keys) return std::unexpected(keys.error());
    json::object key;
    if (const auto listed = objects_of(*keys, "streamKeys"); !listed.empty()) {
        const auto read = api.call("GetStreamKey", {{"arn", text_of(listed.front(), "arn")}});
        if (!read) return std::unexpected(read.error());
        key = object_of(*read, "streamKey");
    }
    const auto live = is_live(api, *arn);
    if (!live) return std::unexpected(live.error());
    auto recording = newest_recording(api, id_of(*arn));
    if (!recording) return std::unexpected(recording.error());
    json::object shown = object_of(*channel, "channel");
    std::string title = fmt::format("Channel '{}'\n\n", text_of(shown, "name"));
    Report report = channel_report(
        api, std::move(shown), std::move(key), std::move(title),
        {{"State", *live ? "live" : "offline"}, {"Newest recording", recording_line(*recording)}});
    report.data["isLive"] = *live;
    report.data["newestRecording"] = nullptr;
    if (!recording->empty()) report.data["newestRecording"] = std::move(*recording);
    return report;
}

Result<Report> delete_channel(const ApiClient& api, const ClientCommand& command) {
    const auto arn = channel_arn(api, command.target);
    if (!arn) return std::unexpected(arn.error());
    const auto answer = api.call("DeleteChannel", {{"arn", *arn}});
    if (!answer) return std::unexpected(answer.error());
    return Report{
        .data = *answer,
        .text = fmt::format("Deleted channel {}; its recordings stay.\n", command.target)};
}

/// For scripts: the token alone.
Result<Report> token_report(const ClientCommand& command, const std::string& arn,
                            const std::string& playback_url) {
    auto made = create_token(command.token, arn, SystemClock{}.wall(), playback_url);
    if (!made) return std::unexpected(made.error());
    std::string text = text_of(*made, "token") + '\n';
    return Report{.data = *std::move(made), .text = std::move(text), .warning = {}};
}

Result<Report> create_token(const ApiClient& api, const ClientCommand& command) {
    const auto arn = channel_arn(api, command.target);
    if (!arn) return std::unexpected(arn.error());
    const auto channel = api.call("GetChannel", {{"arn", *arn}});
    if (!channel) return std::unexpected(channel.error());
    const json::object shown = object_of(*channel, "channel");
    auto report = token_report(command, *arn, text_of(shown, "playbackUrl"));
    if (report && !yes(shown, "authorized"))
        report->warning = "The channel is not private: everybody may watch it.";
    return report;
}

Result<Report> list_streams(const ApiClient& api, const ClientCommand&) {
    auto answer = api.call_all("ListStreams", "streams");
    if (!answer) return std::unexpected(answer.error());
    Rows rows;
    for (const json::object& stream : objects_of(*answer, "streams")) {
        rows.push_back({id_of(text_of(stream, "channelArn")), text_of(stream, "streamId"),
                        text_of(stream, "startTime"), text_of(stream, "health"),
                        text_of(stream, "viewerCount")});
    }
    std::string text =
        table({"CHANNEL", "STREAM", "STARTED", "HEALTH", "VIEWERS"}, rows, "No channel is live.");
    return Report{.data = std::move(*answer), .text = std::move(text)};
}

Result<Report> stop_stream(const ApiClient& api, const ClientCommand& command) {
    const auto arn = channel_arn(api, command.target);
    if (!arn) return std::unexpected(arn.error());
    const auto answer = api.call("StopStream", {{"channelArn", *arn}});
    if (!answer) return std::unexpected(answer.error());
    return Report{
        .data = *answer,
        .text = fmt::format("Disconnected the encoder of {}; it may come back.\n", command.target)};
}

Result<Report> list_recordings(const ApiClient& api, const ClientCommand& command) {
    json::object arguments;
    Result<std::string> known;
    if (!command.target.empty()) {
        known = channel_arn(api, command.target);
        // A deleted channel is known by its id only, and its recordings are still there.
        if (!known && known.error().code != ErrorCode::NotFound) {
            return std::unexpected(known.error());
        }
        arguments["channelId"] = known ? id_of(*known) : command.target;
    }
    auto answer = api.call_all("oxbow/ListRecordings", "recordings", std::move(arguments));
    if (!known && (!answer || objects_of(*answer, "recordings").empty())) {
        return std::unexpected(known.error());
    }
    if (!answer) return std::unexpected(answer.error());
    Rows rows;
    for (const json::object& recording : objects_of(*answer, "recordings")) {
        rows.push_back({text_of(recording, "recordingId"), text_of(recording, "channelId"),
                        text_of(recording, "startedAt"),
                        duration_text(number_of(recording, "durationMs")),
                        bytes_text(static_cast<std::uint64_t>(number_of(recording, "bytes"))),
                        text_of(recording, "status"), yes(recording, "locked") ? "locked" : ""});
    }
    std::string text =
        table({"RECORDING", "CHANNEL", "STARTED", "LENGTH", "SIZE", "STATUS", "LOCK"}, rows,
              "There are no recordings.");
    return Report{.data = std::move(*answer), .text = std::move(text)};
}

Report recording_report(json::object answer) {
    const json::object recording = object_of(answer, "recording");
    const std::string ended = text_of(recording, "endedAt");
    std::string text =
        fields({{"Recording id", text_of(recording, "recordingId")},
                {"Channel id", text_of(recording, "channelId")},
                {"Status", text_of(recording, "status")},
                {"Started", text_of(recording, "startedAt")},
                {"Ended", ended.empty() ? "not yet" : ended},
                {"Length", duration_text(number_of(recording, "durationMs"))},
                {"Size", bytes_text(static_cast<std::uint64_t>(number_of(recording, "bytes")))},
                {"Rendition", text_of(recording, "rendition")},
                {"Locked", yes(recording, "locked") ? "yes" : "no"},
                {"Prefix", text_of(recording, "prefix")},
                {"Playback URL", text_of(recording, "playbackUrl")}});
    return {.data = std::move(answer), .text = std::move(text)};
}

Result<Report> with_recording(const ApiClient& api, const ClientCommand& command,
                              std::string_view operation) {
    auto answer = api.call(operation, {{"recordingId", command.target}});
    if (!answer) return std::unexpected(answer.error());
    return recording_report(std::move(*answer));
}

Result<Report> delete_recording(const ApiClient& api, const ClientCommand& command) {
    const auto answer = api.call("oxbow/DeleteRecording", {{"recordingId", command.target}});
    if (!answer) return std::unexpected(answer.error());
    return Report{.data = *answer, .text = fmt::format("Deleted recording {}.\n", command.target)};
}

Result<Report> show_retention(const ApiClient& api, const ClientCommand&) {
    auto answer = api.call("oxbow/PlanRetention");
    if (!answer) return std::unexpected(answer.error());
    Rows rows;
    for (const json::object& removal : objects_of(*answer, "recordings")) {
        rows.push_back({text_of(removal, "recordingId"), text_of(removal, "channelId"),
                        text_of(removal, "startedAt"),
                        bytes_text(static_cast<std::uint64_t>(number_of(removal, "bytes"))),
                        text_of(removal, "why")});
    }
    const std::int64_t count = number_of(*answer, "count");
    std::string text = table({"RECORDING", "CHANNEL", "STARTED", "SIZE", "WHY"}, rows,
                             yes(*answer, "configured")
                                 ? "Retention would delete nothing now."
                                 : "Retention is not configured: nothing is ever deleted by it.");
    if (count > 0) {
        text += fmt::format("\n{} recordings, {}{}\n", count,
                            bytes_text(static_cast<std::uint64_t>(number_of(*answer, "bytes"))),
                            yes(*answer, "dryRun")
                                ? "; recording.retention_dry_run is on, so they stay."
                                : "; they go with the next rounds.");
    }
    return Report{.data = std::move(*answer), .text = std::move(text), .warning = {}};
}

Result<Report> create_credential(const ApiClient& api, const ClientCommand&) {
    auto answer = api.call("oxbow/CreateCredential");
    if (!answer) return std::unexpected(answer.error());
    const json::object made = object_of(*answer, "credential");
    std::string text = fields({{"aws_access_key_id", text_of(made, "accessKeyId")},
                               {"aws_secret_access_key", text_of(made, "secretAccessKey")}}) +
                       "\nThe secret is not shown again.\n";
    return Report{.data = std::move(*answer), .text = std::move(text)};
}

Result<Report> list_credentials(const ApiClient& api, const ClientCommand&) {
    auto answer = api.call("oxbow/ListCredentials");
    if (!answer) return std::unexpected(answer.error());
    Rows rows;
    for (const json::object& credential : objects_of(*answer, "credentials")) {
        rows.push_back({text_of(credential, "accessKeyId"), text_of(credential, "profile")});
    }
    std::string text = table({"ACCESS KEY", "PROFILE"}, rows, "There are no credentials.");
    return Report{.data = std::move(*answer), .text = std::move(text)};
}

Result<Report> delete_credential(const ApiClient& api, const ClientCommand& command) {
    const auto answer = api.call("oxbow/DeleteCredential", {{"accessKeyId", command.target}});
    if (!answer) return std::unexpected(answer.error());
    return Report{.data = *answer, .text = fmt::format("Deleted access key {}.\n", command.target)};
}

Result<Report> run(const ApiClient& api, const ClientCommand& command) {
    switch (command.action) {
        case ClientAction::ChannelCreate:
            return create_channel(api, command);
        case ClientAction::ChannelList:
            return list_channels(api, command);
        case ClientAction::ChannelShow:
            return show_channel(api, command);
        case ClientAction::ChannelDelete:
            return delete_channel(api, command);
        case ClientAction::StreamList:
            return list_streams(api, command);
        case ClientAction::StreamStop:
            return stop_stream(api, command);
        case ClientAction::RecordingList:
            return list_recordings(api, command);
        case ClientAction::RecordingShow:
            return with_recording(api, command, "oxbow/GetRecording");
        case ClientAction::RecordingLock:
            return with_recording(api, command, "oxbow/LockRecording");
        case ClientAction::RecordingUnlock:
            return with_recording(api, command, "oxbow/UnlockRecording");
        case ClientAction::RecordingDelete:
            return delete_recording(api, command);
        case ClientAction::RecordingRetention:
            return show_retention(api, command);
        case ClientAction::CredentialCreate:
            return create_credential(api, command);
        case ClientAction::CredentialList:
            return list_credentials(api, command);
        case ClientAction::CredentialDelete:
            return delete_credential(api, command);
        case ClientAction::TokenCreate:
            return create_token(api, command);
    }
    return fail(ErrorCode::Unsupported, "This command is not known.");
}

Result<Report> run(const ClientCommand& command) {
    if (command.action == ClientAction::TokenCreate && command.target.starts_with("arn:"))
        return token_report(command, command.target, "");
    const auto api = ApiClient::find(command);
    if (!api) return std::unexpected(api.error());
    return run(*api, command);
}

}  // namespace

int run_client_command(const ClientCommand& command, std::ostream& out, std::ostream& err) {
    const auto report = run(command);
    if (!report) {
        err << "oxbow: " << report.error().what << '\n';
        return kExitFailed;
    }
    if (!report->warning.empty()) err << "oxbow: " << report->warning << '\n';
    if (command.json) {
        out << json::serialize(report->data) << '\n';
    } else {
        out << report->text;
    }
    return kExitDone;
}

}  // namespace oxbow::app
