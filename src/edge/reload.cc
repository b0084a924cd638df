#include "edge/reload.h"

#include <charconv>
#include <string>

#include <fmt/format.h>

#include "edge/wall_range.h"
#include "net/http.h"

namespace oxbow::edge {
namespace {

Result<std::optional<std::uint64_t>> number_in(std::string_view query, std::string_view name) {
    const auto text = net::query_value(query, name);
    if (!text) return std::optional<std::uint64_t>{};
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    // As JavaScript counts: no player asks for more.
    constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 53) - 1;
    if (error != std::errc{} || end != text->data() + text->size() || number > kNumberMax)
        return fail(ErrorCode::Malformed, fmt::format("{} must be a whole number", name));
    return std::optional{number};
}

}  // namespace

Result<Reload> read_reload(std::string_view query) {
    Reload out;
    if (query.empty()) return out;
    const auto segment = number_in(query, "_HLS_msn");
    if (!segment) return std::unexpected(segment.error());
    const auto part = number_in(query, "_HLS_part");
    if (!part) return std::unexpected(part.error());
    if (*part && !*segment)
        return fail(ErrorCode::Malformed, "_HLS_part needs _HLS_msn, the segment that it is of");
    out.segment = *segment;
    out.part = *part;
    if (const auto skip = net::query_value(query, "_HLS_skip")) {
        if (*skip != "YES" && *skip != "v2")
            return fail(ErrorCode::Malformed, "_HLS_skip must be YES or v2");
        out.skip = true;
    }
    if (const auto parts = net::query_value(query, "parts")) {
        if (*parts != "0" && *parts != "1")
            return fail(ErrorCode::Malformed, "parts must be 0 or 1");
        out.parts = *parts == "1";
    }
    return out;
}

Result<std::string> canonical_query(std::string_view query) {
    const auto reload = read_reload(query);
    if (!reload) return std::unexpected(reload.error());
    const auto range = wall_range(query, "start", "end");
    if (!range) return std::unexpected(range.error());
    std::string out;
    const auto append = [&](std::string_view name, auto value) {
        out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
    };
    if (reload->segment) append("_HLS_msn", *reload->segment);
    if (reload->part) append("_HLS_part", *reload->part);
    if (reload->skip) append("_HLS_skip", "YES");
    if (!reload->parts) append("parts", 0);
    if (range->from != kWallTimeMin) append("start", range->from.time_since_epoch().count());
    if (range->to != kWallTimeMax) append("end", range->to.time_since_epoch().count());
    return out;
}

}  // namespace oxbow::edge
