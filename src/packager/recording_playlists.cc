#include <iterator>

#include <fmt/format.h>

#include "base/ensure.h"
#include "packager/playlist_text.h"
#include "packager/playlists.h"

namespace oxbow {

MediaTime Chunk::duration() const {
    MediaTime total{};
    for (const ByteRangeEntry& entry : segments) total += entry.duration;
    return total;
}

std::uint64_t Chunk::bytes() const {
    return segments.empty() ? 0 : segments.back().offset + segments.back().length;
}

void RecordingPlaylists::append(const Chunk& chunk) {
    ENSURE(!chunk.segments.empty());
    const MediaTime duration = chunk.duration();
    std::string lines{chunk.discontinuity ? kDiscontinuityLine : ""};
    append_program_date_time(lines, chunk.segments.front().program_date_time);
    append_extinf(lines, duration);
    fmt::format_to(std::back_inserter(lines), "{}.ts\n", chunk.number);
    standard_entries_.append(lines);
    bool discontinuity = chunk.discontinuity;
    for (const ByteRangeEntry& entry : chunk.segments) {
        byte_range_entries_.append(byte_range_lines(chunk.number, entry, discontinuity));
        discontinuity = false;
    }
    total_ += duration;
    ++chunks_;
}

std::shared_ptr<const TextVersion> RecordingPlaylists::standard(WallTime written_at,
                                                                bool ended) const {
    std::string written = format_rfc3339(written_at);
    written.pop_back();  // Amazon IVS writes this one time without a zone
    const std::string head = fmt::format(
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:{}\n"
        "#ID3-EQUIV-TDTG:{}\n"
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-TWITCH-ELAPSED-SECS:0.000\n"
        "#EXT-X-TWITCH-TOTAL-SECS:{}\n",
        kChunkTargetDurationSeconds, written, seconds_text(total_));
    return standard_entries_.version(head, ended ? kEndListLine : "");
}

std::shared_ptr<const TextVersion> RecordingPlaylists::byte_range(bool ended) const {
    return byte_range_entries_.version(byte_range_header(), ended ? kEndListLine : "");
}

std::string byte_range_header() {
    return fmt::format(
        "#EXTM3U\n"
        "#EXT-X-VERSION:4\n"
        "#EXT-X-TARGETDURATION:{}\n"
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n",
        kChunkTargetDurationSeconds);
}

std::string byte_range_lines(std::uint64_t chunk, const ByteRangeEntry& entry, bool discontinuity) {
    std::string lines{discontinuity ? kDiscontinuityLine : ""};
    append_program_date_time(lines, entry.program_date_time);
    append_extinf(lines, entry.duration);
    fmt::format_to(std::back_inserter(lines), "#EXT-X-BYTERANGE:{}@{}\n{}.ts\n", entry.length,
                   entry.offset, chunk);
    return lines;
}

}  // namespace oxbow
