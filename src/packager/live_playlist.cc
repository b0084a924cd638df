#include <iterator>

#include <fmt/format.h>

#include "packager/playlist_text.h"
#include "packager/playlists.h"

namespace oxbow {

std::string live_playlist(std::span<const SegmentEntry> window, std::uint64_t media_sequence,
                          std::uint64_t discontinuity_sequence, bool ended) {
    std::string out = fmt::format(
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:{}\n"
        "#EXT-X-MEDIA-SEQUENCE:{}\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:{}\n",
        kLiveTargetDurationSeconds, media_sequence, discontinuity_sequence);
    for (const SegmentEntry& entry : window) {
        if (entry.discontinuity) out += kDiscontinuityLine;
        append_program_date_time(out, entry.program_date_time);
        append_extinf(out, entry.duration);
        fmt::format_to(std::back_inserter(out), "{}\n", entry.uri);
    }
    if (ended) out += kEndListLine;
    return out;
}

}  // namespace oxbow
