// A byte-range playlist read back, as a recording and the log of an open one have it. Input: such a
// playlist.

#include <algorithm>

#include "base/ensure.h"
#include "fuzz/target.h"
#include "packager/playlists.h"

namespace oxbow::fuzz {
namespace {

void check_chunk(const Chunk& chunk) {
    ENSURE(!chunk.segments.empty());
    std::uint64_t end = 0;
    for (const ByteRangeEntry& entry : chunk.segments) {
        ENSURE(entry.offset == end && entry.length > 0);
        ENSURE(entry.duration >= MediaTime{});
        end += entry.length;
    }
    ENSURE(chunk.bytes() == end);
}

std::string written(const ByteRangePlaylist& playlist) {
    RecordingPlaylists playlists;
    for (const Chunk& chunk : playlist.chunks) playlists.append(chunk);
    return playlists.byte_range(playlist.ended)->str();
}

}  // namespace

void check(BytesView input) {
    const auto playlist = read_byte_range_playlist(as_text(input));
    if (!playlist) {
        ENSURE(!playlist.error().what.empty());
        return;
    }
    std::ranges::for_each(playlist->chunks, check_chunk);

    // What is read can be written, and is read as the same again.
    const std::string text = written(*playlist);
    const auto again = read_byte_range_playlist(text);
    ENSURE(again.has_value());
    ENSURE(again->ended == playlist->ended);
    ENSURE(written(*again) == text);
}

}  // namespace oxbow::fuzz
