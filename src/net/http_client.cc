#include "net/http_client.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <mutex>
#include <vector>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::net {
namespace {

struct CurlClose {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, CurlClose>;
using CurlList = std::unique_ptr<curl_slist, CurlClose>;

struct Receiver {
    std::size_t bytes_max;
    HttpClientResponse response{};
    bool too_large = false;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* user) {
    auto& receiver = *static_cast<Receiver*>(user);
    if (count > receiver.bytes_max - receiver.response.body.size()) {
        receiver.too_large = true;
        return 0;  // ends the transfer
    }
    receiver.response.body.append(bytes, count);
    return count;
}

// "HTTP/1.1 200 OK\r\n", "Name: value\r\n" or "\r\n"
std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* user) {
    auto& headers = static_cast<Receiver*>(user)->response.headers;
    std::string_view line{bytes, count};
    if (line.starts_with("HTTP/")) headers.clear();  // 100 Continue came before
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return count;
    std::string name{line.substr(0, colon)};
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    line.remove_prefix(colon + 1);
    const std::size_t first = std::min(line.find_first_not_of(" \t"), line.size());
    const std::size_t end = line.find_last_not_of(" \t\r\n") + 1;
    headers.emplace_back(std::move(name), first < end ? line.substr(first, end - first) : "");
    return count;
}

int look_at_cancelled(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::atomic<bool>*>(user)->load() ? 1 : 0;
}

CurlList header_list(const HttpClientRequest& request) {
    // curl would add these: no wait for 100 Continue, and no type that the caller did not name.
    curl_slist* list = curl_slist_append(nullptr, "Expect:");
    list = curl_slist_append(list, "Content-Type:");
    for (const auto& [name, value] : request.headers) {
        list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
    }
    return CurlList{list};
}

Error error_of(CURLcode code, const Receiver& receiver, const HttpClientRequest& request,
               const char* detail) {
    const std::string why = *detail != '\0' ? detail : curl_easy_strerror(code);
    if (receiver.too_large) {
        return {ErrorCode::LimitExceeded, fmt::format("The answer of {} is longer than {} bytes.",
                                                      request.url, request.body_bytes_max)};
    }
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::Timeout, fmt::format("{} did not answer within {} ms.", request.url,
                                                    request.timeout.count())};
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return {ErrorCode::Malformed,
                    fmt::format("'{}' is not an http or https URL: {}.", request.url, why)};
        default:
            return {ErrorCode::Unavailable,
                    fmt::format("{} cannot be reached: {}.", request.url, why)};
    }
}

}  // namespace

std::optional<std::string_view> HttpClientResponse::header(std::string_view name) const {
    const auto found = std::ranges::find(
        headers, name, [](const auto& entry) { return std::string_view{entry.first}; });
    if (found == headers.end()) return std::nullopt;
    return found->second;
}

std::optional<WallTime> read_http_time(std::string_view text) {
    const std::time_t seconds = curl_getdate(std::string{text}.c_str(), nullptr);
    if (seconds < 0) return std::nullopt;
    return WallTime{std::chrono::seconds{seconds}};
}

namespace {

CurlHandle new_handle() {
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    ENSURE(initialized == CURLE_OK);
    CurlHandle curl{curl_easy_init()};
    ENSURE(curl);
    return curl;
}

Result<HttpClientResponse> perform(CURL* handle, const HttpClientRequest& request) {
    const CurlList headers = header_list(request);
    Receiver receiver{.bytes_max = request.body_bytes_max};
    char detail[CURL_ERROR_SIZE] = "";
    const BytesView body = request.payload.empty() ? as_bytes(request.body) : request.payload;

    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);  // a signature covers the path as it is
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &receiver);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &receiver);
    if (request.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    if (request.cancelled != nullptr) {
        curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &look_at_cancelled);
        curl_easy_setopt(handle, CURLOPT_XFERINFODATA, request.cancelled);
    }
    if (request.stalled.count() > 0) {
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kStalledBelow);
        curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
                         static_cast<long>(request.stalled.count()));
    }
    if (!body.empty() || request.method == "POST" || request.method == "PUT") {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());

    const CURLcode code = curl_easy_perform(handle);
    if (code != CURLE_OK) return std::unexpected(error_of(code, receiver, request, detail));
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    receiver.response.status = static_cast<int>(status);
    return std::move(receiver.response);
}

}  // namespace

Result<HttpClientResponse> http_request(const HttpClientRequest& request) {
    return perform(new_handle().get(), request);
}

struct HttpClient::Impl {
    Settings settings;
    std::mutex mutex;
    std::vector<CurlHandle> idle;

    CurlHandle take() {
        {
            const std::lock_guard lock{mutex};
            if (!idle.empty()) {
                CurlHandle handle = std::move(idle.back());
                idle.pop_back();
                return handle;
            }
        }
        return new_handle();
    }
    void give_back(CurlHandle handle) {
        curl_easy_reset(handle.get());  // keeps its connections
        const std::lock_guard lock{mutex};
        if (idle.size() < settings.idle_max) idle.push_back(std::move(handle));
    }
};

HttpClient::HttpClient(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}

HttpClient::~HttpClient() = default;

Result<HttpClientResponse> HttpClient::ask(const HttpClientRequest& request) {
    CurlHandle handle = impl_->take();
    const Settings& settings = impl_->settings;
    curl_easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(settings.connect_timeout.count()));
    if (!settings.ca_file.empty())
        curl_easy_setopt(handle.get(), CURLOPT_CAINFO, settings.ca_file.c_str());
    auto response = perform(handle.get(), request);
    impl_->give_back(std::move(handle));
    return response;
}

}  // namespace oxbow::net
