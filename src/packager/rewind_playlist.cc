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

std::size_t GrowingText::size() const {
    std::size_t total = 0;
    for (const auto& piece : pieces) total += piece->size();
    return total;
}

std::string GrowingText::str() const {
    std::string out;
    out.reserve(size());
    for (const auto& piece : pieces) out += *piece;
    return out;
}

RewindPlaylist::RewindPlaylist()
    : open_(fmt::format("#EXTM3U\n"
                        "#EXT-X-VERSION:3\n"
                        "#EXT-X-TARGETDURATION:{}\n"
                        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
                        "#EXT-X-MEDIA-SEQUENCE:0\n",
                        kLiveTargetDurationSeconds)) {}

void RewindPlaylist::append(const SegmentEntry& entry) {
    ENSURE(!ended_);
    if (open_.size() >= kPieceBytes) {
        closed_.push_back(std::make_shared<const std::string>(std::exchange(open_, {})));
    }
    if (entry.discontinuity) open_ += kDiscontinuityLine;
    if (entry.discontinuity || segments_ % kProgramDateTimeEvery == 0) {
        append_program_date_time(open_, entry.program_date_time);
    }
    append_extinf(open_, entry.duration);
    fmt::format_to(std::back_inserter(open_), "{}\n", entry.uri);
    ++segments_;
}

void RewindPlaylist::end() {
    if (!std::exchange(ended_, true)) open_ += kEndListLine;
}

GrowingText RewindPlaylist::text() const {
    GrowingText out{closed_};
    out.pieces.push_back(std::make_shared<const std::string>(open_));
    return out;
}

}  // namespace oxbow
