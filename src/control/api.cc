#include "control/api.h"

#include <algorithm>
#include <array>
#include <mutex>

#include <fmt/format.h>
#include <sys/random.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/ensure.h"
#include "base/log.h"
#include "control/operations.h"
#include "net/sigv4.h"

namespace oxbow::control {
namespace {

constexpr std::string_view kService = "ivs";

enum class Work {
    InMemory,  // needs no more than memory
    Blocking,  // waits for the database, the bucket or a channel
    Change,    // the same, and one at a time: it decides by what it read
};

/// For an operation that Amazon IVS does not have.
constexpr std::size_t kAnyRate = 0;

struct Operation {
    std::string_view method;
    std::string_view path;
    Answer (*run)(const Rooms&, Arguments&);
    Work work;
    std::size_t amazon_calls_per_second;
};

// What follows it is the resource's ARN: "/tags/arn%3Aaws%3Aivs%3Aus-east-1%3A0...%2Fcjk"
constexpr std::string_view kTags = "/tags/";

// clang-format off
constexpr std::array kOperations{
    Operation{"POST", "/BatchGetChannel", batch_get_channel, Work::InMemory, 5},
    Operation{"POST", "/CreateChannel", create_channel, Work::Change, 5},
    Operation{"POST", "/GetChannel", get_channel, Work::InMemory, 5},
    Operation{"POST", "/ListChannels", list_channels, Work::InMemory, 5},
    Operation{"POST", "/UpdateChannel", update_channel, Work::Change, 5},
    Operation{"POST", "/DeleteChannel", delete_channel, Work::Change, 5},
    Operation{"POST", "/BatchGetStreamKey", batch_get_stream_key, Work::InMemory, 5},
    Operation{"POST", "/CreateStreamKey", create_stream_key, Work::Change, 5},
    Operation{"POST", "/GetStreamKey", get_stream_key, Work::InMemory, 5},
    Operation{"POST", "/ListStreamKeys", list_stream_keys, Work::InMemory, 5},
    Operation{"POST", "/DeleteStreamKey", delete_stream_key, Work::Change, 5},
    Operation{"POST", "/GetStream", get_stream, Work::InMemory, 5},
    Operation{"POST", "/ListStreams", list_streams, Work::InMemory, 5},
    Operation{"POST", "/StopStream", stop_stream, Work::Change, 5},
    Operation{"POST", "/PutMetadata", put_metadata, Work::Blocking, 155},
    Operation{"POST", "/GetStreamSession", get_stream_session, Work::Blocking, 5},
    Operation{"POST", "/ListStreamSessions", list_stream_sessions, Work::Blocking, 5},
    Operation{"POST", "/CreateRecordingConfiguration", create_recording_configuration, Work::Change, 3},
    Operation{"POST", "/GetRecordingConfiguration", get_recording_configuration, Work::InMemory, 3},
    Operation{"POST", "/ListRecordingConfigurations", list_recording_configurations, Work::InMemory, 3},
    Operation{"POST", "/DeleteRecordingConfiguration", delete_recording_configuration, Work::Change, 3},
    Operation{"POST", "/ImportPlaybackKeyPair", import_playback_key_pair, Work::Change, 3},
    Operation{"POST", "/GetPlaybackKeyPair", get_playback_key_pair, Work::InMemory, 3},
    Operation{"POST", "/ListPlaybackKeyPairs", list_playback_key_pairs, Work::InMemory, 3},
    Operation{"POST", "/DeletePlaybackKeyPair", delete_playback_key_pair, Work::Change, 3},
    Operation{"POST", "/CreatePlaybackRestrictionPolicy", create_playback_restriction_policy, Work::Change, 5},
    Operation{"POST", "/GetPlaybackRestrictionPolicy", get_playback_restriction_policy, Work::InMemory, 5},
    Operation{"POST", "/ListPlaybackRestrictionPolicies", list_playback_restriction_policies, Work::InMemory, 5},
    Operation{"POST", "/UpdatePlaybackRestrictionPolicy", update_playback_restriction_policy, Work::Change, 5},
    Operation{"POST", "/DeletePlaybackRestrictionPolicy", delete_playback_restriction_policy, Work::Change, 5},
    Operation{"POST", "/StartViewerSessionRevocation", start_viewer_session_revocation, Work::Change, 10},
    Operation{"POST", "/BatchStartViewerSessionRevocation", batch_start_viewer_session_revocation, Work::Change, 2},
    Operation{"POST", "/CreateAdConfiguration", refuse_ads, Work::InMemory, 3},
    Operation{"POST", "/GetAdConfiguration", refuse_ads, Work::InMemory, 3},
    Operation{"POST", "/ListAdConfigurations", refuse_ads, Work::InMemory, 3},
    Operation{"POST", "/UpdateAdConfiguration", refuse_ads, Work::InMemory, 3},
    Operation{"POST", "/DeleteAdConfiguration", refuse_ads, Work::InMemory, 3},
    Operation{"POST", "/InsertAdBreak", refuse_ads, Work::InMemory, 1},
    Operation{"GET", kTags, list_tags_for_resource, Work::InMemory, 10},
    Operation{"POST", kTags, tag_resource, Work::Change, 10},
    Operation{"DELETE", kTags, untag_resource, Work::Change, 10},
    Operation{"POST", "/oxbow/ResetStreamKey", reset_stream_key, Work::Change, kAnyRate},
    Operation{"POST", "/oxbow/ListRecordings", list_recordings, Work::Blocking, kAnyRate},
    Operation{"POST", "/oxbow/GetRecording", get_recording, Work::Blocking, kAnyRate},
    Operation{"POST", "/oxbow/LockRecording", lock_recording, Work::Blocking, kAnyRate},
    Operation{"POST", "/oxbow/UnlockRecording", unlock_recording, Work::Blocking, kAnyRate},
    Operation{"POST", "/oxbow/DeleteRecording", delete_recording, Work::Blocking, kAnyRate},
    Operation{"POST", "/oxbow/PlanRetention", plan_retention, Work::Blocking, kAnyRate},
    Operation{"POST", "/oxbow/BatchGetStreamHealth", batch_get_stream_health, Work::InMemory, kAnyRate},
    Operation{"POST", "/oxbow/GetServerStatus", get_server_status, Work::Blocking, kAnyRate},
    Operation{"POST", "/oxbow/CreateCredential", create_credential, Work::Blocking, kAnyRate},
    Operation{"POST", "/oxbow/ListCredentials", list_credentials, Work::InMemory, kAnyRate},
    Operation{"POST", "/oxbow/DeleteCredential", delete_credential, Work::Blocking, kAnyRate},
};
// clang-format on

const Operation* operation_of(const net::HttpRequest& request) {
    const std::string_view path =
        request.path.starts_with(kTags) ? kTags : std::string_view{request.path};
    const auto found = std::ranges::find_if(kOperations, [&](const Operation& operation) {
        return operation.path == path && operation.method == request.method;
    });
    return found == kOperations.end() ? nullptr : &*found;
}

/// The values of every `tagKeys` in a query; one that is not decodable is left as it stands.
boost::json::array tag_keys_of(std::string_view query) {
    constexpr std::string_view kName = "tagKeys=";
    boost::json::array out;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (!pair.starts_with(kName)) continue;
        const std::string_view value = pair.substr(kName.size());
        out.emplace_back(net::percent_decode(value).value_or(std::string{value}));
    }
    return out;
}

/// The members of a request: of its body, and for tags those of its path and its query.
Outcome<Arguments> arguments_of(const net::HttpRequest& request) {
    auto arguments = Arguments::parse(request.body);
    if (!arguments || !request.path.starts_with(kTags)) return arguments;
    const std::string_view arn = std::string_view{request.path}.substr(kTags.size());
    arguments->set("resourceArn",
                   boost::json::string{net::percent_decode(arn).value_or(std::string{arn})});
    if (boost::json::array keys = tag_keys_of(request.query); !keys.empty())
        arguments->set("tagKeys", std::move(keys));
    return arguments;
}

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
    const RetentionPlans& retention;
    Credentials& credentials;
    RecordingBuckets& buckets;
    const Clock& clock;
    ControlSettings settings;
    CallRates rates;
    HealthHistory health;
    std::mutex recordings;
    std::mutex changes;

    Outcome<std::string> caller(const net::HttpRequest& request) const;
    Answer answer(const net::HttpRequest& request);
};

Outcome<std::string> ControlApi::Impl::caller(const net::HttpRequest& request) const {
    auto caller = net::verify_v4(
        request, [this](std::string_view id) { return credentials.find(id); }, kService,
        clock.wall());
    if (caller) return std::move(*caller);
    return refuse(ApiError{caller.error().status, caller.error().type, caller.error().message});
}

Answer ControlApi::Impl::answer(const net::HttpRequest& request) {
    const Operation* const operation = operation_of(request);
    if (operation == nullptr) {
        return refuse(ApiError{
            404, "UnknownOperationException",
            fmt::format("There is no operation {} {} here.", log::printable(request.method, 16),
                        log::printable(request.path))});
    }
    const std::string kind = fmt::format("{} {}", operation->method, operation->path);
    if (settings.quotas.amazon_call_rates && operation->amazon_calls_per_second != kAnyRate &&
        !rates.take(kind, operation->amazon_calls_per_second, clock.steady())) {
        return refuse(throttled());
    }
    auto arguments = arguments_of(request);
    if (!arguments) return refuse(arguments.error());
    const Rooms rooms{catalog, live,   deleter, retention, credentials, buckets,
                      rates,   health, clock,   settings,  recordings};
    std::unique_lock one_at_a_time{changes, std::defer_lock};
    if (operation->work == Work::Change) one_at_a_time.lock();
    return operation->run(rooms, *arguments);
}

Outcome<void> within_quota(std::size_t count, std::size_t quota, std::string_view what) {
    if (count < quota) return {};
    return refuse(quota_exceeded(fmt::format(
        "There are {} {} already, as many as this server's configuration allows.", count, what)));
}

ControlApi::ControlApi(catalog::Catalog& catalog, LiveControl& live, RecordingDeleter& deleter,
                       const RetentionPlans& retention, Credentials& credentials,
                       RecordingBuckets& buckets, const Clock& clock, ControlSettings settings)
    : impl_(new Impl{catalog,
                     live,
                     deleter,
                     retention,
                     credentials,
                     buckets,
                     clock,
                     std::move(settings),
                     {},
                     {},
                     {},
                     {}}) {
    check_new_recording_configurations(catalog, buckets);
}

ControlApi::~ControlApi() = default;

bool ControlApi::answers_from_memory(const net::HttpRequest& request) {
    const Operation* const operation = operation_of(request);
    return operation != nullptr && operation->work == Work::InMemory;
}

std::optional<net::HttpResponse> ControlApi::refusal(const net::HttpRequest& request) const {
    auto known = caller(request);
    if (known) return std::nullopt;
    return std::move(known.error());
}

std::expected<std::string, net::HttpResponse> ControlApi::caller(
    const net::HttpRequest& request) const {
    auto caller = impl_->caller(request);
    if (caller) return std::move(*caller);
    return std::unexpected(response_of(refuse(std::move(caller.error()))));
}

void ControlApi::sample_health() const {
    impl_->health.take(impl_->live.streams(), impl_->clock.wall());
}

/// Who asks is settled first: without a signature not even the names of operations are told.
net::HttpResponse ControlApi::handle(const net::HttpRequest& request) const {
    auto known = caller(request);
    if (!known) return std::move(known.error());
    return handle_known(request);
}

net::HttpResponse ControlApi::handle_known(const net::HttpRequest& request) const {
    const Answer answer = impl_->answer(request);
    if (!answer && answer.error().status >= 500) {
        log::error("[api] {} failed: {}", log::printable(request.path), answer.error().message);
    }
    return response_of(answer);
}

}  // namespace oxbow::control
