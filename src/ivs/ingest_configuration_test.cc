#include "ivs/ingest_configuration.h"

#include <doctest/doctest.h>
#include <boost/json/serialize.hpp>

namespace oxbow::ivs {
namespace {

const IngestConfiguration kIngest{
    .video = VideoIngest{.codec = "avc1.42C028",
                         .avc_profile = "Baseline",
                         .avc_level = "4.0",
                         .encoder = "obs-output module",
                         .width = 1920,
                         .height = 1080,
                         .bits_per_second = 3'500'000,
                         .frame_rate = 29.97},
    .audio = AudioIngest{
        .codec = "mp4a.40.2", .channels = 2, .sample_rate = 48'000, .bits_per_second = 160'000}};

TEST_CASE("the deprecated member names profile and level of AVC") {
    CHECK(boost::json::serialize(ingest_configuration_json(kIngest)) ==
          R"({"video":{"codec":"avc1.42C028","encoder":"obs-output module",)"
          R"("targetBitrate":3500000,"targetFramerate":30,"videoHeight":1080,"videoWidth":1920,)"
          R"("avcProfile":"Baseline","avcLevel":"4.0"},"audio":{"channels":2,)"
          R"("codec":"mp4a.40.2","sampleRate":48000,"targetBitrate":160000}})");
}

TEST_CASE("the member of all tracks has lists, empty for a kind that is not there") {
    const IngestConfiguration sound{.video = std::nullopt, .audio = kIngest.audio};

    CHECK(boost::json::serialize(ingest_configurations_json(kIngest)) ==
          R"({"videoConfigurations":[{"codec":"avc1.42C028","encoder":"obs-output module",)"
          R"("targetBitrate":3500000,"targetFramerate":30,"videoHeight":1080,"videoWidth":1920,)"
          R"("profile":"Baseline","level":"4.0","track":"Track0"}],"audioConfigurations":[)"
          R"({"channels":2,"codec":"mp4a.40.2","sampleRate":48000,"targetBitrate":160000,)"
          R"("track":"Track0"}]})");
    CHECK(boost::json::serialize(ingest_configurations_json(sound)) ==
          R"({"videoConfigurations":[],"audioConfigurations":[{"channels":2,)"
          R"("codec":"mp4a.40.2","sampleRate":48000,"targetBitrate":160000,"track":"Track0"}]})");
}

TEST_CASE("profiles have names, levels a point, and 1b its constraint flag") {
    CHECK(avc_profile_name(66) == "Baseline");
    CHECK(avc_profile_name(77) == "Main");
    CHECK(avc_profile_name(88) == "Extended");
    CHECK(avc_profile_name(100) == "High");
    CHECK(avc_profile_name(110) == "");
    CHECK(avc_level_name(77, 0x40, 31) == "3.1");
    CHECK(avc_level_name(100, 0, 40) == "4.0");
    CHECK(avc_level_name(66, 0x10, 11) == "1b");
    CHECK(avc_level_name(100, 0x10, 11) == "1.1");
}

}  // namespace
}  // namespace oxbow::ivs
