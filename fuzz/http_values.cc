// What requests carry: ranges, conditions, queries, percent escapes. Input: 2 bytes of size, a line
// with a Range or a condition, a line with a name, and the rest.

#include <algorithm>
#include <string>

#include "base/ensure.h"
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
}

}  // namespace oxbow::fuzz
