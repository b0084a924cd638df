#include "edge/responses.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace oxbow::edge {
namespace {

constexpr std::string_view kAnyOrigin = "Access-Control-Allow-Origin: *\r\n";
constexpr std::string_view kExposed =
    "Access-Control-Expose-Headers: Content-Length, Content-Range, Date, ETag\r\n";

std::string_view cache_control(Freshness freshness) {
    switch (freshness) {
        case Freshness::Immutable:
            return "public, max-age=31536000, immutable";
        case Freshness::Long:
            return "public, max-age=3600";
        case Freshness::Second:
            return "max-age=1";
        case Freshness::Never:
            return "no-store";
    }
    return "no-store";
}

std::string_view error_name(int status) {
    switch (status) {
        case 400:
            return "BadRequest";
        case 403:
            return "Forbidden";
        case 404:
            return "NotFound";
        case 405:
            return "MethodNotAllowed";
        case 416:
            return "RangeNotSatisfiable";
        case 501:
            return "NotImplemented";
        case 503:
            return "ServiceUnavailable";
        case 504:
            return "Timeout";
        default:
            return "InternalError";
    }
}

int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::Malformed:
            return 400;
        case ErrorCode::Refused:
            return 403;
        case ErrorCode::NotFound:
            return 404;
        case ErrorCode::Conflict:
            return 409;
        case ErrorCode::LimitExceeded:
        case ErrorCode::Unavailable:
            return 503;
        case ErrorCode::Timeout:
            return 504;
        case ErrorCode::Unsupported:
            return 501;
    }
    return 500;
}

}  // namespace

Responses::Responses(std::vector<std::string> cors_origins)
    : cors_origins_(std::move(cors_origins)),
      any_origin_(std::ranges::find(cors_origins_, "*") != cors_origins_.end()) {
    for (const std::string_view type : {kPlaylistType, kSegmentType, kJsonType}) {
        for (const Freshness freshness :
             {Freshness::Immutable, Freshness::Long, Freshness::Second}) {
            header_blocks_.emplace(std::pair{type, freshness}, make_header_block(type, freshness));
        }
    }
}

Responses::HeaderBlock Responses::make_header_block(std::string_view content_type,
                                                    Freshness freshness) const {
    return std::make_shared<const std::string>(
        fmt::format("Content-Type: {}\r\nCache-Control: {}\r\nAccept-Ranges: bytes\r\n"
                    "X-Content-Type-Options: nosniff\r\n{}{}",
                    content_type, cache_control(freshness), any_origin_ ? kAnyOrigin : "",
                    any_origin_ ? kExposed : ""));
}

Responses::HeaderBlock Responses::header_block(std::string_view content_type,
                                               Freshness freshness) const {
    const auto found = header_blocks_.find({content_type, freshness});
    return found != header_blocks_.end() ? found->second
                                         : make_header_block(content_type, freshness);
}

/// What CORS adds for this request alone: nothing where every origin may read.
std::string Responses::cors_lines(const net::HttpRequest& request) const {
    if (any_origin_) return {};
    const auto origin = request.header("origin");
    const bool listed = origin && std::ranges::find(cors_origins_, *origin) != cors_origins_.end();
    if (!listed) return "Vary: Origin\r\n";
    return fmt::format("Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n{}", *origin, kExposed);
}

net::HttpResponse Responses::ok(const net::HttpRequest& request, std::string_view content_type,
                                Freshness freshness, net::HttpBody body) const {
    return {.status = 200,
            .header_block = header_block(content_type, freshness),
            .extra_headers = cors_lines(request),
            .body = std::move(body)};
}

net::HttpResponse Responses::json(const net::HttpRequest& request, std::string body) const {
    return ok(request, kJsonType, Freshness::Second, net::HttpBody::of_string(std::move(body)));
}

net::HttpResponse Responses::ranged(const net::HttpRequest& request, std::string_view content_type,
                                    Freshness freshness, const net::HttpBody& whole) const {
    const std::uint64_t size = whole.size();
    const net::RangeRequest range = net::parse_range(request.header("range"), size);
    if (range.kind == net::RangeRequest::Kind::NotSatisfiable) {
        net::HttpResponse refused =
            error(request, 416, fmt::format("the range lies outside the {} bytes", size));
        refused.extra_headers += fmt::format("Content-Range: bytes */{}\r\n", size);
        return refused;
    }
    if (range.kind == net::RangeRequest::Kind::Whole)
        return ok(request, content_type, freshness, whole);
    net::HttpResponse part =
        ok(request, content_type, freshness, whole.slice(range.offset, range.length));
    part.status = 206;
    part.extra_headers += fmt::format("Content-Range: bytes {}-{}/{}\r\n", range.offset,
                                      range.offset + range.length - 1, size);
    return part;
}

net::HttpResponse Responses::error(const net::HttpRequest& request, int status,
                                   std::string_view message) const {
    const boost::json::value body{{"error", std::string{error_name(status)}},
                                  {"message", std::string{message}}};
    net::HttpResponse response = json(request, boost::json::serialize(body));
    response.status = status;
    return response;
}

net::HttpResponse Responses::error(const net::HttpRequest& request, const Error& error) const {
    return this->error(request, status_of(error.code), error.what);
}

net::HttpResponse Responses::preflight(const net::HttpRequest& request) const {
    static const auto block = std::make_shared<const std::string>(
        "Allow: GET, HEAD, OPTIONS\r\n"
        "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
        "Access-Control-Allow-Headers: Range, If-None-Match\r\n"
        "Access-Control-Max-Age: 86400\r\n");
    std::string cors = any_origin_ ? std::string{kAnyOrigin} : cors_lines(request);
    return {.status = 204, .header_block = block, .extra_headers = std::move(cors), .body = {}};
}

std::string_view content_type_of(std::string_view path) {
    if (path.ends_with(".ts")) return kSegmentType;
    if (path.ends_with(".m3u8")) return kPlaylistType;
    if (path.ends_with(".json")) return kJsonType;
    if (path.ends_with(".jpg")) return "image/jpeg";
    return "application/octet-stream";
}

}  // namespace oxbow::edge
