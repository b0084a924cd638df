#include "edge/wall_range.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "net/http.h"

namespace oxbow::edge {
namespace {

constexpr std::size_t kMomentBytesMax = 64;

std::optional<WallTime> moment_of(std::string text) {
    if (text.empty() || text.size() > kMomentBytesMax) return std::nullopt;
    if (std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        std::int64_t ms = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
        const WallTime time{std::chrono::milliseconds{ms}};
        if (error != std::errc{} || time > kWallTimeMax) return std::nullopt;
        return time;
    }
    // A '+' that was not escaped comes as a blank: 2026-11-23T09:05:00 01:00
    std::ranges::replace(text, ' ', '+');
    const auto time = parse_rfc3339(text);
    return time ? std::optional{*time} : std::nullopt;
}

Result<WallTime> moment(std::string_view query, std::string_view name, WallTime otherwise) {
    auto text = net::query_value(query, name);
    if (!text) return otherwise;
    const auto time = moment_of(std::move(*text));
    if (time) return *time;
    return fail(ErrorCode::Malformed,
                fmt::format("{} must be a time such as 2026-11-23T09:05:00Z, or milliseconds "
                            "since 1970",
                            name));
}

}  // namespace

Result<WallRange> wall_range(std::string_view query, std::string_view from, std::string_view to) {
    const auto first = moment(query, from, kWallTimeMin);
    if (!first) return std::unexpected(first.error());
    const auto end = moment(query, to, kWallTimeMax);
    if (!end) return std::unexpected(end.error());
    if (*first >= *end)
        return fail(ErrorCode::Malformed, fmt::format("{} must be before {}", from, to));
    // Nothing is older than that, and addresses have it as digits.
    const bool is_earlier = *first != kWallTimeMin && *first < WallTime{} && *end > WallTime{};
    return WallRange{.from = is_earlier ? WallTime{} : *first, .to = *end};
}

}  // namespace oxbow::edge
