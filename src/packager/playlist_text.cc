#include "packager/playlist_text.h"

#include <iterator>

#include <fmt/format.h>

namespace oxbow {

std::string seconds_text(MediaTime duration) {
    const std::int64_t ms = milliseconds(duration);
    return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

void append_program_date_time(std::string& out, WallTime time) {
    fmt::format_to(std::back_inserter(out), "#EXT-X-PROGRAM-DATE-TIME:{}\n",
                   format_rfc3339_ms(time));
}

void append_extinf(std::string& out, MediaTime duration) {
    fmt::format_to(std::back_inserter(out), "#EXTINF:{},\n", seconds_text(duration));
}

}  // namespace oxbow
