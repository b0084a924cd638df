#include "ivs/ingest_configuration.h"

#include <cmath>

#include <fmt/format.h>
#include <boost/json/array.hpp>

namespace oxbow::ivs {
namespace {

namespace json = boost::json;

constexpr std::uint8_t kBaseline = 66;
constexpr std::uint8_t kMain = 77;
constexpr std::uint8_t kExtended = 88;
constexpr std::uint8_t kHigh = 100;
constexpr std::uint8_t kConstraintSet3 = 0x10;
constexpr std::string_view kTrack = "Track0";

json::object video_json(const VideoIngest& video) {
    return {{"codec", video.codec},
            {"encoder", video.encoder},
            {"targetBitrate", video.bits_per_second},
            {"targetFramerate", std::llround(video.frame_rate)},
            {"videoHeight", video.height},
            {"videoWidth", video.width}};
}

json::object audio_json(const AudioIngest& audio) {
    return {{"channels", audio.channels},
            {"codec", audio.codec},
            {"sampleRate", audio.sample_rate},
            {"targetBitrate", audio.bits_per_second}};
}

}  // namespace

std::string avc_profile_name(std::uint8_t profile_idc) {
    switch (profile_idc) {
        case kBaseline:
            return "Baseline";
        case kMain:
            return "Main";
        case kExtended:
            return "Extended";
        case kHigh:
            return "High";
        default:
            return "";
    }
}

std::string avc_level_name(std::uint8_t profile_idc, std::uint8_t constraint_flags,
                           std::uint8_t level_idc) {
    const bool small_profile =
        profile_idc == kBaseline || profile_idc == kMain || profile_idc == kExtended;
    if (small_profile && level_idc == 11 && (constraint_flags & kConstraintSet3) != 0) return "1b";
    return fmt::format("{}.{}", level_idc / 10, level_idc % 10);
}

json::object ingest_configuration_json(const IngestConfiguration& ingest) {
    json::object out;
    if (ingest.video) {
        json::object video = video_json(*ingest.video);
        video["avcProfile"] = ingest.video->avc_profile;
        video["avcLevel"] = ingest.video->avc_level;
        out["video"] = std::move(video);
    }
    if (ingest.audio) out["audio"] = audio_json(*ingest.audio);
    return out;
}

json::object ingest_configurations_json(const IngestConfiguration& ingest) {
    json::array videos;
    if (ingest.video) {
        json::object video = video_json(*ingest.video);
        video["profile"] = ingest.video->avc_profile;
        video["level"] = ingest.video->avc_level;
        video["track"] = kTrack;
        videos.push_back(std::move(video));
    }
    json::array audios;
    if (ingest.audio) {
        json::object audio = audio_json(*ingest.audio);
        audio["track"] = kTrack;
        audios.push_back(std::move(audio));
    }
    return {{"videoConfigurations", std::move(videos)}, {"audioConfigurations", std::move(audios)}};
}

}  // namespace oxbow::ivs
