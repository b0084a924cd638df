#include "record/merging.h"

#include <cmath>

#include <doctest/doctest.h>

#include "media/h264.h"
#include "media/test_parameter_sets.h"

namespace oxbow::record {
namespace {

constexpr AudioParameters kStereo{.object_type = 2,
                                  .frequency_index = 3,
                                  .channel_configuration = 2,
                                  .sample_rate = 48'000,
                                  .channels = 2};

/// 854x480 at 24 frames a second, with sound, of which neither says its rate.
struct Stream {
    Stream& with(void (*change)(RenditionParameters&)) {
        change(parameters);
        return *this;
    }
    Stream& frames(double a_second) {
        traits.frame_rate = a_second;
        return *this;
    }
    Stream& measured(std::uint64_t bits) {
        traits.measured_bits_per_second = bits;
        return *this;
    }
    Stream& declared(std::uint64_t bits) {
        traits.declared_bits_per_second = bits;
        return *this;
    }
    StreamTraits made() const {
        StreamTraits out = traits;
        out.parameters = std::make_shared<const RenditionParameters>(parameters);
        return out;
    }

    RenditionParameters parameters{
        .video = h264::read_decoder_configuration(test::kFilmRecord).value().parameters,
        .audio = kStereo};
    StreamTraits traits{.parameters = nullptr, .frame_rate = 24, .measured_bits_per_second = 1'000};
};

std::string refusal(const Stream& original, const Stream& next) {
    return why_not_merged(original.made(), next.made()).value_or("");
}

}  // namespace

TEST_CASE("the same stream again is merged") {
    CHECK(refusal(Stream{}, Stream{}).empty());
}

TEST_CASE("another profile, level or parameter set of the same codec is merged") {
    CHECK(refusal(Stream{}, Stream{}.with([](RenditionParameters& of) {
              of.video->profile_idc = 77;
              of.video->level_idc = 31;
              of.video->pps[0][1] ^= 1;
          })).empty());
}

TEST_CASE("another size is a new recording") {
    CHECK(refusal(Stream{}, Stream{}.with([](RenditionParameters& of) {
              of.video->width = 856;
          })) == "its pictures have 856x480, those of the recording 854x480");
    CHECK(refusal(Stream{}, Stream{}.with([](RenditionParameters& of) {
              of.video->height = 482;
          })) == "its pictures have 854x482, those of the recording 854x480");
}

TEST_CASE("another frame rate is a new recording, one that was measured a little differently not") {
    CHECK(refusal(Stream{}, Stream{}.frames(24.49)).empty());
    CHECK(refusal(Stream{}, Stream{}.frames(24.5)) ==
          "it has 24.500 frames a second, the recording 24.000");
    CHECK(refusal(Stream{}.frames(60), Stream{}.frames(30)) ==
          "it has 30.000 frames a second, the recording 60.000");
}

TEST_CASE("other tracks or codecs are a new recording") {
    const auto silent = [](RenditionParameters& of) { of.audio.reset(); };
    const auto blind = [](RenditionParameters& of) { of.video.reset(); };
    const auto other = [](RenditionParameters& of) { of.audio->object_type = 5; };

    CHECK(refusal(Stream{}, Stream{}.with(silent)) ==
          "it has avc1 and no sound, the recording avc1 and mp4a.40.2");
    CHECK(refusal(Stream{}.with(blind), Stream{}) ==
          "it has avc1 and mp4a.40.2, the recording no picture and mp4a.40.2");
    CHECK(refusal(Stream{}, Stream{}.with(other)) ==
          "it has avc1 and mp4a.40.5, the recording avc1 and mp4a.40.2");
    CHECK(refusal(Stream{}.with(blind), Stream{}.with(blind)).empty());
}

TEST_CASE("a measured bit rate may differ by half, not by more") {
    CHECK(refusal(Stream{}, Stream{}.measured(1'500)).empty());
    CHECK(refusal(Stream{}, Stream{}.measured(500)).empty());
    CHECK(refusal(Stream{}, Stream{}.measured(1'501)) ==
          "it has 1501 bits a second, the recording 1000");
    CHECK(refusal(Stream{}, Stream{}.measured(499)) ==
          "it has 499 bits a second, the recording 1000");
}

TEST_CASE("where both encoders say their bit rate, what was measured does not count") {
    CHECK(refusal(Stream{}.declared(2'000), Stream{}.declared(3'000).measured(9'000)).empty());
    CHECK(refusal(Stream{}.declared(2'000), Stream{}.declared(3'001)) ==
          "it has 3001 bits a second, the recording 2000");
    CHECK(refusal(Stream{}.declared(2'000), Stream{}.measured(1'501)) ==
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
