#include "net/http_client.h"

#include <algorithm>
#include <ctime>
#include <mutex>
#include <vector>

#include <curl/curl.h>

#include "net/curl_exchange.h"

namespace oxbow::net {
namespace {

Result<HttpClientResponse> perform(CURL* handle, const HttpClientRequest& request) {
    CurlExchange exchange{handle, request};
    return exchange.ended(curl_easy_perform(handle));
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

Result<HttpClientResponse> http_request(const HttpClientRequest& request) {
    return perform(new_curl_handle().get(), request);
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
        return new_curl_handle();
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
