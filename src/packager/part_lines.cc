#include "packager/part_lines.h"

#include <iterator>

#include <fmt/format.h>

#include "packager/playlist_text.h"

namespace oxbow {

void append_part_information(std::string& out, Skips skips, int target_seconds) {
    fmt::format_to(std::back_inserter(out),
                   "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={}{}{},HOLD-BACK={}\n"
                   "#EXT-X-PART-INF:PART-TARGET={}\n",
                   seconds_text(kPartHoldBack), skips == Skips::Yes ? ",CAN-SKIP-UNTIL=" : "",
                   skips == Skips::Yes ? seconds_text(skip_until(target_seconds)) : "",
                   parts_listed(target_seconds).count() / MediaTime::period::den,
                   seconds_text(kPartTargetDeclared));
}

void append_parts(std::string& out, std::string_view root, std::string_view part_path,
                  std::span<const SegmentPart> parts) {
    for (const SegmentPart& part : parts) {
        fmt::format_to(std::back_inserter(out), "#EXT-X-PART:DURATION={},URI=\"{}{}{}.ts\"{}\n",
                       seconds_text(part.duration), root, part_path, part.number,
                       part.independent ? ",INDEPENDENT=YES" : "");
    }
}

void append_open_parts(std::string& out, std::string_view root, const OpenParts& open) {
    if (!open.parts.empty()) {
        if (open.discontinuity) out += kDiscontinuityLine;
        append_program_date_time(out, open.program_date_time);
        append_parts(out, root, open.part_path, open.parts);
    }
    if (!open.hint.empty()) {
        fmt::format_to(std::back_inserter(out), "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}{}\"\n",
                       root, open.hint);
    }
}

}  // namespace oxbow
