#pragma once

#include <cstddef>
#include <deque>

#include "base/times.h"
#include "media/access_unit.h"

namespace oxbow {

/// Audio that waits for the first picture: the latest `units_max` frames of at most `bytes_max`, of
/// which the oldest go when there is no room. Every function that lets frames go says how many.
class HeldAudio {
public:
    HeldAudio(std::size_t units_max, std::size_t bytes_max)
        : units_max_(units_max), bytes_max_(bytes_max) {}

    bool empty() const { return units_.empty(); }
    MediaTime first_dts() const { return units_.front().dts; }
    /// From the first dts to the last.
    MediaTime span() const;

    /// A frame whose dts does not go on within `jump_max` begins anew.
    std::size_t push(AccessUnit unit, MediaTime jump_max);

    /// Lets go of frames before `from` and behind `to`.
    std::size_t keep(MediaTime from, MediaTime to);
    std::size_t clear();

    std::deque<AccessUnit> take();

private:
    void pop();

    std::size_t units_max_;
    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::deque<AccessUnit> units_;
};

}  // namespace oxbow
