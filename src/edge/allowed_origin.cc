#include "edge/allowed_origin.h"

#include <algorithm>
#include <optional>

namespace oxbow::edge {
namespace {

char small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, small, small);
}

/// An origin taken apart; nothing else than an origin has these pieces.
struct OriginPieces {
    std::string_view scheme;  // "" where there is none
    std::string_view host;
    std::string_view port;
};

bool is_origin_host(std::string_view text) {
    const bool is_v6 = text.starts_with('[') && text.ends_with(']');
    if (is_v6) text = text.substr(1, text.size() - 2);
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || (c == ':' ? is_v6 : !is_v6 && (c == '-' || c == '_'));
    });
}

bool is_origin_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<OriginPieces> pieces_of(std::string_view text) {
    constexpr std::string_view kAfterScheme = "://";
    OriginPieces out;
    if (const std::size_t at = text.find(kAfterScheme); at != std::string_view::npos) {
        out.scheme = text.substr(0, at);
        if (!same(out.scheme, "http") && !same(out.scheme, "https")) return std::nullopt;
        text.remove_prefix(at + kAfterScheme.size());
    }
    const std::size_t colon = text.rfind(':');
    const bool has_port = colon != std::string_view::npos && !text.substr(colon).contains(']');
    out.host = has_port ? text.substr(0, colon) : text;
    if (!has_port) return out;
    out.port = text.substr(colon + 1);
    if (out.port.empty()) return std::nullopt;
    return out;
}

std::string small(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) { return small(c); });
    return out;
}

}  // namespace

Result<AllowedOrigin> AllowedOrigin::parse(std::string_view text) {
    AllowedOrigin out;
    out.any_ = text == "*";
    if (out.any_) return out;
    const auto pieces = text.size() <= kOriginBytesMax ? pieces_of(text) : std::nullopt;
    if (pieces) {
        out.has_wildcard_ = pieces->host.starts_with("*.");
        const std::string_view named = out.has_wildcard_ ? pieces->host.substr(2) : pieces->host;
        const bool has_port =
            pieces->port.empty() || pieces->port == "*" || is_origin_port(pieces->port);
        const bool has_scheme = out.has_wildcard_ || !pieces->scheme.empty();
        if (has_port && has_scheme && is_origin_host(named) && !named.starts_with('.')) {
            out.scheme_ = small(pieces->scheme);
            out.host_ = (out.has_wildcard_ ? "." : "") + small(named);
            out.port_ = pieces->port;
            return out;
        }
    }
    return fail(ErrorCode::Malformed,
                "must list \"*\" or origins such as \"https://example.org\", "
                "\"https://*.example.org\" or \"http://example.org:*\"");
}

bool AllowedOrigin::matches(std::string_view origin) const {
    if (any_) return true;
    if (origin.size() > kOriginBytesMax) return false;
    const auto pieces = pieces_of(origin);
    if (!pieces || pieces->scheme.empty() || !is_origin_host(pieces->host)) return false;
    if (!pieces->port.empty() && !is_origin_port(pieces->port)) return false;
    if (!scheme_.empty() && !same(scheme_, pieces->scheme)) return false;
    if (port_ != "*" && port_ != pieces->port) return false;
    if (!has_wildcard_) return same(host_, pieces->host);
    return pieces->host.size() > host_.size() && !pieces->host.starts_with('.') &&
           same(pieces->host.substr(pieces->host.size() - host_.size()), host_);
}

}  // namespace oxbow::edge
