// What requests carry: ranges, conditions, queries, percent escapes; paths and origins, as patterns
// see them; and what a log may say of all that. Input: 2 bytes of size, a line
// with a Range or a condition, a line with a name, and the rest.

#include <algorithm>
#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/ensure.h"
#include "edge/allowed_origin.h"
#include "edge/path_pattern.h"
#include "edge/request_line.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "net/http.h"
#include "net/http_conditions.h"

namespace oxbow::fuzz {
namespace {

using namespace net;

void check_range(std::string_view header, std::uint64_t size) {
    const RangeRequest range = parse_range(header, size);
    switch (range.kind) {
        case RangeRequest::Kind::Whole:
            ENSURE(range.offset == 0 && range.length == size);
            return;
        case RangeRequest::Kind::Part:
            ENSURE(range.length > 0 && range.offset < size && range.length <= size - range.offset);
            return;
        case RangeRequest::Kind::NotSatisfiable:
            ENSURE(header.starts_with("bytes="));
            return;
    }
}

/// What holds must stand in the header, whatever else does.
void check_conditions(std::string_view value, std::string_view etag) {
    HttpRequest request{.method = "GET", .path = "/"};
    ENSURE(!has_version(request, etag) && range_counts(request, etag) && !accepts_gzip(request));

    request.headers = {{"if-none-match", value}};
    ENSURE(!has_version(request, etag) || value.contains('*') ||
           value.contains('"' + std::string{etag} + '"'));
    request.headers = {{"if-range", value}};
    ENSURE(!range_counts(request, etag) || value.contains('"' + std::string{etag} + '"'));
    request.headers = {{"accept-encoding", value}};
    std::string lower{value};
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    ENSURE(!accepts_gzip(request) || lower.contains('*') || lower.contains("gzip"));
}

void check_query(std::string_view query, std::string_view name) {
    const auto value = query_value(query, name);
    if (!value) return;
    ENSURE(value->size() <= query.size());
    // A value with a broken escape is given as it stands; a request's target has no NUL.
    ENSURE(query.contains('\0') || !value->contains('\0'));
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', kDigits[byte >> 4], kDigits[byte & 0xf]};
    }
    return out;
}

void check_escapes(std::string_view text) {
    const auto decoded = percent_decode(text);
    if (!decoded) return;
    ENSURE(decoded->size() <= text.size());
    ENSURE(!decoded->contains('\0'));
    ENSURE(percent_decode(percent_encode(*decoded)) == *decoded);
    // A name that is given is found, whatever bytes it is made of.
    const std::string pair = percent_encode(*decoded) + "=1";
    ENSURE(query_value("a=2&" + pair, *decoded) == (*decoded == "a" ? "2" : "1"));
}

/// A wildcard match, one character after the other.
bool is_match(std::string_view pattern, std::string_view path) {
    std::vector<char> reached(path.size() + 1, 0);
    reached[0] = 1;
    for (const char c : pattern) {
        std::vector<char> next(path.size() + 1, 0);
        char before = 0;
        for (std::size_t i = 0; i <= path.size(); ++i) {
            before = static_cast<char>(before | reached[i]);
            if (c == '*') next[i] = before;
            if (c != '*' && i < path.size() && reached[i] != 0 && (c == '?' || c == path[i]))
                next[i + 1] = 1;
        }
        reached = std::move(next);
    }
    return reached.back() != 0;
}

void check_path(std::string_view text, std::string_view sent) {
    std::string made;
    const std::string path{edge::matched_path(sent, made)};
    ENSURE(path.starts_with('/') && !path.contains("//"));
    ENSURE(!path.contains("/../") && !path.contains("/./"));
    const auto pattern = edge::PathPattern::parse(text);
    if (!pattern) return;
    ENSURE(pattern->text().starts_with('/') && pattern->text().ends_with(text));
    for (const std::string_view tried : {std::string_view{path}, text, sent})
        ENSURE(pattern->matches(tried) == is_match(pattern->text(), tried));
}

/// An origin that a wildcard allows ends as it says, and has no other host in front.
void check_origin(std::string_view origin, std::string_view text) {
    static const auto kWildcard = edge::AllowedOrigin::parse("https://*.example.org").value();
    if (kWildcard.matches(origin)) {
        ENSURE(origin.size() > 20 && origin.substr(8).find_first_of("/@?#\\:\r\n ") == origin.npos);
    }
    const auto allowed = edge::AllowedOrigin::parse(text);
    ENSURE(!allowed || !allowed->matches("null") || allowed->is_any());
}

/// One line, and no secret in it.
void check_log(std::string_view path, std::string_view query) {
    constexpr std::string_view kSecret = "sEcReT-08/15";
    constexpr std::string_view kPart = "sEcReT-08";
    if (path.contains(kPart) || query.contains(kPart)) return;
    ENSURE(!edge::masked_target(path, std::string{query} + "&token=" + std::string{kSecret})
                .contains(kPart));
    ENSURE(!edge::masked_target("/p/" + std::string{kSecret} + std::string{path}, query)
                .contains(kPart));
    ENSURE(!edge::masked_url("https://h/?" + std::string{query} + "&token=" + std::string{kSecret})
                .contains(kPart));
    HttpRequest request{.method = "GET", .path = path, .query = query, .peer = "127.0.0.1:1"};
    request.headers = {{"user-agent", path}, {"referer", query}};
    const HttpOutcome outcome{.status = 200, .protocol = "HTTP/1.1"};
    std::string line;
    edge::append_combined_line(line, {request, outcome, "page", WallTime{}});
    ENSURE(line.find('\n') == line.size() - 1 && line.size() <= edge::kLogLineBytesMax);
    line.clear();
    edge::append_json_line(line, {request, outcome, "page", WallTime{}});
    ENSURE(line.find('\n') == line.size() - 1 && line.size() <= edge::kLogLineBytesMax);
    ENSURE(boost::json::parse(line).is_object());
}

}  // namespace

void check(BytesView bytes) {
    Input input{bytes};
    const std::uint64_t size = input.number(2);
    const std::string_view range = input.line();
    for (const std::uint64_t of :
         {size, size << 20, size << 48, std::uint64_t{0}, ~std::uint64_t{0}})
        check_range(range, of);
    const std::string_view name = input.line();
    check_conditions(range, name);
    check_query(as_text(input.rest()), name);
    check_escapes(as_text(input.rest()));
    check_path(range, as_text(input.rest()));
    check_path(name, as_text(input.rest()));
    check_origin(as_text(input.rest()), name);
    check_log(as_text(input.rest()), name);
}

}  // namespace oxbow::fuzz
