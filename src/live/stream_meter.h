#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/times.h"
#include "ivs/ingest_configuration.h"
#include "media/access_unit.h"

namespace oxbow::live {

enum class Health {
    Unknown,  // not measured yet
    Healthy,
    Starving,
};

/// Measures what one publisher sends: whether its media comes as fast as it plays, and at which
/// rates.
///
/// Media is what the pictures show, of audio only the sound: the time from each to the next, of
/// which no more than kGapMax counts, so that one picture after a hole is no hole filled. A stream
/// starves when in the last kHealthWindow less than half as much media came as time passed; it is
/// healthy again when it is not so any more.
///
/// In:  everything that the publisher sends, and about every second a tick with the time. An access
///      unit costs a few additions; all else is done in the tick.
/// Thread safety: the channel's strand. Time comes with the ticks only.
class StreamMeter {
public:
    explicit StreamMeter(SteadyTime begun) : ticked_at_(begun) {}

    void set_metadata(StreamMetadata metadata);
    void set_video_parameters(VideoParameters parameters) { video_ = std::move(parameters); }
    void set_audio_parameters(AudioParameters parameters) { audio_ = parameters; }
    void take(const AccessUnit& unit);

    /// Out: the health, if it has changed.
    std::optional<Health> tick(SteadyTime now);

    Health health() const { return health_; }

    /// What is sent, as far as headers and measurements tell; nullopt before the first header.
    /// Rates are those of the last kRateWindow, before the first tick what the publisher says of
    /// itself.
    std::optional<ivs::IngestConfiguration> configuration() const;

    /// Bits per second of all tracks over the last kHealthWindow, counted by media time, or by the
    /// clock where that is longer: media that comes late and then all at once is no higher rate.
    /// 0 until the window is full.
    std::int64_t bits_per_second() const;

    /// The longest time between two key frames, or since the last one; nullopt: of fewer than
    /// kKeyFramesMin, that are no more than kKeyFramesFarApart apart, nothing is known. A hole of
    /// more than kGapMax counts as none of it.
    std::optional<MediaTime> key_frames_apart() const;
    static constexpr std::uint32_t kKeyFramesMin = 3;
    static constexpr MediaTime kKeyFramesFarApart = std::chrono::seconds{6};

    /// Pictures per second over the last kHealthWindow, counted likewise.
    double frame_rate() const;

    static constexpr std::chrono::seconds kTickEvery{1};
    static constexpr std::chrono::seconds kHealthWindow{5};
    static constexpr std::chrono::seconds kRateWindow{30};
    static constexpr MediaTime kGapMax = std::chrono::seconds{1};

private:
    /// What came between two ticks.
    struct Slice {
        std::chrono::milliseconds elapsed{};
        MediaTime video_time{};
        MediaTime audio_time{};
        std::uint64_t video_bytes = 0;
        std::uint64_t audio_bytes = 0;
        std::uint32_t pictures = 0;

        Slice& operator+=(const Slice& other);
    };
    static constexpr std::size_t kSlicesMax = kRateWindow / kTickEvery;

    Slice newest(std::chrono::milliseconds window) const;
    MediaTime media_of(const Slice& slice) const;
    ivs::VideoIngest video_ingest(const Slice& measured) const;
    ivs::AudioIngest audio_ingest(const Slice& measured) const;

    StreamMetadata metadata_;
    std::optional<VideoParameters> video_;
    std::optional<AudioParameters> audio_;
    Slice open_;
    std::array<Slice, kSlicesMax> slices_;  // a ring
    std::size_t closed_ = 0;                // how many were ever closed
    SteadyTime ticked_at_;
    std::optional<MediaTime> last_picture_;
    std::optional<MediaTime> last_sound_;
    std::optional<MediaTime> last_key_frame_;
    MediaTime key_frame_interval_{};
    MediaTime longest_key_frame_interval_{};
    std::uint32_t key_frames_ = 0;
    bool has_pictures_ = false;
    Health health_ = Health::Unknown;
};

}  // namespace oxbow::live
