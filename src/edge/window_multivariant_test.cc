#include "edge/window_multivariant.h"

#include <doctest/doctest.h>

#include <array>

using namespace oxbow::edge;

namespace {

constexpr std::string_view kSmall =
    "#EXTM3U\n#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=900000,CODECS=\"avc1.64001E\","
    "RESOLUTION=640x360,FRAME-RATE=30.000,VIDEO=\"360p30\"\n360p30/playlist.m3u8";
constexpr std::string_view kTwo =
    "#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS=\"avc1.64001F,mp4a.40.2\","
    "RESOLUTION=1280x720\r\n720p30/playlist.m3u8\r\n#EXT-X-STREAM-INF:BANDWIDTH=800000,"
    "CODECS=\"avc1.64001E\",RESOLUTION=640x360\r\n360p30/playlist.m3u8\r\n";

}  // namespace

TEST_CASE("a window of one recording is described as its rendition is") {
    const std::array of{WindowRendition{kTwo, "720p30"}};

    CHECK(window_multivariant(of, "/w.m3u8") ==
          "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS=\"avc1.64001F,mp4a.40.2\","
          "RESOLUTION=1280x720\n/w.m3u8\n");
}

TEST_CASE("across recordings the newest describes it, with what any of them needs") {
    const std::array of{WindowRendition{kTwo, "720p30"}, WindowRendition{kSmall, "360p30"}};

    CHECK(window_multivariant(of, "/w.m3u8") ==
          "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS=\"avc1.64001E,mp4a.40.2\","
          "RESOLUTION=640x360,FRAME-RATE=30.000\n/w.m3u8\n");
}

TEST_CASE("the only variant of a recording is its rendition, wherever its playlist lies") {
    const std::array of{WindowRendition{
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=7,CODECS=\"mp4a.40.2\"\n/rewind/a/b/audio.m3u8\n",
        "audio"}};

    CHECK(window_multivariant(of, "/w.m3u8") ==
          "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=7,CODECS=\"mp4a.40.2\"\n/w.m3u8\n");
}

TEST_CASE("what cannot be read adds nothing") {
    const std::array of{WindowRendition{kTwo, "1080p60"}, WindowRendition{"", "720p30"},
                        WindowRendition{"#EXT-X-STREAM-INF:=\",\n\nx", "y"}};

    CHECK(window_multivariant(of, "/w.m3u8") ==
          "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n/w.m3u8\n");
}
