#include "net/http.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::net {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// A number written in digits only; nullopt for anything else, or above 2^64 - 1.
std::optional<std::uint64_t> decimal(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_unreserved(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &HttpHeader::name);
    if (found == headers.end()) return std::nullopt;
    return found->value;
}

std::optional<std::uint64_t> HttpResponse::content_length() const {
    if (!stream) return body.size();
    const auto more = stream->bytes();
    return more ? std::optional{body.size() + *more} : std::nullopt;
}

std::uint64_t HttpBody::size() const {
    std::uint64_t bytes = file.length;
    for (const BytesView piece : pieces) bytes += piece.size();
    return bytes;
}

HttpBody HttpBody::of_string(std::string text) {
    auto owned = std::make_shared<const std::string>(std::move(text));
    HttpBody body;
    if (!owned->empty()) body.pieces.push_back(as_bytes(*owned));
    body.owner = std::move(owned);
    return body;
}

HttpBody HttpBody::of_file(FileRegion region) {
    HttpBody body;
    body.file = std::move(region);
    return body;
}

HttpBody HttpBody::slice(std::uint64_t offset, std::uint64_t length) const {
    ENSURE(offset <= size() && length <= size() - offset);
    if (file.file) return of_file({file.file, file.offset + offset, length});

    HttpBody part;
    part.owner = owner;
    for (const BytesView piece : pieces) {
        if (length == 0) break;
        if (offset >= piece.size()) {
            offset -= piece.size();
            continue;
        }
        const auto taken = std::min<std::uint64_t>(piece.size() - offset, length);
        part.pieces.push_back(piece.subspan(offset, taken));
        offset = 0;
        length -= taken;
    }
    return part;
}

std::string uri_encoded(std::string_view text, std::string_view kept) {
    std::string out;
    for (const char c : text) {
        if (is_unreserved(c) || kept.contains(c)) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            if (text[i] == '\0') return std::nullopt;
            out += text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        const std::size_t equals = pair.find('=');
        const std::string_view its_name = pair.substr(0, equals);
        // Most are written as they are, and need no memory to be compared.
        if (its_name != name && (!its_name.contains('%') || percent_decode(its_name) != name)) {
            continue;
        }
        if (equals == std::string_view::npos) return std::string{};
        const std::string_view value = pair.substr(equals + 1);
        return percent_decode(value).value_or(std::string{value});
    }
    return std::nullopt;
}

RangeRequest parse_range(std::optional<std::string_view> header, std::uint64_t size) {
    constexpr std::string_view kUnit = "bytes=";
    const RangeRequest whole{.kind = RangeRequest::Kind::Whole, .offset = 0, .length = size};
    const RangeRequest unsatisfiable{.kind = RangeRequest::Kind::NotSatisfiable};
    if (!header || !header->starts_with(kUnit)) return whole;
    const std::string_view range = header->substr(kUnit.size());
    const std::size_t dash = range.find('-');
    if (dash == std::string_view::npos) return whole;
    const std::string_view first_text = range.substr(0, dash);
    const std::string_view last_text = range.substr(dash + 1);

    if (first_text.empty()) {  // the last N bytes
        const auto count = decimal(last_text);
        if (!count) return whole;
        if (*count == 0 || size == 0) return unsatisfiable;
        const std::uint64_t length = std::min(*count, size);
        return {.kind = RangeRequest::Kind::Part, .offset = size - length, .length = length};
    }
    const auto first = decimal(first_text);
    if (!first) return whole;
    std::uint64_t last = size - 1;  // unused when size is 0
    if (!last_text.empty()) {
        const auto given = decimal(last_text);
        if (!given || *given < *first) return whole;
        last = std::min(last, *given);
    }
    if (*first >= size) return unsatisfiable;
    return {.kind = RangeRequest::Kind::Part, .offset = *first, .length = last - *first + 1};
}

}  // namespace oxbow::net
