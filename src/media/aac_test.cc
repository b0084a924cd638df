#include "media/aac.h"

#include <doctest/doctest.h>

#include "media/test_parameter_sets.h"

namespace oxbow::aac {
using test::from_hex;

TEST_CASE("AAC-LC, 44.1 kHz, stereo is read") {
    const auto audio = read_audio_specific_config(from_hex("1210")).value();

    CHECK(audio == AudioParameters{.object_type = 2,
                                   .frequency_index = 4,
                                   .channel_configuration = 2,
                                   .sample_rate = 44'100,
                                   .channels = 2});
    CHECK(codec_string(audio) == "mp4a.40.2");
}

TEST_CASE("AAC-LC, 48 kHz, 5.1 is read") {
    const auto audio = read_audio_specific_config(from_hex("11b0")).value();

    CHECK(audio.sample_rate == 48'000);
    CHECK(audio.channel_configuration == 6);
    CHECK(audio.channels == 6);
}

TEST_CASE("7.1 is channel configuration 7 and has 8 channels") {
    const auto audio = read_audio_specific_config(from_hex("11b8")).value();

    CHECK(audio.channel_configuration == 7);
    CHECK(audio.channels == 8);
}

TEST_CASE("explicitly signalled HE-AAC is taken as its core") {
    // object type 5, 24 kHz core, stereo, extended to 48 kHz, core object type 2
    const auto audio = read_audio_specific_config(from_hex("2b118800")).value();

    CHECK(audio.object_type == 2);
    CHECK(audio.sample_rate == 24'000);
    CHECK(audio.channels == 2);
}

TEST_CASE("a frequency given in full is found in the table of ADTS") {
    // object type 2, index 15, 48000, stereo
    const auto audio = read_audio_specific_config(from_hex("17805dc010")).value();

    CHECK(audio.frequency_index == 3);
    CHECK(audio.sample_rate == 48'000);
}

TEST_CASE("a frequency that ADTS cannot name is unsupported") {
    CHECK(read_audio_specific_config(from_hex("17805dc090")).error().code ==
          ErrorCode::Unsupported);
}

TEST_CASE("reserved frequencies are malformed") {
    CHECK(read_audio_specific_config(from_hex("1690")).error().code == ErrorCode::Malformed);
    CHECK(read_audio_specific_config(from_hex("1710")).error().code == ErrorCode::Malformed);
}

TEST_CASE("a configuration that is cut short is malformed") {
    CHECK(read_audio_specific_config({}).error().code == ErrorCode::Malformed);
    CHECK(read_audio_specific_config(from_hex("12")).error().code == ErrorCode::Malformed);
    CHECK(read_audio_specific_config(from_hex("2b11")).error().code == ErrorCode::Malformed);
    CHECK(read_audio_specific_config(from_hex("1780")).error().code == ErrorCode::Malformed);
}

TEST_CASE("what is not AAC-LC with 1024 samples and 1 to 8 channels is unsupported") {
    CHECK(read_audio_specific_config(from_hex("0a10")).error().code ==
          ErrorCode::Unsupported);  // Main
    CHECK(read_audio_specific_config(from_hex("1214")).error().code ==
          ErrorCode::Unsupported);  // 960
    CHECK(read_audio_specific_config(from_hex("1200")).error().code ==
          ErrorCode::Unsupported);  // 0
    CHECK(read_audio_specific_config(from_hex("1240")).error().code ==
          ErrorCode::Unsupported);  // 8
}

TEST_CASE("the ADTS header names profile, frequency, channels and length") {
    const auto header = adts_header({.frequency_index = 3, .channel_configuration = 6}, 257);

    CHECK(Bytes{header.begin(), header.end()} == from_hex("fff14d80211ffc"));
}

TEST_CASE("the longest frame fills the 13 bits of ADTS length") {
    const auto header = adts_header({.frequency_index = 4, .channel_configuration = 2}, 8'184);

    CHECK(Bytes{header.begin(), header.end()} == from_hex("fff15083fffffc"));
}

}  // namespace oxbow::aac
