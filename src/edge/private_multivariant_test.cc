#include "edge/private_multivariant.h"

#include <doctest/doctest.h>

namespace oxbow::edge {
namespace {

constexpr std::string_view kLive =
    "#EXTM3U\n"
    "#EXT-X-STREAM-INF:BANDWIDTH=3140000,CODECS=\"avc1.64001F,mp4a.40.2\",RESOLUTION=1280x720\n"
    "/api/video/v1/playlist/AsXego4U6tnj/st-1.m3u8\n";
constexpr std::string_view kRecording =
    "#EXTM3U\n"
    "#EXT-X-SESSION-DATA:DATA-ID=\"net.live-video.content.id\",VALUE=\"AsXego4U6tnj\"\n"
    "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"720p30\",NAME=\"720p\",AUTOSELECT=YES,DEFAULT=YES\n"
    "#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=3140000,RESOLUTION=1280x720,VIDEO=\"720p30\"\n"
    "720p30/playlist.m3u8\n"
    "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"480p30\",NAME=\"480p\",AUTOSELECT=YES,DEFAULT=YES\n"
    "#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=1495199,RESOLUTION=852x480,VIDEO=\"480p30\"\n"
    "480p30/playlist.m3u8";

}  // namespace

TEST_CASE("URIs lead through the session, from the root or from where the playlist lies") {
    const auto live = multivariant_for(kLive, {.path = "/api/video/v1/x.m3u8", .mount = "/p/S"});
    const auto recording =
        multivariant_for(kRecording, {.path = "/ivs/v1/a/hls/master.m3u8", .mount = "/p/S"});

    CHECK(live.value() ==
          "#EXTM3U\n"
          "#EXT-X-STREAM-INF:BANDWIDTH=3140000,CODECS=\"avc1.64001F,mp4a.40.2\","
          "RESOLUTION=1280x720\n"
          "/p/S/api/video/v1/playlist/AsXego4U6tnj/st-1.m3u8\n");
    CHECK(recording.value().contains("\n/p/S/ivs/v1/a/hls/720p30/playlist.m3u8\n"));
    CHECK(recording.value().contains("\n/p/S/ivs/v1/a/hls/480p30/playlist.m3u8\n"));
    CHECK(recording.value().contains("VALUE=\"AsXego4U6tnj\"\n#EXT-X-MEDIA:TYPE=VIDEO"));
}

TEST_CASE("renditions above the maximum are left out, with what names them") {
    const auto sd = multivariant_for(
        kRecording,
        {.path = "/ivs/v1/a/hls/master.m3u8", .mount = "/p/S", .maximum = Resolution::Sd});

    CHECK(sd.value() ==
          "#EXTM3U\n"
          "#EXT-X-SESSION-DATA:DATA-ID=\"net.live-video.content.id\",VALUE=\"AsXego4U6tnj\"\n"
          "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"480p30\",NAME=\"480p\",AUTOSELECT=YES,DEFAULT=YES\n"
          "#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=1495199,RESOLUTION=852x480,VIDEO=\"480p30\"\n"
          "/p/S/ivs/v1/a/hls/480p30/playlist.m3u8\n");
}

TEST_CASE("where no rendition is left, the reason is given") {
    const auto sd = multivariant_for(
        kLive, {.path = "/api/video/v1/x.m3u8", .mount = "/p/S", .maximum = Resolution::Sd});

    CHECK(sd.error().code == ErrorCode::Refused);
    CHECK(sd.error().what ==
          "the playback token allows at most SD, and the channel has no such rendition");
}

TEST_CASE("sound alone is within every maximum, and so is what has no size that can be read") {
    const MultivariantViewer viewer{.path = "/a/b", .mount = "/p/S", .maximum = Resolution::Sd};

    CHECK(multivariant_for("#EXT-X-STREAM-INF:BANDWIDTH=1\nx", viewer).value() ==
          "#EXT-X-STREAM-INF:BANDWIDTH=1\n/p/S/a/x\n");
    CHECK(multivariant_for("#EXT-X-STREAM-INF:RESOLUTION=9999\nx", viewer).has_value());
    CHECK(multivariant_for("#EXT-X-STREAM-INF:RESOLUTION=9999x\nx", viewer).has_value());
    CHECK(multivariant_for("", viewer).value() == "");
}

}  // namespace oxbow::edge
