#pragma once

#include <string>
#include <string_view>

#include "base/times.h"
#include "net/http_server.h"

namespace oxbow::edge {

/// An answer as the request log tells it.
struct LoggedAnswer {
    const net::HttpRequest& request;  // empty: it was malformed
    const net::HttpOutcome& outcome;
    std::string_view behaviour;
    WallTime at;
};

/// One line, with its newline, as Apache's and nginx's "combined" have it. No longer than
/// kLogLineBytesMax: what comes from outside is escaped, then cut.
// 192.0.2.7 - - [27/Nov/2026:06:20:50 +0000] "GET /channels.json HTTP/1.1" 200 512 "-" "curl/8.1"
void append_combined_line(std::string& out, const LoggedAnswer& answer);

/// The same as a JSON object, with the behaviour, the time it took and whether all of it went out.
void append_json_line(std::string& out, const LoggedAnswer& answer);

/// Path and query without what lets somebody watch: tokens, signatures, the sessions of private
/// channels. In: as sent.
// "/p/***/rewind/AsXego4U6tnj.m3u8?token=***"
std::string masked_target(std::string_view path, std::string_view query);
/// The same of a whole URL, such as a Referer.
std::string masked_url(std::string_view url);

inline constexpr std::size_t kLogLineBytesMax = 4'096;
inline constexpr std::size_t kLogTargetBytesMax = 2'048;  // escaped; of Referer and agent a quarter

}  // namespace oxbow::edge
