#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oxbow::edge {

/// What a player asks of a playlist beside its path.
struct Reload {
    std::optional<std::uint64_t> segment;  // _HLS_msn: not to be answered before it is listed
    std::optional<std::uint64_t> part;     // _HLS_part: or this part of it
    bool skip = false;                     // _HLS_skip: without what the player has already
    bool parts = true;                     // parts=0: for players that break on them
};

/// Reads ?_HLS_msn=, ?_HLS_part=, ?_HLS_skip= and ?parts=; others are passed over.
///
/// Errors: Malformed  a value that is none, or a part without its segment; names the parameter.
/// Source: draft-pantos-hls-rfc8216bis §6.2.5.
Result<Reload> read_reload(std::string_view query);

/// What counts of the query of a live, a rewind or a window's playlist, always written the same:
/// who asks for one thing in a thousand ways asks for one thing.
///
/// Errors: as read_reload() and wall_range().
// _HLS_msn=12&_HLS_part=3&_HLS_skip=YES&parts=0&start=1700000000000&end=1700000060000
Result<std::string> canonical_query(std::string_view query);

}  // namespace oxbow::edge
