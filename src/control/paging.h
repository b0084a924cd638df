#pragma once

#include <string_view>

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

/// {"<name>":[...]}, with nextToken when more follow. In: what the `page` of requested_page gave.
boost::json::object page_json(std::string_view name, boost::json::array items, catalog::Page page);

/// The items of the page out of the whole list.
boost::json::array cut_to(boost::json::array whole, catalog::Page page);

}  // namespace oxbow::control
