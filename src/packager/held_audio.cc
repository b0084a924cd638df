#include "packager/held_audio.h"

#include <utility>

namespace oxbow {

MediaTime HeldAudio::span() const {
    return units_.empty() ? MediaTime{} : units_.back().dts - units_.front().dts;
}

std::size_t HeldAudio::push(AccessUnit unit, MediaTime jump_max) {
    std::size_t gone = 0;
    if (!units_.empty()) {
        const MediaTime step = unit.dts - units_.back().dts;
        if (step < MediaTime{} || step > jump_max) gone += clear();
    }
    bytes_ += unit.data.size();
    units_.push_back(std::move(unit));
    for (; units_.size() > units_max_ || bytes_ > bytes_max_; ++gone) pop();
    return gone;
}

std::size_t HeldAudio::keep(MediaTime from, MediaTime to) {
    const std::size_t before = units_.size();
    while (!units_.empty() && units_.front().dts < from) pop();
    while (!units_.empty() && units_.back().dts > to) {
        bytes_ -= units_.back().data.size();
        units_.pop_back();
    }
    return before - units_.size();
}

std::size_t HeldAudio::clear() {
    const std::size_t gone = units_.size();
    units_.clear();
    bytes_ = 0;
    return gone;
}

std::deque<AccessUnit> HeldAudio::take() {
    bytes_ = 0;
    return std::exchange(units_, {});
}

void HeldAudio::pop() {
    bytes_ -= units_.front().data.size();
    units_.pop_front();
}

}  // namespace oxbow
