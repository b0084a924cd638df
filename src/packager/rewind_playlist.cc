#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/ensure.h"
#include "packager/part_lines.h"
#include "packager/playlist_text.h"
#include "packager/playlists.h"

namespace oxbow {
namespace {

constexpr std::uint64_t kProgramDateTimeEvery = 10;  // entries

std::string head_of(bool with_parts, int target_seconds) {
    std::string out = fmt::format(
        "#EXTM3U\n"
        "#EXT-X-VERSION:{}\n"
        "#EXT-X-TARGETDURATION:{}\n",
        with_parts ? kPartsVersion : kPlainVersion, target_seconds);
    if (with_parts) append_part_information(out, Skips::Yes, target_seconds);
    out +=
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n";
    return out;
}

}  // namespace

void RewindPlaylist::append(const SegmentEntry& entry) {
    ENSURE(!ended_);
    std::string lines{entry.discontinuity ? kDiscontinuityLine : ""};
    if (entry.discontinuity || segments_ % kProgramDateTimeEvery == 0) {
        append_program_date_time(lines, entry.program_date_time);
    }
    // Its parts go in front of what follows here.
    recent_.push_back(
        {.head = std::move(lines), .segment = entry.segment, .duration = entry.duration});
    append_extinf(recent_.back().lines, entry.duration);
    fmt::format_to(std::back_inserter(recent_.back().lines), "{}\n", entry.uri);
    recent_time_ += entry.duration;
    ++segments_;
    while (recent_time_ - recent_.front().duration >= skip_until(target_seconds_)) {
        recent_time_ -= recent_.front().duration;
        text_.append(recent_.front().head + recent_.front().lines);
        recent_.pop_front();
    }
    // Whose parts are not listed any more may leave memory.
    MediaTime behind{};
    for (auto recent = recent_.rbegin(); recent != recent_.rend(); ++recent) {
        if (behind >= parts_listed(target_seconds_)) recent->segment = nullptr;
        behind += recent->duration;
    }
}

void RewindPlaylist::end() {
    ended_ = true;
}

std::shared_ptr<const TextVersion> RewindPlaylist::version() const {
    const std::string head = head_of(false, target_seconds_);
    std::string tail;
    for (const Recent& entry : recent_) tail.append(entry.head).append(entry.lines);
    if (ended_) tail += kEndListLine;
    return text_.version(head, tail);
}

RewindPlaylist::LowLatency RewindPlaylist::low_latency(std::string_view root,
                                                       const OpenParts& open) const {
    const std::string head = head_of(true, target_seconds_);
    std::string tail;
    MediaTime behind = recent_time_;
    for (const Recent& entry : recent_) {
        behind -= entry.duration;
        tail += entry.head;
        if (entry.segment && !ended_ && behind < parts_listed(target_seconds_))
            append_parts(tail, root, entry.segment->part_path, entry.segment->parts);
        tail += entry.lines;
    }
    if (ended_) {
        tail += kEndListLine;
    } else {
        append_open_parts(tail, root, open);
    }
    LowLatency out{.whole = text_.version(head, tail), .delta = nullptr};
    const std::uint64_t skipped = segments_ - recent_.size();
    out.delta = out.whole;
    if (skipped > 0) {
        // Of this version and no other, as the whole is: no second hash.
        auto piece = std::make_shared<const TextPiece>(
            fmt::format("{}#EXT-X-SKIP:SKIPPED-SEGMENTS={}\n{}", head, skipped, tail));
        out.delta = std::make_shared<const TextVersion>(
            std::vector<TextVersion::Piece>{std::move(piece)}, out.whole->etag() + "-delta");
    }
    return out;
}

}  // namespace oxbow
