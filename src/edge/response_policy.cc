#include "edge/response_policy.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/ensure.h"

namespace oxbow::edge {
namespace {

constexpr std::array kAllFreshnesses{Freshness::Immutable, Freshness::Long, Freshness::Awaited,
                                     Freshness::Second, Freshness::Never};
constexpr std::string_view kVaryByOrigin = "Vary: Origin\r\n";

std::shared_ptr<const std::string> shared(std::string lines) {
    return std::make_shared<const std::string>(std::move(lines));
}

bool is_named(std::string_view name, std::string_view lower) {
    return std::ranges::equal(name, lower, [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

std::string line_of(const AddedHeader& header) {
    return fmt::format("{}: {}\r\n", header.name, header.value);
}

/// By TLS, here or at a proxy that is trusted.
bool came_by_tls(const net::HttpRequest& request) {
    return request.secure || (request.from_proxy && request.header("x-forwarded-proto") == "https");
}

}  // namespace

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

ResponsePolicy::ResponsePolicy(const Behaviour& behaviour)
    : compresses_(behaviour.compress), cache_control_(behaviour.cache_control) {
    const CorsPolicy cors = behaviour.cors.value_or(CorsPolicy{});
    for (const std::string& text : cors.origins) {
        auto origin = AllowedOrigin::parse(text);
        ENSURE(origin.has_value());
        any_origin_ = any_origin_ || origin->is_any();
        origins_.push_back(*std::move(origin));
    }
    if (!cors.expose.empty())
        exposed_ =
            fmt::format("Access-Control-Expose-Headers: {}\r\n", fmt::join(cors.expose, ", "));
    if (any_origin_) for_all_ = "Access-Control-Allow-Origin: *\r\n" + exposed_;
    for (const AddedHeader& header : behaviour.security) {
        // RFC 6797 §7.2: not by plain HTTP.
        (is_named(header.name, "strict-transport-security") ? by_tls_ : security_) +=
            line_of(header);
    }
    for (const AddedHeader& header : behaviour.headers) {
        if (is_named(header.name, "content-disposition")) {
            disposition_ = header;
        } else {
            added_ += line_of(header);
        }
    }
    for (const std::string_view type : {kPlaylistType, kSegmentType, kJsonType, kPictureType}) {
        Kind& kind = kinds_.emplace_back();
        kind.content_type = type;
        for (const Freshness freshness : kAllFreshnesses)
            kind.blocks[static_cast<std::size_t>(freshness)] = make_block(type, freshness);
    }
    for (const Freshness freshness : kAllFreshnesses) {
        // RFC 9110 §15.4.5: what a cache needs to go on with what it has; ETag and Vary follow.
        not_modified_[static_cast<std::size_t>(freshness)] =
            shared(cache_line(freshness) + for_all_ + security_ + added_);
    }
    // An error is over soon, whatever the behaviour says of what is there.
    error_ = shared(fmt::format(
        "Content-Type: {}\r\nCache-Control: {}\r\nAccept-Ranges: bytes\r\n"
        "X-Content-Type-Options: nosniff\r\n{}{}{}",
        kJsonType, oxbow::edge::cache_control(Freshness::Second), for_all_, security_, added_));
    events_ =
        shared(fmt::format("Content-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                           "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\n{}{}{}",
                           for_all_, security_, added_));
    const std::string allowed = cors.allow_headers.empty()
                                    ? std::string{}
                                    : fmt::format("Access-Control-Allow-Headers: {}\r\n",
                                                  fmt::join(cors.allow_headers, ", "));
    preflight_ = shared(fmt::format(
        "Allow: GET, HEAD, OPTIONS\r\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n{}"
        "Access-Control-Max-Age: {}\r\n{}{}{}",
        allowed, cors.max_age.count(), for_all_, security_, added_));
}

std::string ResponsePolicy::cache_line(Freshness freshness) const {
    return fmt::format("Cache-Control: {}\r\n", cache_control_.empty()
                                                    ? oxbow::edge::cache_control(freshness)
                                                    : std::string_view{cache_control_});
}

ResponsePolicy::HeaderBlock ResponsePolicy::make_block(std::string_view content_type,
                                                       Freshness freshness) const {
    return shared(fmt::format(
        "Content-Type: {}\r\n{}Accept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n{}{}{}",
        content_type, cache_line(freshness), for_all_, security_, added_));
}

ResponsePolicy::HeaderBlock ResponsePolicy::block(std::string_view content_type,
                                                  Freshness freshness) const {
    for (const Kind& kind : kinds_) {
        if (kind.content_type == content_type)
            return kind.blocks[static_cast<std::size_t>(freshness)];
    }
    return make_block(content_type, freshness);
}

ResponsePolicy::HeaderBlock ResponsePolicy::not_modified(Freshness freshness) const {
    return not_modified_[static_cast<std::size_t>(freshness)];
}

std::string ResponsePolicy::lines_for(const net::HttpRequest& request) const {
    std::string lines = cors_lines(request);
    if (!by_tls_.empty() && came_by_tls(request)) lines += by_tls_;
    return lines;
}

/// Caches keep answers apart by Origin wherever it makes a difference, also where there was none.
std::string ResponsePolicy::cors_lines(const net::HttpRequest& request) const {
    if (any_origin_ || origins_.empty()) return {};
    const auto origin = request.header("origin");
    const bool listed = origin && std::ranges::any_of(origins_, [&](const AllowedOrigin& allowed) {
                            return allowed.matches(*origin);
                        });
    if (!listed) return std::string{kVaryByOrigin};
    return fmt::format("Access-Control-Allow-Origin: {}\r\n{}{}", *origin, kVaryByOrigin, exposed_);
}

void ResponsePolicy::append_disposition(std::string& lines, std::string_view own) const {
    const bool is_replaced = disposition_ && (disposition_->overrides || own.empty());
    if (is_replaced) {
        lines += line_of(*disposition_);
    } else if (!own.empty()) {
        fmt::format_to(std::back_inserter(lines),
                       "Content-Disposition: attachment; filename=\"{}\"\r\n", own);
    }
}

}  // namespace oxbow::edge
