#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace oxbow::edge {

inline constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";
inline constexpr std::string_view kSegmentType = "video/mp2t";
inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kEventStreamType = "text/event-stream";

/// How long caches may keep an answer.
enum class Freshness {
    Immutable,  // one URL, one content, for ever
    Long,       // an hour: a finished recording's playlists
    Second,     // what grows: playlists, metadata, lists, errors
    Never,      // what is made while it is sent
};

/// Makes the edge's answers: header lines prepared once per kind, CORS as configured.
///
/// With the origins {"*"}, every answer allows every origin; with a list, the request's Origin is
/// echoed where it is listed, and caches are told to keep answers apart by it. Thread-safe:
/// immutable.
class Responses {
public:
    explicit Responses(std::vector<std::string> cors_origins);

    net::HttpResponse ok(const net::HttpRequest& request, std::string_view content_type,
                         Freshness freshness, net::HttpBody body) const;
    net::HttpResponse json(const net::HttpRequest& request, std::string body) const;

    /// The part that the request's Range asks for; 416 when it lies outside.
    net::HttpResponse ranged(const net::HttpRequest& request, std::string_view content_type,
                             Freshness freshness, const net::HttpBody& whole) const;

    /// {"error":"NotFound","message":"..."}
    net::HttpResponse error(const net::HttpRequest& request, int status,
                            std::string_view message) const;
    net::HttpResponse error(const net::HttpRequest& request, const Error& error) const;

    net::HttpResponse preflight(const net::HttpRequest& request) const;

private:
    using HeaderBlock = std::shared_ptr<const std::string>;

    HeaderBlock make_header_block(std::string_view content_type, Freshness freshness) const;
    HeaderBlock header_block(std::string_view content_type, Freshness freshness) const;
    std::string cors_lines(const net::HttpRequest& request) const;

    std::vector<std::string> cors_origins_;
    bool any_origin_;
    std::map<std::pair<std::string_view, Freshness>, HeaderBlock>
        header_blocks_;  // of the usual kinds
};

// "video/mp2t" for ".../17.ts"
std::string_view content_type_of(std::string_view path);

}  // namespace oxbow::edge
