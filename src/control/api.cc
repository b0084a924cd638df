#include "control/api.h"

#include <algorithm>
#include <array>
#include <mutex>

#include <fmt/format.h>
#include <sys/random.h>
#include <boost/json/serialize.hpp>

#include "base/ensure.h"
#include "base/log.h"
#include "control/operations.h"
#include "net/sigv4.h"

namespace oxbow::control {
namespace {

constexpr std::string_view kService = "ivs";

struct NamedOperation {
    std::string_view path;
    Answer (*run)(const Rooms&, Arguments&);
};

constexpr std::array kOperations{
    NamedOperation{"/CreateChannel", create_channel},
    NamedOperation{"/GetChannel", get_channel},
    NamedOperation{"/ListChannels", list_channels},
    NamedOperation{"/DeleteChannel", delete_channel},
    NamedOperation{"/CreateStreamKey", create_stream_key},
    NamedOperation{"/GetStreamKey", get_stream_key},
    NamedOperation{"/ListStreamKeys", list_stream_keys},
    NamedOperation{"/DeleteStreamKey", delete_stream_key},
    NamedOperation{"/GetStream", get_stream},
    NamedOperation{"/ListStreams", list_streams},
    NamedOperation{"/StopStream", stop_stream},
    NamedOperation{"/GetRecordingConfiguration", get_recording_configuration},
    NamedOperation{"/ListRecordingConfigurations", list_recording_configurations},
    NamedOperation{"/oxbow/ListRecordings", list_recordings},
    NamedOperation{"/oxbow/GetRecording", get_recording},
    NamedOperation{"/oxbow/LockRecording", lock_recording},
    NamedOperation{"/oxbow/UnlockRecording", unlock_recording},
    NamedOperation{"/oxbow/DeleteRecording", delete_recording},
    NamedOperation{"/oxbow/CreateCredential", create_credential},
    NamedOperation{"/oxbow/ListCredentials", list_credentials},
    NamedOperation{"/oxbow/DeleteCredential", delete_credential},
};

// 0f8fad5b-d9cb-469f-a165-70867728950e      (RFC 9562 §5.4)
std::string request_id() {
    std::array<std::uint8_t, 16> bytes;
    ENSURE(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    std::string id = fmt::format("{:02x}", fmt::join(bytes, ""));
    for (const std::size_t at : {8, 13, 18, 23}) id.insert(at, 1, '-');
    return id;
}

net::HttpResponse response_of(const Answer& answer) {
    static const auto json_headers = std::make_shared<const std::string>(
        "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n");
    static const auto empty_headers =
        std::make_shared<const std::string>("Cache-Control: no-store\r\n");
    net::HttpResponse response;
    response.extra_headers = fmt::format("x-amzn-RequestId: {}\r\n", request_id());
    response.header_block = json_headers;
    if (!answer) {
        const ApiError& error = answer.error();
        response.status = error.status;
        response.extra_headers += fmt::format("x-amzn-ErrorType: {}\r\n", error.type);
        response.body = net::HttpBody::of_string(
            boost::json::serialize(boost::json::object{{"__type", error.type},
                                                       {"message", error.message},
                                                       {"exceptionMessage", error.message}}));
    } else if (*answer) {
        response.body = net::HttpBody::of_string(boost::json::serialize(**answer));
    } else {
        response.status = 204;
        response.header_block = empty_headers;
    }
    return response;
}

}  // namespace

struct ControlApi::Impl {
    catalog::Catalog& catalog;
    LiveControl& live;
    RecordingDeleter& deleter;
    Credentials& credentials;
    const Clock& clock;
    ControlSettings settings;
    std::mutex recordings;

    std::optional<ApiError> refusal(const net::HttpRequest& request) const;
    Answer answer(const net::HttpRequest& request);
};

std::optional<ApiError> ControlApi::Impl::refusal(const net::HttpRequest& request) const {
    const auto caller = net::verify_v4(
        request, [this](std::string_view id) { return credentials.find(id); }, kService,
        clock.wall());
    if (caller) return std::nullopt;
    return ApiError{caller.error().status, caller.error().type, caller.error().message};
}

/// Who asks is settled first: without a signature not even the names of operations are told.
Answer ControlApi::Impl::answer(const net::HttpRequest& request) {
    if (auto error = refusal(request)) return refuse(std::move(*error));
    const auto operation = std::ranges::find(kOperations, request.path, &NamedOperation::path);
    if (operation == kOperations.end() || request.method != "POST") {
        return refuse(ApiError{
            404, "UnknownOperationException",
            fmt::format("There is no operation {} {} here.", log::printable(request.method, 16),
                        log::printable(request.path))});
    }
    auto arguments = Arguments::parse(request.body);
    if (!arguments) return refuse(arguments.error());
    const Rooms rooms{catalog, live, deleter, credentials, clock, settings, recordings};
    return operation->run(rooms, *arguments);
}

ControlApi::ControlApi(catalog::Catalog& catalog, LiveControl& live, RecordingDeleter& deleter,
                       Credentials& credentials, const Clock& clock, ControlSettings settings)
    : impl_(new Impl{catalog, live, deleter, credentials, clock, std::move(settings), {}}) {}

ControlApi::~ControlApi() = default;

std::optional<net::HttpResponse> ControlApi::refusal(const net::HttpRequest& request) const {
    if (auto error = impl_->refusal(request)) return response_of(refuse(std::move(*error)));
    return std::nullopt;
}

net::HttpResponse ControlApi::handle(const net::HttpRequest& request) const {
    const Answer answer = impl_->answer(request);
    if (!answer && answer.error().status >= 500) {
        log::error("[api] {} failed: {}", log::printable(request.path), answer.error().message);
    }
    return response_of(answer);
}

}  // namespace oxbow::control
