#include "record/merging.h"

#include <cmath>

#include <doctest/doctest.h>

namespace oxbow::record {
namespace {

const StreamTraits kFilm = [] {
    StreamTraits traits = traits_of(
        {.codecs = "avc1.64001F,mp4a.40.2", .width = 854, .height = 480, .frame_rate = 24});
    traits.measured.widen(1'000);
    return traits;
}();

std::string refusal(const StreamTraits& original, const StreamTraits& next) {
    return why_not_merged(original, next).value_or("");
}
StreamTraits with_codecs(const std::string& codecs) {
    StreamTraits traits = traits_of({.codecs = codecs});
    traits.width = kFilm.width;
    traits.height = kFilm.height;
    traits.frame_rate = kFilm.frame_rate;
    return traits;
}
StreamTraits with_size(int width, int height) {
    StreamTraits traits = kFilm;
    traits.width = width;
    traits.height = height;
    return traits;
}
StreamTraits with_frames(double a_second) {
    StreamTraits traits = kFilm;
    traits.frame_rate = a_second;
    return traits;
}
StreamTraits with_bits(std::uint64_t declared, std::uint64_t measured) {
    StreamTraits traits = kFilm;
    traits.declared_bits_per_second = declared;
    traits.measured = {measured, measured};
    return traits;
}

}  // namespace

TEST_CASE("the same stream again is merged, with another profile and level, too") {
    CHECK(refusal(kFilm, kFilm).empty());
    CHECK(refusal(kFilm, with_codecs("avc1.42C01E,mp4a.40.2")).empty());
}

TEST_CASE("another size is a new recording") {
    CHECK(refusal(kFilm, with_size(856, 480)) ==
          "its pictures have 856x480, those of the recording 854x480");
    CHECK(refusal(kFilm, with_size(854, 482)) ==
          "its pictures have 854x482, those of the recording 854x480");
}

TEST_CASE("another frame rate is a new recording, one that was measured a little differently not") {
    CHECK(refusal(kFilm, with_frames(24.49)).empty());
    CHECK(refusal(kFilm, with_frames(24.5)) ==
          "it has 24.500 frames a second, the recording 24.000");
    CHECK(refusal(kFilm, with_frames(23.5)) ==
          "it has 23.500 frames a second, the recording 24.000");
}

TEST_CASE("other tracks or codecs are a new recording") {
    CHECK(refusal(kFilm, with_codecs("avc1.64001F")) ==
          "it has avc1, the recording avc1,mp4a.40.2");
    CHECK(refusal(kFilm, with_codecs("mp4a.40.2")) ==
          "it has mp4a.40.2, the recording avc1,mp4a.40.2");
    CHECK(refusal(kFilm, with_codecs("avc1.64001F,mp4a.40.5")) ==
          "it has avc1,mp4a.40.5, the recording avc1,mp4a.40.2");
    CHECK(refusal(kFilm, with_codecs("hvc1.1.6.L93.B0,mp4a.40.2")) ==
          "it has hvc1,mp4a.40.2, the recording avc1,mp4a.40.2");
}

TEST_CASE("a measured bit rate may differ by half, not by more; one not known may be any") {
    CHECK(refusal(kFilm, with_bits(0, 1'500)).empty());
    CHECK(refusal(kFilm, with_bits(0, 500)).empty());
    CHECK(refusal(kFilm, with_bits(0, 0)).empty());
    CHECK(refusal(with_bits(0, 0), kFilm).empty());
    CHECK(refusal(kFilm, with_bits(0, 1'501)) == "it has 1501 bits a second, the recording 1000");
    CHECK(refusal(kFilm, with_bits(0, 499)) == "it has 499 bits a second, the recording 1000");
}

TEST_CASE("a stream whose bit rate goes up and down may go on with any rate that it had") {
    StreamTraits film = kFilm;
    film.measured.widen(400);
    film.measured.widen(2'000);
    film.measured.widen(900);

    CHECK(film.measured.least == 400);
    CHECK(film.measured.most == 2'000);
    CHECK(refusal(film, with_bits(0, 200)).empty());
    CHECK(refusal(film, with_bits(0, 3'000)).empty());
    CHECK(refusal(film, with_bits(0, 199)) ==
          "it has 199 bits a second, the recording 400 to 2000");
    CHECK(refusal(film, with_bits(0, 3'001)) ==
          "it has 3001 bits a second, the recording 400 to 2000");
}

TEST_CASE("where both encoders say their bit rate, what was measured does not count") {
    CHECK(refusal(with_bits(2'000, 1'000), with_bits(3'000, 9'000)).empty());
    CHECK(refusal(with_bits(2'000, 1'000), with_bits(3'001, 1'000)) ==
          "it has 3001 bits a second, the recording 2000");
    CHECK(refusal(with_bits(2'000, 1'000), with_bits(0, 1'501)) ==
          "it has 1501 bits a second, the recording 1000");
}

TEST_CASE("what an encoder declares is of picture and sound, if a number that can be believed") {
    CHECK(declared_bits_per_second({.video_bits_per_second = 2e6, .audio_bits_per_second = 1e5}) ==
          2'100'000);
    CHECK(declared_bits_per_second({.video_bits_per_second = 2e6, .audio_bits_per_second = -1}) ==
          2'000'000);
    CHECK(declared_bits_per_second({.video_bits_per_second = 0, .audio_bits_per_second = 1e5}) ==
          0);
    CHECK(declared_bits_per_second({.video_bits_per_second = 1e300}) == 0);
    CHECK(declared_bits_per_second({.video_bits_per_second = std::nan("")}) == 0);
}

}  // namespace oxbow::record
