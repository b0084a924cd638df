#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/times.h"
#include "media/access_unit.h"

namespace oxbow {

/// Puts a publisher's clock onto the timeline of the recording, where it must rise without holes.
///
/// Both tracks share one offset, so that sound and picture keep the distance the publisher gave
/// them. A track's dts jumps when it goes back, or is further than `jump_max` from the latest
/// of both tracks. Then its clock is new, and the caller says where on the timeline it goes on; the
/// other track follows onto the same new clock when its own dts jumps, without another cut. Frames
/// of the new clock that would lie on ones already placed are dropped.
///
/// A repeated dts, which clocks of milliseconds make, is moved on by kNudgeMax; a second repeat has
/// no place and is dropped.
class PublisherClock {
public:
    static constexpr MediaTime kNudgeMax = std::chrono::milliseconds{1};
    static constexpr MediaTime kFrameMax =
        std::chrono::seconds{1};  // longer is a hole, not a frame

    explicit PublisherClock(MediaTime jump_max) : jump_max_(jump_max) {}

    /// The publisher's `dts` is `at` on the timeline, for both tracks.
    void anchor(MediaTime dts, MediaTime at);

    /// From the publisher's `dts` on, `track` has a new clock: `dts` is `at`, or one nudge behind
    /// the track's last frame where that is later. So has the other track if nothing of it has come
    /// yet.
    void anchor_track(Track track, MediaTime dts, MediaTime at);

    enum class Outcome : std::uint8_t { Placed, Jumped, NoPlace };
    struct Place {
        Outcome outcome;
        MediaTime dts{};  // Placed: above the track's last one
    };
    /// Places the next access unit of `track`; at or above `horizon` counts as a jump.
    /// Placed is remembered; the other two change nothing that is already on the timeline.
    Place place(Track track, MediaTime dts, MediaTime horizon);

    /// The dts of the latest unit of `track`; nullopt before the first.
    std::optional<MediaTime> last(Track track) const { return clock(track).last; }

    /// What lay between the last two units of `track`; nullopt before there are two.
    std::optional<MediaTime> frame_duration(Track track) const { return clock(track).frame; }

private:
    struct TrackClock {
        MediaTime offset{};                 // timeline less publisher
        std::optional<MediaTime> last_dts;  // the publisher's, on this clock
        std::optional<MediaTime> last;      // on the timeline
        std::optional<MediaTime> frame;
    };
    const TrackClock& clock(Track track) const { return clocks_[static_cast<std::size_t>(track)]; }
    TrackClock& clock(Track track) { return clocks_[static_cast<std::size_t>(track)]; }
    MediaTime distance(
        MediaTime at) const;  // from the latest unit of both tracks; 0 before the first
    bool near(MediaTime at, MediaTime horizon) const;
    static Place accept(TrackClock& clock, MediaTime dts, MediaTime at);

    MediaTime jump_max_;
    std::array<TrackClock, 2> clocks_;
};

}  // namespace oxbow
