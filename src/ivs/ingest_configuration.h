#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace oxbow::ivs {

/// What a publisher sends, as a stream session tells it: sizes and codecs from the bitstream's own
/// headers, rates as measured, 0 while nothing is measured yet.
struct VideoIngest {
    std::string codec;        // "avc1.4D401F"
    std::string avc_profile;  // "Main"; "" for one without a name here
    std::string avc_level;    // "3.1"
    std::string encoder;      // "Lavf59.27.100", as the publisher calls itself; may be empty
    int width = 0;            // pixels
    int height = 0;
    std::int64_t bits_per_second = 0;
    double frame_rate = 0;
    std::int64_t key_frame_interval_ms = 0;          // the last
    std::int64_t longest_key_frame_interval_ms = 0;  // 0: not known

    friend bool operator==(const VideoIngest&, const VideoIngest&) = default;
};

struct AudioIngest {
    std::string codec;  // "mp4a.40.2"
    int channels = 0;
    int sample_rate = 0;
    std::int64_t bits_per_second = 0;

    friend bool operator==(const AudioIngest&, const AudioIngest&) = default;
};

struct IngestConfiguration {
    std::optional<VideoIngest> video;
    std::optional<AudioIngest> audio;

    friend bool operator==(const IngestConfiguration&, const IngestConfiguration&) = default;
};

// Main
std::string avc_profile_name(std::uint8_t profile_idc);
// 3.1      (31; 11 with constraint_set3 of Baseline, Main and Extended is 1b)
std::string avc_level_name(std::uint8_t profile_idc, std::uint8_t constraint_flags,
                           std::uint8_t level_idc);

/// The deprecated member `ingestConfiguration` of a stream session: one track of each kind.
///
/// Source: shape IngestConfiguration of the IVS API model 2020-07-14.
boost::json::object ingest_configuration_json(const IngestConfiguration& ingest);

/// The member `ingestConfigurations`: all tracks, which here are Track0 of each kind.
///
/// Source: shape IngestConfigurations of the IVS API model 2020-07-14.
boost::json::object ingest_configurations_json(const IngestConfiguration& ingest);

}  // namespace oxbow::ivs
