#pragma once

#include <cstddef>
#include <limits>

namespace oxbow::control {

/// How much there may be of what, as the operator configured it; by default as much as wanted.
struct Quotas {
    static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

    std::size_t channels = kNone;
    std::size_t concurrent_streams = kNone;
    std::size_t recording_configurations = kNone;
    std::size_t playback_key_pairs = kNone;
    std::size_t playback_restriction_policies = kNone;
    /// Whether operations may be called only as often as Amazon IVS allows.
    bool amazon_call_rates = false;
};

}  // namespace oxbow::control
