#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace oxbow::net {

inline constexpr std::size_t kClientBodyBytesMax = 64 * 1024 * 1024;

struct HttpClientRequest {
    std::string method = "GET";
    std::string url;  // absolute; http or https
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::chrono::milliseconds timeout{30'000};  // of the whole exchange
};

struct HttpClientResponse {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;

    /// The value of header `name` (lower case); nullopt when absent.
    std::optional<std::string_view> header(std::string_view name) const;
};

/// Asks and waits for the whole answer, of whatever status; follows no redirect. Blocks.
///
/// Errors: Unavailable    not connected, or cut off.
///         Timeout        no whole answer within `timeout`.
///         LimitExceeded  an answer above kClientBodyBytesMax.
///         Malformed      the URL is none, or its scheme is not http or https.
Result<HttpClientResponse> http_request(const HttpClientRequest& request);

}  // namespace oxbow::net
