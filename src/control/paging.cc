#include "control/paging.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace oxbow::control {
namespace {

// "from-100": the place in the list where the next page starts
constexpr std::string_view kTokenStart = "from-";

std::optional<std::size_t> offset_of(std::string_view token) {
    if (!token.starts_with(kTokenStart)) return std::nullopt;
    token.remove_prefix(kTokenStart.size());
    std::int64_t offset = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), offset);
    const bool whole = error == std::errc{} && end == token.data() + token.size();
    if (!whole || offset < 0 || offset > kPageOffsetMax) return std::nullopt;
    return static_cast<std::size_t>(offset);
}

}  // namespace

catalog::Page requested_page(Arguments& arguments, std::int64_t limit_max) {
    return requested_page(arguments, limit_max, limit_max);
}

catalog::Page requested_page(Arguments& arguments, std::int64_t limit_max,
                             std::int64_t limit_unasked) {
    const auto limit = arguments.number("maxResults", 1, limit_max, limit_unasked);
    const std::string token = arguments.optional_text("nextToken").value_or("");
    const auto offset = token.empty() ? std::size_t{0} : offset_of(token);
    if (!offset) arguments.wrong("nextToken", "is not one that a list operation gave");
    return {.offset = offset.value_or(0), .limit = static_cast<std::size_t>(limit) + 1};
}

boost::json::object page_json(std::string_view name, boost::json::array items, catalog::Page page) {
    boost::json::object out;
    const bool more = items.size() == page.limit;
    if (more) {
        items.pop_back();
        out["nextToken"] = fmt::format("{}{}", kTokenStart, page.offset + items.size());
    }
    out[name] = std::move(items);
    return out;
}

boost::json::array cut_to(boost::json::array whole, catalog::Page page) {
    const std::size_t begin = std::min(page.offset, whole.size());
    const std::size_t end = std::min(begin + page.limit, whole.size());
    return boost::json::array(whole.begin() + static_cast<std::ptrdiff_t>(begin),
                              whole.begin() + static_cast<std::ptrdiff_t>(end));
}

}  // namespace oxbow::control
