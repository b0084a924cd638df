#include "remote/ivs_answers.h"

#include <boost/json/object.hpp>

#include "ivs/json_members.h"

namespace oxbow::remote {
namespace {

/// What GetChannel and ListChannels tell alike of a channel.
Result<RemoteChannel> channel_of(const boost::json::object& object) {
    std::optional<Error> wrong;
    ivs::JsonMembers channel{object, "channel.", wrong};
    RemoteChannel out{.name = channel.optional_text("name").value_or("")};
    const auto policy = channel.optional_text("playbackRestrictionPolicyArn").value_or("");
    if (wrong) return std::unexpected(*std::move(wrong));
    const auto* const authorized = object.if_contains("authorized");
    // What does not say that it is everybody's is not.
    out.authorized = authorized == nullptr || !authorized->is_bool() || authorized->get_bool() ||
                     !policy.empty();
    return out;
}

}  // namespace

std::string error_member(std::string_view body, std::string_view name) {
    const auto json = ivs::parse_json_object(body, kAnswerBytesMax, "the error");
    if (!json) return {};
    std::optional<Error> ignored;
    return ivs::JsonMembers{*json, "", ignored}.optional_text(name).value_or("");
}

std::string error_type(std::string_view header, std::string_view body) {
    std::string type{header.substr(0, header.find(':'))};
    if (type.empty()) type = error_member(body, "__type");
    return type.substr(type.rfind('#') + 1);
}

Result<std::optional<RemoteStream>> read_stream(std::string_view json) {
    const auto object = ivs::parse_json_object(json, kAnswerBytesMax, "the answer");
    if (!object) return std::unexpected(object.error());
    std::optional<Error> wrong;
    ivs::JsonMembers stream = ivs::JsonMembers{*object, "", wrong}.object("stream");
    const std::string state = stream.text("state");
    RemoteStream out{.id = stream.text("streamId"),
                     .playback_url = stream.text("playbackUrl"),
                     .started_at = stream.time("startTime")};
    if (wrong) return std::unexpected(*std::move(wrong));
    if (state != "LIVE") return std::nullopt;
    return out;
}

Result<RemoteChannel> read_channel(std::string_view json) {
    const auto object = ivs::parse_json_object(json, kAnswerBytesMax, "the answer");
    if (!object) return std::unexpected(object.error());
    const auto* const channel = object->if_contains("channel");
    if (channel == nullptr || !channel->is_object())
        return fail(ErrorCode::Malformed, "channel is missing");
    return channel_of(channel->get_object());
}

Result<RemoteChannels> read_channels(std::string_view json) {
    const auto object = ivs::parse_json_object(json, kListBytesMax, "the answer");
    if (!object) return std::unexpected(object.error());
    const auto* const channels = object->if_contains("channels");
    if (channels == nullptr || !channels->is_array())
        return fail(ErrorCode::Malformed, "channels is missing");
    std::optional<Error> wrong;
    RemoteChannels out{
        .by_arn = {},
        .next_token = ivs::JsonMembers{*object, "", wrong}.optional_text("nextToken").value_or("")};
    if (wrong) return std::unexpected(*std::move(wrong));
    if (channels->get_array().size() > kChannelsPerPage ||
        out.next_token.size() > kPageTokenBytesMax)
        return fail(ErrorCode::LimitExceeded, "the page of channels is longer than it may be");
    for (const boost::json::value& channel : channels->get_array()) {
        if (!channel.is_object()) return fail(ErrorCode::Malformed, "a channel is no object");
        const auto* const arn = channel.get_object().if_contains("arn");
        if (arn == nullptr || !arn->is_string()) continue;
        auto told = channel_of(channel.get_object());
        if (!told) return std::unexpected(told.error());
        out.by_arn.emplace(arn->get_string(), *std::move(told));
    }
    return out;
}

}  // namespace oxbow::remote
