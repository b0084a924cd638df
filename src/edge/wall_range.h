#pragma once

#include <string_view>

#include "base/result.h"
#include "base/times.h"

namespace oxbow::edge {

/// A range of time as a viewer asks for it: [from, to).
struct WallRange {
    WallTime from = kWallTimeMin;
    WallTime to = kWallTimeMax;

    bool operator==(const WallRange&) const = default;
};

/// The range that two values of a query bound; where one lacks, it is open on that side.
///
/// Errors: Malformed  a value is neither RFC 3339 nor milliseconds since 1970, or there is no
///                    moment between them. Names the value.
Result<WallRange> wall_range(std::string_view query, std::string_view from, std::string_view to);

}  // namespace oxbow::edge
