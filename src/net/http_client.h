#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/times.h"

namespace oxbow::net {

inline constexpr std::size_t kClientBodyBytesMax = 64 * 1024 * 1024;

struct HttpClientRequest {
    std::string method = "GET";
    std::string url;  // absolute; http or https
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    BytesView payload{};                        // instead of `body`; the caller keeps it
    std::chrono::milliseconds timeout{30'000};  // of the whole exchange
    std::chrono::seconds stalled{
        0};  // 0: for ever; else how long it may go slower than kStalledBelow
    std::size_t body_bytes_max = kClientBodyBytesMax;  // of the answer, unpacked
    bool takes_gzip = false;  // the body is unpacked; its headers are as they came
    const std::atomic<bool>* cancelled = nullptr;  // true: given up within about a second
};
inline constexpr long kStalledBelow = 1'024;  // bytes per second

struct HttpClientResponse {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;

    /// The value of header `name` (lower case); nullopt when absent.
    std::optional<std::string_view> header(std::string_view name) const;
};

/// The time of a header such as Last-Modified; nullopt: not one.
///
/// Source: RFC 9110 §5.6.7.
std::optional<WallTime> read_http_time(std::string_view text);

/// Asks and waits for the whole answer, of whatever status; follows no redirect. Blocks.
///
/// Errors: Unavailable    not connected, or cut off.
///         Timeout        no whole answer within `timeout`.
///         LimitExceeded  an answer above request.body_bytes_max.
///         Malformed      the URL is none, or its scheme is not http or https.
Result<HttpClientResponse> http_request(const HttpClientRequest& request);

/// The same for who asks a server again and again: connections stay open and are used again, each
/// by one request at a time. Thread-safe.
class HttpClient {
public:
    struct Settings {
        std::filesystem::path ca_file;  // empty: whom the system trusts
        std::chrono::milliseconds connect_timeout{5'000};
        std::size_t idle_max = 16;  // connections that wait for the next request
    };
    explicit HttpClient(Settings settings);
    ~HttpClient();

    /// Errors: as http_request.
    Result<HttpClientResponse> ask(const HttpClientRequest& request);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::net
