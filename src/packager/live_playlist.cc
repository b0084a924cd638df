#include <iterator>

#include <fmt/format.h>

#include "packager/part_lines.h"
#include "packager/playlist_text.h"
#include "packager/playlists.h"

namespace oxbow {

std::string live_playlist(const LiveWindow& window, std::string_view root, const OpenParts* open) {
    std::string out = fmt::format(
        "#EXTM3U\n"
        "#EXT-X-VERSION:{}\n"
        "#EXT-X-TARGETDURATION:{}\n",
        open ? kPartsVersion : kPlainVersion, window.target_seconds);
    if (open) append_part_information(out, Skips::No, window.target_seconds);
    fmt::format_to(std::back_inserter(out),
                   "#EXT-X-MEDIA-SEQUENCE:{}\n"
                   "#EXT-X-DISCONTINUITY-SEQUENCE:{}\n",
                   window.media_sequence, window.discontinuity_sequence);
    MediaTime behind{};  // from the entry's end to the end of the last
    for (const SegmentEntry& entry : window.entries) behind += entry.duration;
    for (const SegmentEntry& entry : window.entries) {
        behind -= entry.duration;
        if (entry.discontinuity) out += kDiscontinuityLine;
        append_program_date_time(out, entry.program_date_time);
        if (open && entry.segment && behind < parts_listed(window.target_seconds))
            append_parts(out, root, entry.segment->part_path, entry.segment->parts);
        append_extinf(out, entry.duration);
        fmt::format_to(std::back_inserter(out), "{}\n", entry.uri);
    }
    if (open && !window.ended) {
        append_open_parts(out, root, *open);
        for (const std::string& name : window.prefetch)
            fmt::format_to(std::back_inserter(out), "#EXT-X-PREFETCH:{}{}\n", root, name);
    }
    if (window.ended) out += kEndListLine;
    return out;
}

}  // namespace oxbow
