#include "edge/responses.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "net/http_conditions.h"

namespace oxbow::edge {
namespace {

constexpr std::string_view kAllowOrigin = "Access-Control-Allow-Origin: ";
constexpr std::string_view kVaryOrigin = "Vary: Origin\r\n";
constexpr std::string_view kCacheControl = "Cache-Control: ";
constexpr std::string_view kPrivate = "Cache-Control: private, no-store\r\n";
constexpr std::string_view kExposing = "Access-Control-Expose-Headers: ";
constexpr std::string_view kExposed =
    "Access-Control-Expose-Headers: Content-Length, Content-Range, Date, ETag\r\n";

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

/// Where a line of header lines starts so; npos: none does.
std::size_t line_at(std::string_view lines, std::string_view start) {
    std::size_t at = lines.find(start);
    while (at != std::string_view::npos && at > 0 && lines[at - 1] != '\n')
        at = lines.find(start, at + 1);
    return at;
}

/// Takes the lines that start with `start` out of header lines.
void erase_lines(std::string& lines, std::string_view start) {
    for (std::size_t at = line_at(lines, start); at != std::string::npos;
         at = line_at(lines, start))
        lines.erase(at, lines.find('\n', at) + 1 - at);
}

void erase_cors(std::string& lines) {
    erase_lines(lines, kAllowOrigin);
    erase_lines(lines, kVaryOrigin);
    erase_lines(lines, kExposing);
}

bool is_alike(const Behaviour& a, const Behaviour& b) {
    return a.cache_control == b.cache_control && a.compress == b.compress && a.cors == b.cors &&
           a.security == b.security && a.headers == b.headers;
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

Responses::Responses(std::shared_ptr<const Behaviours> behaviours)
    : behaviours_(std::move(behaviours)) {
    const auto list = behaviours_->list();
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto same = std::ranges::find_if(
            list.first(i), [&](const Behaviour& other) { return is_alike(other, list[i]); });
        const auto index = static_cast<std::size_t>(same - list.begin());
        if (index == i) policies_.push_back(std::make_unique<const ResponsePolicy>(list[i]));
        policy_of_.push_back(index == i ? policies_.back().get() : policy_of_[index]);
    }
}

Responses::Responses(std::vector<std::string> cors_origins)
    : Responses(std::make_shared<const Behaviours>(
          built_in_behaviours({.origins = std::move(cors_origins)}))) {}

Responses::Of Responses::of(const net::HttpRequest& request) const {
    const std::size_t index = behaviours_->index_of_sent(request.path);
    return {*policy_of_[index], mark_of(index)};
}

net::HttpResponse Responses::text(const net::HttpRequest& request, std::string_view content_type,
                                  Freshness freshness,
                                  const std::shared_ptr<const TextVersion>& version) const {
    const Of of = this->of(request);
    const bool has_forms = of.policy.compresses() && version->size() >= kGzipBytesMin;
    const bool ranged = request.header("range").has_value();
    const bool gzip = has_forms && !ranged && net::accepts_gzip(request);
    std::string etag = version->etag();
    if (gzip) etag += "-gz";  // RFC 9110 §8.8.3.3: another form, another tag

    net::HttpResponse response{.extra_headers = of.policy.lines_for(request), .mark = of.mark};
    append_etag(response.extra_headers, etag);
    if (has_forms) response.extra_headers += "Vary: Accept-Encoding\r\n";
    if (net::has_version(request, etag)) {
        response.status = 304;
        response.header_block = of.policy.not_modified(freshness);
        return response;
    }
    of.policy.append_disposition(response.extra_headers, "");
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
        return part(request, of, range, content_type, freshness, response.body,
                    std::move(response.extra_headers));
    }
    response.header_block = of.policy.block(content_type, freshness);
    return response;
}

net::HttpResponse Responses::media(const net::HttpRequest& request, std::string_view content_type,
                                   Freshness freshness, std::string_view etag,
                                   const net::HttpBody& whole) const {
    const Of of = this->of(request);
    std::string headers = of.policy.lines_for(request);
    append_etag(headers, etag);
    if (net::has_version(request, etag)) {
        return {.status = 304,
                .header_block = of.policy.not_modified(freshness),
                .extra_headers = std::move(headers),
                .body = {},
                .mark = of.mark};
    }
    of.policy.append_disposition(headers, "");
    const auto asked = net::range_counts(request, etag) ? request.header("range") : std::nullopt;
    return part(request, of, net::parse_range(asked, whole.size()), content_type, freshness, whole,
                std::move(headers));
}

/// The answer with that part of `whole`, or with all of it.
net::HttpResponse Responses::part(const net::HttpRequest& request, const Of& of,
                                  const net::RangeRequest& range, std::string_view content_type,
                                  Freshness freshness, const net::HttpBody& whole,
                                  std::string extra_headers) const {
    const std::uint64_t size = whole.size();
    if (range.kind == net::RangeRequest::Kind::NotSatisfiable) return outside(request, of, size);
    net::HttpResponse response{.header_block = of.policy.block(content_type, freshness),
                               .extra_headers = std::move(extra_headers),
                               .mark = of.mark};
    if (range.kind == net::RangeRequest::Kind::Whole) {
        response.body = whole;
        return response;
    }
    response.status = 206;
    append_content_range(response.extra_headers, range, size);
    response.body = whole.slice(range.offset, range.length);
    return response;
}

net::HttpResponse Responses::outside(const net::HttpRequest& request, const Of& of,
                                     std::uint64_t size) const {
    net::HttpResponse refused =
        error(request, of, 416, fmt::format("the range lies outside the {} bytes", size));
    refused.extra_headers += fmt::format("Content-Range: bytes */{}\r\n", size);
    return refused;
}

net::HttpResponse Responses::download(const net::HttpRequest& request, const Download& file,
                                      const MakeStream& bytes) const {
    const Of of = this->of(request);
    net::HttpResponse response{.extra_headers = of.policy.lines_for(request), .mark = of.mark};
    append_etag(response.extra_headers, file.etag);
    if (net::has_version(request, file.etag)) {
        response.status = 304;
        response.header_block = of.policy.not_modified(file.freshness);
        return response;
    }
    const auto asked =
        net::range_counts(request, file.etag) ? request.header("range") : std::nullopt;
    const auto range = net::parse_range(asked, file.size);
    if (range.kind == net::RangeRequest::Kind::NotSatisfiable)
        return outside(request, of, file.size);
    response.header_block = of.policy.block(file.content_type, file.freshness);
    of.policy.append_disposition(response.extra_headers, file.name);
    if (range.kind == net::RangeRequest::Kind::Whole) {
        response.stream = bytes(0, file.size);
        return response;
    }
    response.status = 206;
    append_content_range(response.extra_headers, range, file.size);
    response.stream = bytes(range.offset, range.length);
    return response;
}

net::HttpResponse Responses::growing(const net::HttpRequest& request, std::string_view content_type,
                                     std::shared_ptr<net::HttpStream> stream) const {
    const Of of = this->of(request);
    return {.header_block = of.policy.block(content_type, Freshness::Second),
            .extra_headers = of.policy.lines_for(request),
            .stream = std::move(stream),
            .mark = of.mark};
}

net::HttpResponse Responses::events(const net::HttpRequest& request, std::string first,
                                    std::shared_ptr<net::HttpStream> stream) const {
    const Of of = this->of(request);
    return {.header_block = of.policy.events(),
            .extra_headers = of.policy.lines_for(request),
            .body = net::HttpBody::of_string(std::move(first)),
            .stream = std::move(stream),
            .mark = of.mark};
}

net::HttpResponse Responses::error(const net::HttpRequest& request, int status,
                                   std::string_view message) const {
    return error(request, of(request), status, message);
}

net::HttpResponse Responses::error(const net::HttpRequest& request, const Of& of, int status,
                                   std::string_view message) const {
    const boost::json::value body{{"error", std::string{error_name(status)}},
                                  {"message", std::string{message}}};
    return {.status = status,
            .header_block = of.policy.error(),
            .extra_headers = of.policy.lines_for(request),
            .body = net::HttpBody::of_string(boost::json::serialize(body)),
            .mark = of.mark};
}

net::HttpResponse Responses::error(const net::HttpRequest& request, const Error& error) const {
    return this->error(request, status_of(error.code), error.what);
}

void Responses::keep_private(net::HttpResponse& response) const {
    std::string block = response.header_block ? *response.header_block : std::string{};
    if (response.mark != 0) {
        const std::string_view added = policy_of_[response.mark - 1U]->added();
        const std::size_t at = added.empty() ? std::string::npos : line_at(block, added);
        if (at != std::string::npos) block.erase(at, added.size());
    }
    erase_lines(block, kCacheControl);
    block += kPrivate;
    response.header_block = std::make_shared<const std::string>(std::move(block));
}

void Responses::allow_only(net::HttpResponse& response, std::string_view origin) {
    std::string block = response.header_block ? *response.header_block : std::string{};
    erase_cors(block);
    erase_cors(response.extra_headers);
    block += kVaryOrigin;
    if (!origin.empty()) {
        fmt::format_to(std::back_inserter(block), "{}{}\r\n{}", kAllowOrigin, origin, kExposed);
    }
    response.header_block = std::make_shared<const std::string>(std::move(block));
}

void Responses::keep_cors_of_origin(net::HttpResponse& response, std::string_view lines) const {
    if (lines.empty() || response.mark == 0) return;
    if (behaviours_->at(response.mark - 1U).cors->overrides) return;
    std::string block = response.header_block ? *response.header_block : std::string{};
    erase_cors(block);
    erase_cors(response.extra_headers);
    response.header_block = std::make_shared<const std::string>(block.append(lines));
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
    const Of of = this->of(request);
    return {.status = 204,
            .header_block = of.policy.preflight(),
            .extra_headers = of.policy.lines_for(request),
            .body = {},
            .mark = of.mark};
}

std::string_view content_type_of(std::string_view path) {
    if (path.ends_with(".ts")) return kSegmentType;
    if (path.ends_with(".m3u8")) return kPlaylistType;
    if (path.ends_with(".json")) return kJsonType;
    if (path.ends_with(".jpg")) return "image/jpeg";
    return "application/octet-stream";
}

}  // namespace oxbow::edge
