#include <doctest/doctest.h>

#include "packager/playlists.h"
#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

namespace {

RenditionParameters film() {
    return {.video = film_video(), .audio = stereo()};
}

RenditionParameters without_stated_rate() {
    RenditionParameters parameters = film();
    parameters.video->frame_rate.reset();
    return parameters;
}

}  // namespace

TEST_CASE("the stated rate counts where the measured one agrees within 5 %") {
    CHECK(frame_rate_of(film(), 24, 1s) == 24);
    CHECK(frame_rate_of(film(), 252, 10s) == 24);     // 5 % more
    CHECK(frame_rate_of(film(), 2'521, 100s) == 25);  // a little above that: the nearest usual rate
}

TEST_CASE("without a stated rate the nearest usual one counts within 2 %, else the measured one") {
    CHECK(frame_rate_of(without_stated_rate(), 51, 1s) == 50);
    CHECK(frame_rate_of(without_stated_rate(), 511, 10s) == doctest::Approx(51.1));
    CHECK(frame_rate_of(without_stated_rate(), 30, 1'001ms) ==
          doctest::Approx(29.97).epsilon(0.0001));
    CHECK(frame_rate_of(without_stated_rate(), 60, 2s) == 30);
}

TEST_CASE("where nothing was measured the stated rate counts, and sound has none") {
    CHECK(frame_rate_of(film(), 0, 2s) == 24);
    CHECK(frame_rate_of(film(), 10, 0s) == 24);
    CHECK(frame_rate_of(without_stated_rate(), 0, 2s) == 0);
    CHECK(frame_rate_of({.video = {}, .audio = stereo()}, 0, 2s) == 0);
}

TEST_CASE("a rendition is named by its height and rate") {
    CHECK(rendition_name(film(), 24) == "480p24");
    CHECK(rendition_name(film(), 29.97) == "480p30");
    CHECK(rendition_name(film(), 0) == "480p");
    CHECK(rendition_name({.video = {}, .audio = stereo()}, 0) == "audio");
}

TEST_CASE("a variant is named without its rate at 30 frames a second") {
    CHECK(variant_of(film(), 30, 1).name == "480p");
    CHECK(variant_of(film(), 30, 1).group_id == "480p30");
    CHECK(variant_of(film(), 60, 1).name == "480p60");
}

TEST_CASE("a track that comes late and a higher bandwidth widen a variant, nothing else does") {
    Variant variant = variant_of({.video = film_video(), .audio = {}}, 24, 8'000);
    LiveSegment segment;
    segment.duration = 1s;
    segment.bytes.append(Bytes(1'000));  // 8,000 bits per second

    segment.parameters = std::make_shared<const RenditionParameters>(film());
    CHECK(widen(variant, segment));
    CHECK(variant.codecs == "avc1.64001E,mp4a.40.2");
    CHECK_FALSE(widen(variant, segment));

    segment.bytes.append(Bytes(1));
    CHECK(widen(variant, segment));
    CHECK(variant.bandwidth == 8'008);

    Variant sound = variant_of({.video = {}, .audio = stereo()}, 0, 9'000);
    CHECK(widen(sound, segment));
    CHECK(sound.codecs == "avc1.64001E,mp4a.40.2");
}

TEST_CASE("the multivariant playlist of live and rewind") {
    Variant variant = variant_of(film(), 24, 1'234'567);
    variant.path = "/rewind/AsXego4U6tnj/j8Z9O91ndcVs/480p24.m3u8";

    CHECK(multivariant_playlist({&variant, 1}) ==
          "#EXTM3U\n"
          "#EXT-X-STREAM-INF:BANDWIDTH=1234567,CODECS=\"avc1.64001E,mp4a.40.2\",RESOLUTION=854x480,"
          "FRAME-RATE=24.000\n"
          "/rewind/AsXego4U6tnj/j8Z9O91ndcVs/480p24.m3u8\n");
}

TEST_CASE("sound alone has no resolution, no rate and no video group") {
    Variant variant = variant_of({.video = {}, .audio = stereo()}, 0, 130'000);
    variant.path = "audio/playlist.m3u8";

    CHECK(recording_multivariant_playlist("AsXego4U6tnj", "123456789012", {&variant, 1}) ==
          "#EXTM3U\n"
          "#EXT-X-SESSION-DATA:DATA-ID=\"net.live-video.content.id\",VALUE=\"AsXego4U6tnj\"\n"
          "#EXT-X-SESSION-DATA:DATA-ID=\"net.live-video.customer.id\",VALUE=\"123456789012\"\n"
          "#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=130000,CODECS=\"mp4a.40.2\"\n"
          "audio/playlist.m3u8");
}

}  // namespace oxbow
