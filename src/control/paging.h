#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "catalog/catalog.h"
#include "control/arguments.h"

namespace oxbow::control {

/// nextToken leads no farther than this.
inline constexpr std::int64_t kPageOffsetMax = 1'000'000;

/// The page that maxResults (1 to `limit_max`) and nextToken ask for; `limit` is one more than the
/// page holds, so that its last item tells whether another page follows.
catalog::Page requested_page(Arguments& arguments, std::int64_t limit_max);
/// As above; without maxResults, `limit_unasked`.
catalog::Page requested_page(Arguments& arguments, std::int64_t limit_max,
                             std::int64_t limit_unasked);

/// {"<name>":[...]}, with nextToken when more follow. In: what the `page` of requested_page gave.
boost::json::object page_json(std::string_view name, boost::json::array items, catalog::Page page);

/// The items of the page out of the whole list.
boost::json::array cut_to(boost::json::array whole, catalog::Page page);

/// The items of the page out of a map of resources, by name and then by ARN.
template <typename Map, typename ToJson>
boost::json::array named_page(const Map& resources, catalog::Page page, ToJson to_json) {
    using Resource = typename Map::const_iterator::value_type::second_type;
    std::vector<const Resource*> sorted;
    for (const auto& [arn, resource] : resources) sorted.push_back(&resource);
    std::ranges::sort(sorted, {}, [](const Resource* resource) {
        return std::pair<std::string_view, std::string_view>{resource->name, resource->arn};
    });
    boost::json::array out;
    for (std::size_t at = page.offset; at < sorted.size() && out.size() < page.limit; ++at) {
        out.push_back(to_json(*sorted[at]));
    }
    return out;
}

}  // namespace oxbow::control
