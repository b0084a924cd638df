#include "remote/ivs_client.h"

#include <utility>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "net/sigv4.h"

namespace oxbow::remote {
namespace {

constexpr std::string_view kNotBroadcasting = "ChannelNotBroadcasting";
constexpr std::size_t kMessageBytesMax = 256;

std::string argument(std::string_view name, const std::string& value) {
    return boost::json::serialize(boost::json::object{{name, value}});
}

}  // namespace

IvsClient::IvsClient(IvsClientSettings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock), client_({.ca_file = settings_.ca_file}) {}

Result<net::HttpClientResponse> IvsClient::call(std::string_view operation, std::string body,
                                                std::size_t answer_bytes_max) {
    // Each time: a file may have been written anew, and a call is rare.
    const auto credentials = settings_.credentials.load();
    if (!credentials) return std::unexpected(credentials.error());
    const std::string path = fmt::format("/{}", operation);
    net::RequestToSign to_sign{
        .method = "POST",
        .path = path,
        .query = "",
        .headers = {{"host", settings_.endpoint.substr(settings_.endpoint.find("://") + 3)},
                    {"content-type", "application/json"}},
        .payload_hash = net::sha256_hex(body)};
    if (!credentials->session_token.empty())
        to_sign.headers.emplace_back("x-amz-security-token", credentials->session_token);
    net::HttpClientRequest request{.method = "POST",
                                   .url = settings_.endpoint + path,
                                   .headers = to_sign.headers,
                                   .body = std::move(body),
                                   .timeout = kAnswerWaitMax,
                                   .body_bytes_max = answer_bytes_max};
    const auto added = net::sign_v4(std::move(to_sign),
                                    {credentials->access_key_id, credentials->secret_access_key},
                                    {settings_.region, "ivs"}, clock_.wall());
    request.headers.insert(request.headers.end(), added.begin(), added.end());
    auto answer = client_.ask(request);
    if (!answer) {
        const ErrorCode code =
            answer.error().code == ErrorCode::Timeout ? ErrorCode::Timeout : ErrorCode::Unavailable;
        return fail(
            code, fmt::format("{} of {}: {}", operation, settings_.endpoint, answer.error().what));
    }
    if (answer->status == 200) return answer;
    return std::unexpected(problem_of(operation, *answer));
}

Error IvsClient::problem_of(std::string_view operation,
                            const net::HttpClientResponse& answer) const {
    const std::string type =
        error_type(answer.header("x-amzn-errortype").value_or(""), answer.body);
    std::string message = error_member(answer.body, "message");
    if (message.empty()) message = error_member(answer.body, "exceptionMessage");
    const std::string said =
        fmt::format("{} of {}: it answers {}{}{}{}{}", operation, settings_.endpoint, answer.status,
                    type.empty() ? "" : " ", log::printable(type, 64), message.empty() ? "" : ": ",
                    log::printable(message, kMessageBytesMax));
    if (answer.status == 404) return {ErrorCode::NotFound, type == kNotBroadcasting ? type : said};
    if (answer.status == 429) return {ErrorCode::LimitExceeded, said};
    if (answer.status == 401 || answer.status == 403)
        return {ErrorCode::Refused, fmt::format("{} (it needs ivs:{})", said, operation)};
    return {ErrorCode::Unavailable, said};
}

Result<std::optional<RemoteStream>> IvsClient::get_stream(const std::string& channel_arn) {
    const auto answer = call("GetStream", argument("channelArn", channel_arn));
    if (!answer && answer.error().what == kNotBroadcasting) return std::nullopt;
    if (!answer) return std::unexpected(answer.error());
    auto stream = read_stream(answer->body);
    if (!stream)
        return fail(ErrorCode::Unavailable,
                    fmt::format("GetStream of {}: {}", settings_.endpoint, stream.error().what));
    return stream;
}

Result<RemoteChannel> IvsClient::get_channel(const std::string& channel_arn) {
    const auto answer = call("GetChannel", argument("arn", channel_arn));
    if (!answer) return std::unexpected(answer.error());
    auto channel = read_channel(answer->body);
    if (!channel)
        return fail(ErrorCode::Unavailable,
                    fmt::format("GetChannel of {}: {}", settings_.endpoint, channel.error().what));
    return channel;
}

Result<RemoteChannels> IvsClient::list_channels(const std::string& next_token) {
    boost::json::object arguments{{"maxResults", kChannelsPerPage}};
    if (!next_token.empty()) arguments["nextToken"] = next_token;
    const auto answer = call("ListChannels", boost::json::serialize(arguments), kListBytesMax);
    if (!answer) return std::unexpected(answer.error());
    auto channels = read_channels(answer->body);
    if (!channels)
        return fail(ErrorCode::Unavailable, fmt::format("ListChannels of {}: {}",
                                                        settings_.endpoint, channels.error().what));
    return channels;
}

}  // namespace oxbow::remote
