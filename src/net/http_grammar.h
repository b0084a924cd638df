#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace oxbow::net {

// Which bytes the parts of a request may have, whichever version of HTTP brings them.

namespace detail {

constexpr bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Which of the 256 bytes are in a class: one look per byte.
using ByteClass = std::array<bool, 256>;
template <typename Predicate>
constexpr ByteClass byte_class(Predicate is_member) {
    ByteClass members{};
    for (std::size_t byte = 0; byte < members.size(); ++byte) {
        members[byte] = is_member(static_cast<char>(byte));
    }
    return members;
}
// RFC 9110 §5.6.2
inline constexpr ByteClass kTokenCharacters = byte_class(
    [](char c) { return is_alphanumeric(c) || std::string_view{"!#$%&'*+-.^_`|~"}.contains(c); });
inline constexpr ByteClass kHostCharacters =
    byte_class([](char c) { return is_alphanumeric(c) || std::string_view{".:-_[]"}.contains(c); });

inline bool all_in(const ByteClass& members, std::string_view text) {
    return std::ranges::all_of(text,
                               [&](char c) { return members[static_cast<unsigned char>(c)]; });
}

}  // namespace detail

inline bool is_token(std::string_view text) {
    return !text.empty() && detail::all_in(detail::kTokenCharacters, text);
}

/// A host and a port; empty is one.
inline bool is_host(std::string_view text) {
    return detail::all_in(detail::kHostCharacters, text);
}

// The next two look at every byte without an early way out, which the compiler makes vector code
// of.

/// Visible ASCII without '#': a fragment is never sent.
inline bool is_target(std::string_view text) {
    bool good = !text.empty();
    for (const char c : text) good &= (c > 0x20) & (c < 0x7f) & (c != '#');
    return good;
}

/// RFC 9110 §5.5: no control characters but HTAB; bare CR, LF and NUL fall here.
inline bool is_value(std::string_view text) {
    bool good = true;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        good &= (byte == '\t') | ((byte >= 0x20) & (byte != 0x7f));
    }
    return good;
}

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether `text` is `other` (lower case), whatever its case.
inline bool equals_in_any_case(std::string_view text, std::string_view other) {
    return std::ranges::equal(text, other, {}, lower);
}

/// Without the blanks around it.
inline std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace oxbow::net
