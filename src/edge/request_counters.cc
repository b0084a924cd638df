#include "edge/request_counters.h"

#include <algorithm>

namespace oxbow::edge {
namespace {

/// Of this thread, by turns.
std::size_t own_lane() {
    static std::atomic<std::size_t> next{0};
    static thread_local const std::size_t lane = next++ % RequestCounters::kLanes;
    return lane;
}

}  // namespace

RequestCounters::RequestCounters(std::size_t behaviours) : marks_(behaviours + 1) {
    lanes_.reserve(kLanes);
    for (std::size_t i = 0; i < kLanes; ++i) lanes_.emplace_back(marks_ * kClasses);
}

std::size_t RequestCounters::cell_of(std::uint8_t mark, std::size_t status_class) const {
    const std::size_t known = mark < marks_ ? mark : 0;
    return known * kClasses + std::clamp<std::size_t>(status_class, 1, kClasses) - 1;
}

void RequestCounters::count(std::uint8_t mark, int status, std::uint64_t bytes) {
    const auto status_class = static_cast<std::size_t>(std::max(status, 0) / 100);
    Cell& cell = lanes_[own_lane()].cells[cell_of(mark, status_class)];
    cell.requests.fetch_add(1, std::memory_order_relaxed);
    cell.bytes.fetch_add(bytes, std::memory_order_relaxed);
}

RequestCounters::Count RequestCounters::of(std::uint8_t mark, std::size_t status_class) const {
    Count out;
    for (const Lane& lane : lanes_) {
        const Cell& cell = lane.cells[cell_of(mark, status_class)];
        out.requests += cell.requests.load(std::memory_order_relaxed);
        out.bytes += cell.bytes.load(std::memory_order_relaxed);
    }
    return out;
}

}  // namespace oxbow::edge
