#include "edge/responses.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "net/http_conditions.h"

namespace oxbow::edge {
namespace {

constexpr std::string_view kAnyOrigin = "Access-Control-Allow-Origin: *\r\n";
constexpr std::string_view kAllowOrigin = "Access-Control-Allow-Origin: ";
constexpr std::string_view kVaryOrigin = "Vary: Origin\r\n";
constexpr std::string_view kCacheControl = "Cache-Control: ";
constexpr std::string_view kPrivate = "Cache-Control: private, no-store\r\n";
constexpr std::string_view kExposed =
    "Access-Control-Expose-Headers: Content-Length, Content-Range, Date, ETag\r\n";

std::string_view cache_control(Freshness freshness) {
    switch (freshness) {
        case Freshness::Immutable:
            return "public, max-age=31536000, immutable";
        case Freshness::Long:
            return "public, max-age=3600";
        case Freshness::Awaited:
            return "max-age=36";
        case Freshness::Second:
            return "max-age=1";
        case Freshness::Never:
            break;
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

/// Takes the line that starts with `start` out of header lines, where it is.
void erase_line(std::string& lines, std::string_view start) {
    const std::size_t begin = lines.find(start);
    if (begin == std::string::npos || (begin > 0 && lines[begin - 1] != '\n')) return;
    lines.erase(begin, lines.find('\n', begin) + 1 - begin);
}

/// What most answers add to the headers of their kind, in one piece of memory.
constexpr std::size_t kOwnHeadersBytes = 128;

void append_etag(std::string& headers, std::string_view etag) {
    headers.reserve(kOwnHeadersBytes);
    headers += "ETag: \"";
    headers += etag;
    headers += "\"\r\n";
}

void append_content_range(std::string& headers, const net::RangeRequest& range,
                          std::uint64_t size) {
    fmt::format_to(std::back_inserter(headers), "Content-Range: bytes {}-{}/{}\r\n", range.offset,
                   range.offset + range.length - 1, size);
}

}  // namespace

Responses::Responses(std::vector<std::string> cors_origins)
    : cors_origins_(std::move(cors_origins)),
      any_origin_(std::ranges::find(cors_origins_, "*") != cors_origins_.end()) {
    for (const Freshness freshness : {Freshness::Immutable, Freshness::Long, Freshness::Awaited,
                                      Freshness::Second, Freshness::Never}) {
        for (const std::string_view type : {kPlaylistType, kSegmentType, kJsonType}) {
            kinds_.push_back({type, freshness, make_header_block(type, freshness)});
        }
        // RFC 9110 §15.4.5: what a cache needs to go on with what it has; ETag and Vary follow.
        not_modified_.push_back(std::make_shared<const std::string>(
            fmt::format("Cache-Control: {}\r\n{}{}", cache_control(freshness),
                        any_origin_ ? kAnyOrigin : "", any_origin_ ? kExposed : "")));
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
    for (const Kind& kind : kinds_) {
        if (kind.freshness == freshness && kind.content_type == content_type)
            return kind.header_block;
    }
    return make_header_block(content_type, freshness);
}

Responses::HeaderBlock Responses::not_modified_block(Freshness freshness) const {
    return not_modified_[static_cast<std::size_t>(freshness)];
}

/// What CORS adds for this request alone: nothing where every origin may read.
std::string Responses::cors_lines(const net::HttpRequest& request) const {
    if (any_origin_) return {};
    const auto origin = request.header("origin");
    const bool listed = origin && std::ranges::find(cors_origins_, *origin) != cors_origins_.end();
    if (!listed) return "Vary: Origin\r\n";
    return fmt::format("Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n{}", *origin, kExposed);
}

net::HttpResponse Responses::text(const net::HttpRequest& request, std::string_view content_type,
                                  Freshness freshness,
                                  const std::shared_ptr<const TextVersion>& version) const {
    const bool has_forms = version->size() >= kGzipBytesMin;
    const bool ranged = request.header("range").has_value();
    const bool gzip = has_forms && !ranged && net::accepts_gzip(request);
    std::string etag = version->etag();
    if (gzip) etag += "-gz";  // RFC 9110 §8.8.3.3: another form, another tag

    net::HttpResponse response{.extra_headers = cors_lines(request)};
    append_etag(response.extra_headers, etag);
    if (has_forms) response.extra_headers += "Vary: Accept-Encoding\r\n";
    if (net::has_version(request, etag)) {
        response.status = 304;
        response.header_block = not_modified_block(freshness);
        return response;
    }
    if (gzip) {
        response.extra_headers += "Content-Encoding: gzip\r\n";
        const auto& pieces = version->gzip().pieces;
        response.body.pieces.assign(pieces.begin(), pieces.end());
    } else {
        for (const TextVersion::Piece& piece : version->pieces()) {
            response.body.pieces.push_back(as_bytes(piece->text()));
        }
    }
    response.body.owner = version;
    if (ranged && net::range_counts(request, etag)) {
        const auto range = net::parse_range(request.header("range"), version->size());
        return part(request, range, content_type, freshness, response.body,
                    std::move(response.extra_headers));
    }
    response.header_block = header_block(content_type, freshness);
    return response;
}

net::HttpResponse Responses::media(const net::HttpRequest& request, std::string_view content_type,
                                   Freshness freshness, std::string_view etag,
                                   const net::HttpBody& whole) const {
    std::string headers = cors_lines(request);
    append_etag(headers, etag);
    if (net::has_version(request, etag)) {
        return {.status = 304,
                .header_block = not_modified_block(freshness),
                .extra_headers = std::move(headers),
                .body = {}};
    }
    const auto asked = net::range_counts(request, etag) ? request.header("range") : std::nullopt;
    return part(request, net::parse_range(asked, whole.size()), content_type, freshness, whole,
                std::move(headers));
}

/// The answer with that part of `whole`, or with all of it.
net::HttpResponse Responses::part(const net::HttpRequest& request, const net::RangeRequest& range,
                                  std::string_view content_type, Freshness freshness,
                                  const net::HttpBody& whole, std::string extra_headers) const {
    const std::uint64_t size = whole.size();
    if (range.kind == net::RangeRequest::Kind::NotSatisfiable) return outside(request, size);
    net::HttpResponse response{.header_block = header_block(content_type, freshness),
                               .extra_headers = std::move(extra_headers)};
    if (range.kind == net::RangeRequest::Kind::Whole) {
        response.body = whole;
        return response;
    }
    response.status = 206;
    append_content_range(response.extra_headers, range, size);
    response.body = whole.slice(range.offset, range.length);
    return response;
}

net::HttpResponse Responses::outside(const net::HttpRequest& request, std::uint64_t size) const {
    net::HttpResponse refused =
        error(request, 416, fmt::format("the range lies outside the {} bytes", size));
    refused.extra_headers += fmt::format("Content-Range: bytes */{}\r\n", size);
    return refused;
}

net::HttpResponse Responses::download(const net::HttpRequest& request, const Download& file,
                                      const MakeStream& bytes) const {
    net::HttpResponse response{.extra_headers = cors_lines(request)};
    append_etag(response.extra_headers, file.etag);
    if (net::has_version(request, file.etag)) {
        response.status = 304;
        response.header_block = not_modified_block(file.freshness);
        return response;
    }
    const auto asked =
        net::range_counts(request, file.etag) ? request.header("range") : std::nullopt;
    const auto range = net::parse_range(asked, file.size);
    if (range.kind == net::RangeRequest::Kind::NotSatisfiable) return outside(request, file.size);
    response.header_block = header_block(file.content_type, file.freshness);
    if (!file.name.empty()) {
        response.extra_headers +=
            fmt::format("Content-Disposition: attachment; filename=\"{}\"\r\n", file.name);
    }
    if (range.kind == net::RangeRequest::Kind::Whole) {
        response.stream = bytes(0, file.size);
        return response;
    }
    response.status = 206;
    append_content_range(response.extra_headers, range, file.size);
    response.stream = bytes(range.offset, range.length);
    return response;
}

net::HttpResponse Responses::events(const net::HttpRequest& request, std::string first,
                                    std::shared_ptr<net::HttpStream> stream) const {
    static const auto block = std::make_shared<const std::string>(
        "Content-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\n");
    std::string cors = any_origin_ ? std::string{kAnyOrigin} : cors_lines(request);
    return {.header_block = block,
            .extra_headers = std::move(cors),
            .body = net::HttpBody::of_string(std::move(first)),
            .stream = std::move(stream)};
}

net::HttpResponse Responses::error(const net::HttpRequest& request, int status,
                                   std::string_view message) const {
    const boost::json::value body{{"error", std::string{error_name(status)}},
                                  {"message", std::string{message}}};
    return {.status = status,
            .header_block = header_block(kJsonType, Freshness::Second),
            .extra_headers = cors_lines(request),
            .body = net::HttpBody::of_string(boost::json::serialize(body))};
}

net::HttpResponse Responses::error(const net::HttpRequest& request, const Error& error) const {
    return this->error(request, status_of(error.code), error.what);
}

void Responses::keep_private(net::HttpResponse& response) {
    std::string block = response.header_block ? *response.header_block : std::string{};
    erase_line(block, kCacheControl);
    block += kPrivate;
    response.header_block = std::make_shared<const std::string>(std::move(block));
}

void Responses::allow_only(net::HttpResponse& response, std::string_view origin) {
    std::string block = response.header_block ? *response.header_block : std::string{};
    for (std::string* const lines : {&block, &response.extra_headers}) {
        erase_line(*lines, kAllowOrigin);
        erase_line(*lines, kVaryOrigin);
        erase_line(*lines, kExposed);
    }
    block += kVaryOrigin;
    if (!origin.empty()) {
        fmt::format_to(std::back_inserter(block), "{}{}\r\n{}", kAllowOrigin, origin, kExposed);
    }
    response.header_block = std::make_shared<const std::string>(std::move(block));
}

net::HttpResponse Responses::refused(const net::HttpRequest& request) const {
    net::HttpResponse response = error(
        request, 403,
        "this is private: it needs a playback token of its channel (?token=), or a session that "
        "one began, which is not over");
    keep_private(response);
    return response;
}

net::HttpResponse Responses::preflight(const net::HttpRequest& request) const {
    static const auto block = std::make_shared<const std::string>(
        "Allow: GET, HEAD, OPTIONS\r\n"
        "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
        "Access-Control-Allow-Headers: Range, If-Range, If-None-Match\r\n"
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
