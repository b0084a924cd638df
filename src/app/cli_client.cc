#include "app/cli_client.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/times.h"
#include "control/credentials.h"
#include "net/http_client.h"

namespace oxbow::app {
namespace {

namespace json = boost::json;

constexpr std::string_view kDefaultData = "./oxbow-data";
constexpr std::size_t kReadyBytesMax = 64 * 1024;
constexpr std::size_t kPagesMax = 1'000;
constexpr std::chrono::seconds kCallTimeout{60};
// The server takes a signature for any region.
constexpr std::string_view kRegion = "us-east-1";

std::string text_member(const json::object& object, std::string_view name) {
    const json::value* const value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return std::string{std::string_view{value->get_string()}};
}

/// ready.json's object; nullopt where there is none that can be read.
std::optional<json::object> read_ready(const std::filesystem::path& file) {
    std::ifstream input{file, std::ios::binary};
    std::string text(kReadyBytesMax, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(input.gcount()));
    json::error_code error;
    json::value value = json::parse(text, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

/// Scheme, authority and path of an API's URL.
struct UrlParts {
    std::string authority;  // "127.0.0.1:8081"
    std::string path;       // "" or "/prefix"
};

UrlParts parts_of(std::string_view url) {
    url.remove_prefix(url.find("://") + 3);
    const std::size_t slash = std::min(url.find('/'), url.size());
    return {.authority = std::string{url.substr(0, slash)}, .path = std::string{url.substr(slash)}};
}

ErrorCode code_of(int status) {
    switch (status) {
        case 400:
            return ErrorCode::Malformed;
        case 401:
        case 403:
            return ErrorCode::Refused;
        case 404:
            return ErrorCode::NotFound;
        case 402:
            return ErrorCode::LimitExceeded;
        case 409:
            return ErrorCode::Conflict;
        default:
            return ErrorCode::Unavailable;
    }
}

Result<json::object> object_of(const net::HttpClientResponse& response, const std::string& url) {
    json::object body;
    if (!response.body.empty()) {
        json::error_code error;
        json::value value = json::parse(response.body, error);
        if (error || !value.is_object()) {
            return fail(ErrorCode::Malformed,
                        fmt::format("{} did not answer as an Oxbow API (status {}); check --api.",
                                    url, response.status));
        }
        body = std::move(value.get_object());
    }
    if (response.status >= 200 && response.status < 300) return body;
    std::string message = text_member(body, "message");
    if (message.empty()) message = fmt::format("{} answered with status {}.", url, response.status);
    return fail(code_of(response.status), std::move(message));
}

}  // namespace

Result<ApiClient> ApiClient::find(const ClientCommand& command) {
    const std::filesystem::path data{command.data.value_or(std::string{kDefaultData})};
    const auto ready = read_ready(data / "ready.json");
    if (!ready && !command.api) {
        return fail(ErrorCode::NotFound,
                    fmt::format("No server runs in {}: start one with 'oxbow serve --data {}', "
                                "or name its data directory with --data.",
                                data.string(), data.string()));
    }
    ApiClient client;
    std::filesystem::path credentials = data / "credentials";
    if (ready) {
        client.api_url_ = text_member(*ready, "api");
        client.ingest_url_ = text_member(*ready, "rtmp");
        client.secure_ingest_url_ = text_member(*ready, "rtmps");
        const std::string path = text_member(*ready, "credentials");
        if (!path.empty()) credentials = path;
    }
    if (command.api) client.api_url_ = *command.api;
    if (!client.api_url_.contains("://")) client.api_url_.insert(0, "http://");
    while (client.api_url_.ends_with('/')) client.api_url_.pop_back();

    const auto keys = control::Credentials::load(credentials);
    if (!keys && keys.error().code == ErrorCode::NotFound) {
        return fail(ErrorCode::NotFound,
                    fmt::format("There is no credentials file {} to sign calls of {} with: name "
                                "the data directory of that server with --data DIR.",
                                credentials.string(), client.api_url_));
    }
    if (!keys) return std::unexpected(keys.error());
    const auto list = (*keys)->list();
    if (list.empty()) {
        return fail(ErrorCode::NotFound, fmt::format("The credentials file {} has no access key.",
                                                     credentials.string()));
    }
    client.key_ = {.access_key_id = list.front().access_key_id, .secret = list.front().secret};
    return client;
}

Result<json::object> ApiClient::call(std::string_view operation,
                                     const json::object& arguments) const {
    const UrlParts parts = parts_of(api_url_);
    const std::string path = fmt::format("{}/{}", parts.path, operation);
    net::HttpClientRequest request{
        .method = "POST",
        .url = fmt::format("{}/{}", api_url_, operation),
        .headers = {{"host", parts.authority}, {"content-type", "application/json"}},
        .body = json::serialize(arguments),
        .timeout = kCallTimeout};
    const net::HttpHeaders signature = net::sign_v4(
        {.method = request.method,
         .path = path,
         .query = "",
         .headers = request.headers,
         .payload_hash = net::sha256_hex(request.body)},
        key_, {.region = std::string{kRegion}, .service = "ivs"}, SystemClock{}.wall());
    request.headers.insert(request.headers.end(), signature.begin(), signature.end());

    const auto response = net::http_request(request);
    if (!response && response.error().code == ErrorCode::Unavailable) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("{} Is 'oxbow serve' running?", response.error().what));
    }
    if (!response) return std::unexpected(response.error());
    return object_of(*response, api_url_);
}

Result<json::object> ApiClient::call_all(std::string_view operation, std::string_view list,
                                         json::object arguments) const {
    json::array items;
    for (std::size_t page = 0; page < kPagesMax; ++page) {
        auto answer = call(operation, arguments);
        if (!answer) return answer;
        json::value* const found = answer->if_contains(list);
        if (found == nullptr || !found->is_array()) {
            return fail(ErrorCode::Malformed,
                        fmt::format("{} did not answer as an Oxbow API; check --api.", api_url_));
        }
        for (json::value& item : found->get_array()) items.push_back(std::move(item));
        const std::string next = text_member(*answer, "nextToken");
        if (next.empty()) break;
        arguments["nextToken"] = next;
    }
    json::object all;
    all[list] = std::move(items);
    return all;
}

}  // namespace oxbow::app
