#include "packager/publisher_clock.h"

#include <algorithm>

namespace oxbow {
namespace {

Track other_of(Track track) {
    return track == Track::Video ? Track::Audio : Track::Video;
}

}  // namespace

void PublisherClock::anchor(MediaTime dts, MediaTime at) {
    for (TrackClock& track : clocks_) track.offset = at - dts;
}

void PublisherClock::anchor_track(Track track, MediaTime dts, MediaTime at) {
    TrackClock& own = clock(track);
    if (own.last) at = std::max(at, *own.last + kNudgeMax);
    own.offset = at - dts;
    own.last_dts.reset();
    TrackClock& other = clock(other_of(track));
    if (!other.last) other.offset = own.offset;
}

PublisherClock::Place PublisherClock::place(Track track, MediaTime dts, MediaTime horizon) {
    TrackClock& own = clock(track);
    const TrackClock& other = clock(other_of(track));
    const MediaTime at = dts + own.offset;
    const MediaTime followed = dts + other.offset;
    const bool goes_back = own.last_dts && dts < *own.last_dts;
    const bool leaps = own.last && at - *own.last > kFrameMax;
    const bool stays = !goes_back && near(at, horizon);
    const bool may_follow = other.last && other.offset != own.offset && near(followed, horizon);
    // After a leap both clocks may be near enough; then the other track has leapt before this one.
    if (may_follow && (!stays || (leaps && distance(followed) < distance(at)))) {
        own.offset = other.offset;
        own.last_dts.reset();
        if (!own.last || followed > *own.last) return accept(own, dts, followed);
        return {Outcome::NoPlace};
    }
    if (!stays) return {Outcome::Jumped};
    if (!own.last || at > *own.last) return accept(own, dts, at);
    const MediaTime nudged = *own.last + kNudgeMax;
    if (nudged - at <= kNudgeMax) return accept(own, dts, nudged);
    return {Outcome::NoPlace};
}

MediaTime PublisherClock::distance(MediaTime at) const {
    const auto latest = std::max(clocks_[0].last, clocks_[1].last);
    return latest ? std::chrono::abs(at - *latest) : MediaTime{};
}

bool PublisherClock::near(MediaTime at, MediaTime horizon) const {
    return at < horizon && distance(at) <= jump_max_;
}

PublisherClock::Place PublisherClock::accept(TrackClock& clock, MediaTime dts, MediaTime at) {
    if (clock.last && at - *clock.last <= kFrameMax) clock.frame = at - *clock.last;
    clock.last_dts = dts;
    clock.last = at;
    return {Outcome::Placed, at};
}

}  // namespace oxbow
