#include "net/curl_exchange.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::net {
namespace {

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

}  // namespace

CurlHandle new_curl_handle() {
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    ENSURE(initialized == CURLE_OK);
    CurlHandle curl{curl_easy_init()};
    ENSURE(curl);
    return curl;
}

CurlExchange::CurlExchange(CURL* handle, const HttpClientRequest& request, std::size_t* shared_room)
    : handle_(handle),
      request_(request),
      headers_(header_list(request)),
      shared_room_(shared_room) {
    const BytesView body = request.payload.empty() ? as_bytes(request.body) : request.payload;
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);  // a signature covers the path as it is
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail_.data());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    if (request.takes_gzip) curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip");
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
}

CurlExchange::~CurlExchange() {
    if (shared_room_ != nullptr) *shared_room_ += taken_;
}

Result<HttpClientResponse> CurlExchange::ended(CURLcode code) {
    if (code != CURLE_OK) return std::unexpected(error_of(code));
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    return std::move(response_);
}

std::size_t CurlExchange::take_body(char* bytes, std::size_t, std::size_t count, void* user) {
    auto& self = *static_cast<CurlExchange*>(user);
    self.too_large_ = count > self.request_.body_bytes_max - self.taken_;
    self.all_too_large_ = self.shared_room_ != nullptr && count > *self.shared_room_;
    if (self.too_large_ || self.all_too_large_) return 0;  // ends the transfer
    self.taken_ += count;
    if (self.shared_room_ != nullptr) *self.shared_room_ -= count;
    self.response_.body.append(bytes, count);
    return count;
}

// "HTTP/1.1 200 OK\r\n", "Name: value\r\n" or "\r\n"
std::size_t CurlExchange::take_header(char* bytes, std::size_t, std::size_t count, void* user) {
    auto& headers = static_cast<CurlExchange*>(user)->response_.headers;
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

Error CurlExchange::error_of(CURLcode code) const {
    const std::string why = detail_[0] != '\0' ? detail_.data() : curl_easy_strerror(code);
    if (too_large_) {
        return {ErrorCode::LimitExceeded, fmt::format("The answer of {} is longer than {} bytes.",
                                                      request_.url, request_.body_bytes_max)};
    }
    if (all_too_large_) {
        return {
            ErrorCode::LimitExceeded,
            fmt::format("The answer of {} is one too many: those under way are as long together "
                        "as they may be.",
                        request_.url)};
    }
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::Timeout, fmt::format("{} did not answer within {} ms.", request_.url,
                                                    request_.timeout.count())};
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return {ErrorCode::Malformed,
                    fmt::format("'{}' is not an http or https URL: {}.", request_.url, why)};
        default:
            return {ErrorCode::Unavailable,
                    fmt::format("{} cannot be reached: {}.", request_.url, why)};
    }
}

}  // namespace oxbow::net
