#include "packager/playlists.h"

#include <doctest/doctest.h>

namespace oxbow {
using namespace std::chrono_literals;

namespace {

const WallTime kWall = parse_rfc3339("2026-11-22T11:08:45.155Z").value();

SegmentEntry entry(std::string uri, MediaTime duration, WallTime time, bool discontinuity = false) {
    return {.uri = std::move(uri),
            .duration = duration,
            .program_date_time = time,
            .discontinuity = discontinuity};
}

}  // namespace

TEST_CASE("the live playlist gives every segment its time and says what was removed") {
    const std::vector<SegmentEntry> window{entry("/seg/a-7.ts", 2s, kWall),
                                           entry("/seg/b-8.ts", 1'041ms, kWall + 7s, true)};

    CHECK(
        live_playlist({.entries = window, .media_sequence = 7, .discontinuity_sequence = 2}, "") ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:7\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:2\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:45.155Z\n"
        "#EXTINF:2.000,\n"
        "/seg/a-7.ts\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:52.155Z\n"
        "#EXTINF:1.041,\n"
        "/seg/b-8.ts\n");
}

TEST_CASE("the live playlist of a broadcast that ended has ENDLIST") {
    CHECK(live_playlist({.entries = {}, .ended = true}, "") ==
          "#EXTM3U\n"
          "#EXT-X-VERSION:3\n"
          "#EXT-X-TARGETDURATION:6\n"
          "#EXT-X-MEDIA-SEQUENCE:0\n"
          "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
          "#EXT-X-ENDLIST\n");
}

TEST_CASE(
    "the rewind playlist gives the time first, after a discontinuity, and on every tenth entry") {
    RewindPlaylist playlist;
    playlist.append(entry("0.ts", 1s, kWall));
    playlist.append(entry("1.ts", 1s, kWall + 1s));
    playlist.append(entry("2.ts", 1s, kWall + 9s, true));
    for (int i = 3; i < 11; ++i) playlist.append(entry("n.ts", 1s, kWall + 1s * (7 + i)));
    playlist.end();
    playlist.end();

    CHECK(playlist.segments() == 11);
    CHECK(playlist.version()->str() ==
          "#EXTM3U\n"
          "#EXT-X-VERSION:3\n"
          "#EXT-X-TARGETDURATION:6\n"
          "#EXT-X-PLAYLIST-TYPE:EVENT\n"
          "#EXT-X-MEDIA-SEQUENCE:0\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:45.155Z\n"
          "#EXTINF:1.000,\n0.ts\n"
          "#EXTINF:1.000,\n1.ts\n"
          "#EXT-X-DISCONTINUITY\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:54.155Z\n"
          "#EXTINF:1.000,\n2.ts\n"
          "#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n"
          "#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:09:02.155Z\n"
          "#EXTINF:1.000,\nn.ts\n"
          "#EXT-X-ENDLIST\n");
}

TEST_CASE("versions of a rewind playlist share their closed pieces and begin alike") {
    RewindPlaylist playlist;
    for (int i = 0; i < 2'000; ++i) playlist.append(entry("/seg/channel/1.ts", 1s, kWall));
    const auto before = playlist.version();

    playlist.append(entry("/seg/channel/2.ts", 1s, kWall));
    const auto after = playlist.version();

    CHECK(before->pieces().size() == 6);  // the head, four that are closed, and the end
    for (std::size_t i = 1; i + 1 < before->pieces().size(); ++i)
        CHECK(before->pieces()[i] == after->pieces()[i]);
    CHECK(after->str().starts_with(before->str()));
    CHECK(after->size() == before->size() + 50 + 33);  // the time, and the entry
    CHECK(after->size() == after->str().size());
}

TEST_CASE("a rewind playlist without segments is its header") {
    CHECK(RewindPlaylist{}.version()->str().ends_with("#EXT-X-MEDIA-SEQUENCE:0\n"));
}

}  // namespace oxbow
