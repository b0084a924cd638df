#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "packager/playlists.h"

namespace oxbow {
using namespace std::chrono_literals;

namespace {

const WallTime kWall = parse_rfc3339("2023-02-09T22:55:41.550Z").value();

/// A file of tests/golden/recording-playlists, what Amazon IVS wrote.
std::string golden(const std::string& name) {
    const auto root = std::filesystem::path{__FILE__}.parent_path().parent_path().parent_path();
    const auto path = root / "tests/golden/recording-playlists" / name;
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    const auto at = text.find(what);
    if (at == std::string::npos) throw std::runtime_error("nothing to replace");
    return text.replace(at, what.size(), with);
}

/// The sample's recording, read from its byte-range playlist and appended chunk by chunk.
RecordingPlaylists sample() {
    RecordingPlaylists playlists;
    const auto read = read_byte_range_playlist(golden("byte-range-variant.m3u8")).value();
    for (const Chunk& chunk : read.chunks) playlists.append(chunk);
    return playlists;
}

Chunk chunk(std::uint64_t number, bool discontinuity, std::vector<ByteRangeEntry> segments) {
    return {.number = number, .discontinuity = discontinuity, .segments = std::move(segments)};
}

}  // namespace

TEST_CASE("the playlist of a real recording is read whole") {
    const auto read = read_byte_range_playlist(golden("byte-range-variant.m3u8")).value();

    REQUIRE(read.chunks.size() == 17);
    CHECK(read.ended);
    CHECK(read.chunks[0].number == 0);
    CHECK(read.chunks[0].segments.size() == 10);
    CHECK(read.chunks[0].duration() == 10'267ms);
    CHECK(read.chunks[16].segments.back().offset == 150'024);
    CHECK(read.chunks[16].bytes() == 168'260);
}

TEST_CASE("the standard playlist is Amazon's, but for the target duration") {
    const WallTime written = parse_rfc3339("2023-02-09T22:58:35Z").value();

    CHECK(sample().standard(written, true)->str() ==
          replaced(golden("playlist.m3u8"), "TARGETDURATION:12", "TARGETDURATION:16"));
    CHECK(sample().total() == 171'546ms);
    CHECK(sample().chunks() == 17);
}

TEST_CASE("the byte-range playlist is Amazon's, but for the target duration and for EVENT") {
    const std::string expected =
        replaced(golden("byte-range-variant.m3u8"), "TARGETDURATION:12", "TARGETDURATION:16");

    CHECK(sample().byte_range(true)->str() == replaced(expected, "TYPE:VOD", "TYPE:EVENT"));
}

TEST_CASE("a playlist written again from what was read is the same") {
    RecordingPlaylists again;
    const std::string first = sample().byte_range(true)->str();
    const auto read = read_byte_range_playlist(first).value();
    for (const Chunk& part : read.chunks) again.append(part);

    CHECK(again.byte_range(true)->str() == first);
}

TEST_CASE("the multivariant playlist is Amazon's, with FRAME-RATE added") {
    const std::string codecs = "avc1.4D401F,mp4a.40.2";
    const std::vector<Variant> variants{
        {"720p30/playlist.m3u8", "720p30", "720p", 2'440'200, codecs, 1280, 720, 30},
        {"480p30/playlist.m3u8", "480p30", "480p", 1'495'199, codecs, 852, 480, 0},
        {"360p30/playlist.m3u8", "360p30", "360p", 630'000, codecs, 640, 360, 0},
        {"160p30/playlist.m3u8", "160p30", "160p", 230'000, codecs, 284, 160, 0},
    };

    CHECK(recording_multivariant_playlist("2rrcA103rn67", "098435415742", variants) ==
          replaced(golden("master.m3u8"), "1280x720", "1280x720,FRAME-RATE=30.000"));
}

TEST_CASE("an open recording lists its chunks without ENDLIST, a discontinuity before its chunk") {
    RecordingPlaylists playlists;
    playlists.append(chunk(
        0, false, {{.offset = 0, .length = 376, .duration = 2s, .program_date_time = kWall}}));
    playlists.append(chunk(
        1, true,
        {{.offset = 0, .length = 188, .duration = 1s, .program_date_time = kWall + 60s},
         {.offset = 188, .length = 564, .duration = 1'001ms, .program_date_time = kWall + 61s}}));

    CHECK(playlists.standard(kWall, false)->str() ==
          "#EXTM3U\n"
          "#EXT-X-VERSION:3\n"
          "#EXT-X-TARGETDURATION:16\n"
          "#ID3-EQUIV-TDTG:2023-02-09T22:55:41\n"
          "#EXT-X-PLAYLIST-TYPE:EVENT\n"
          "#EXT-X-MEDIA-SEQUENCE:0\n"
          "#EXT-X-TWITCH-ELAPSED-SECS:0.000\n"
          "#EXT-X-TWITCH-TOTAL-SECS:4.001\n"
          "#EXT-X-PROGRAM-DATE-TIME:2023-02-09T22:55:41.550Z\n"
          "#EXTINF:2.000,\n"
          "0.ts\n"
          "#EXT-X-DISCONTINUITY\n"
          "#EXT-X-PROGRAM-DATE-TIME:2023-02-09T22:56:41.550Z\n"
          "#EXTINF:2.001,\n"
          "1.ts\n");
    CHECK(playlists.byte_range(false)->str() ==
          "#EXTM3U\n"
          "#EXT-X-VERSION:4\n"
          "#EXT-X-TARGETDURATION:16\n"
          "#EXT-X-PLAYLIST-TYPE:EVENT\n"
          "#EXT-X-MEDIA-SEQUENCE:0\n"
          "#EXT-X-PROGRAM-DATE-TIME:2023-02-09T22:55:41.550Z\n"
          "#EXTINF:2.000,\n"
          "#EXT-X-BYTERANGE:376@0\n"
          "0.ts\n"
          "#EXT-X-DISCONTINUITY\n"
          "#EXT-X-PROGRAM-DATE-TIME:2023-02-09T22:56:41.550Z\n"
          "#EXTINF:1.000,\n"
          "#EXT-X-BYTERANGE:188@0\n"
          "1.ts\n"
          "#EXT-X-PROGRAM-DATE-TIME:2023-02-09T22:56:42.550Z\n"
          "#EXTINF:1.001,\n"
          "#EXT-X-BYTERANGE:564@188\n"
          "1.ts\n");
}

}  // namespace oxbow
