#include "net/http_client.h"

#include <algorithm>
#include <memory>

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
    HttpClientResponse response;
    bool too_large = false;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* user) {
    auto& receiver = *static_cast<Receiver*>(user);
    if (count > kClientBodyBytesMax - receiver.response.body.size()) {
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
                                                      request.url, kClientBodyBytesMax)};
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

Result<HttpClientResponse> http_request(const HttpClientRequest& request) {
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    ENSURE(initialized == CURLE_OK);
    const CurlHandle curl{curl_easy_init()};
    ENSURE(curl);
    const CurlList headers = header_list(request);
    Receiver receiver;
    char detail[CURL_ERROR_SIZE] = "";

    CURL* const handle = curl.get();
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
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());

    const CURLcode code = curl_easy_perform(handle);
    if (code != CURLE_OK) return std::unexpected(error_of(code, receiver, request, detail));
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    receiver.response.status = static_cast<int>(status);
    return std::move(receiver.response);
}

}  // namespace oxbow::net
