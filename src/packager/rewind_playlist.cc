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

std::string head(bool with_parts) {
    std::string out = fmt::format(
        "#EXTM3U\n"
        "#EXT-X-VERSION:{}\n"
        "#EXT-X-TARGETDURATION:{}\n",
        with_parts ? kPartsVersion : kPlainVersion, kLiveTargetDurationSeconds);
    if (with_parts) append_part_information(out, Skips::Yes);
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
    while (recent_time_ - recent_.front().duration >= kSkipUntil) {
        recent_time_ -= recent_.front().duration;
        text_.append(recent_.front().head + recent_.front().lines);
        recent_.pop_front();
    }
    // Whose parts are not listed any more may leave memory.
    MediaTime behind{};
    for (auto recent = recent_.rbegin(); recent != recent_.rend(); ++recent) {
        if (behind >= kPartsListed) recent->segment = nullptr;
        behind += recent->duration;
    }
}

void RewindPlaylist::end() {
    ended_ = true;
}

std::shared_ptr<const TextVersion> RewindPlaylist::version() const {
    static const std::string kHead = head(false);
    std::string tail;
    for (const Recent& entry : recent_) tail.append(entry.head).append(entry.lines);
    if (ended_) tail += kEndListLine;
    return text_.version(kHead, tail);
}

RewindPlaylist::LowLatency RewindPlaylist::low_latency(std::string_view root,
                                                       const OpenParts& open) const {
    static const std::string kHead = head(true);
    std::string tail;
    MediaTime behind = recent_time_;
    for (const Recent& entry : recent_) {
        behind -= entry.duration;
        tail += entry.head;
        if (entry.segment && !ended_ && behind < kPartsListed)
            append_parts(tail, root, entry.segment->part_path, entry.segment->parts);
        tail += entry.lines;
    }
    if (ended_) {
        tail += kEndListLine;
    } else {
        append_open_parts(tail, root, open);
    }
    LowLatency out{.whole = text_.version(kHead, tail), .delta = nullptr};
    const std::uint64_t skipped = segments_ - recent_.size();
    out.delta = out.whole;
    if (skipped > 0) {
        // Of this version and no other, as the whole is: no second hash.
        auto piece = std::make_shared<const TextPiece>(
            fmt::format("{}#EXT-X-SKIP:SKIPPED-SEGMENTS={}\n{}", kHead, skipped, tail));
        out.delta = std::make_shared<const TextVersion>(
            std::vector<TextVersion::Piece>{std::move(piece)}, out.whole->etag() + "-delta");
    }
    return out;
}

}  // namespace oxbow
