#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/ensure.h"
#include "packager/playlist_text.h"
#include "packager/playlists.h"

namespace oxbow {
namespace {

constexpr std::uint64_t kProgramDateTimeEvery = 10;  // entries

}  // namespace

RewindPlaylist::RewindPlaylist() {
    text_.append(
        fmt::format("#EXTM3U\n"
                    "#EXT-X-VERSION:3\n"
                    "#EXT-X-TARGETDURATION:{}\n"
                    "#EXT-X-PLAYLIST-TYPE:EVENT\n"
                    "#EXT-X-MEDIA-SEQUENCE:0\n",
                    kLiveTargetDurationSeconds));
}

void RewindPlaylist::append(const SegmentEntry& entry) {
    ENSURE(!ended_);
    std::string lines{entry.discontinuity ? kDiscontinuityLine : ""};
    if (entry.discontinuity || segments_ % kProgramDateTimeEvery == 0) {
        append_program_date_time(lines, entry.program_date_time);
    }
    append_extinf(lines, entry.duration);
    fmt::format_to(std::back_inserter(lines), "{}\n", entry.uri);
    text_.append(lines);
    ++segments_;
}

void RewindPlaylist::end() {
    if (!std::exchange(ended_, true)) text_.append(kEndListLine);
}

}  // namespace oxbow
