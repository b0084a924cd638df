#pragma once

// The lines that several playlists share.

#include <string>
#include <string_view>

#include "base/times.h"

namespace oxbow {

// 10.267      (whole milliseconds are exact)
std::string seconds_text(MediaTime duration);

// #EXT-X-PROGRAM-DATE-TIME:2023-02-09T22:55:41.550Z
// #EXTINF:10.267,
void append_program_date_time(std::string& out, WallTime time);
void append_extinf(std::string& out, MediaTime duration);

inline constexpr std::string_view kDiscontinuityLine = "#EXT-X-DISCONTINUITY\n";
inline constexpr std::string_view kEndListLine = "#EXT-X-ENDLIST\n";

}  // namespace oxbow
