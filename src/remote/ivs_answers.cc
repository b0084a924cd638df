#include "remote/ivs_answers.h"

#include <boost/json/object.hpp>

#include "ivs/json_members.h"

namespace oxbow::remote {

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
    std::optional<Error> wrong;
    ivs::JsonMembers channel = ivs::JsonMembers{*object, "", wrong}.object("channel");
    RemoteChannel out{.name = channel.optional_text("name").value_or("")};
    const auto policy = channel.optional_text("playbackRestrictionPolicyArn").value_or("");
    if (wrong) return std::unexpected(*std::move(wrong));
    const auto* const authorized = object->at("channel").as_object().if_contains("authorized");
    // What does not say that it is everybody's is not.
    out.authorized = authorized == nullptr || !authorized->is_bool() || authorized->get_bool() ||
                     !policy.empty();
    return out;
}

}  // namespace oxbow::remote
