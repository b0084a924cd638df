#pragma once

#include <chrono>
#include <cstddef>

namespace oxbow::console {

/// Who is signed in at once; beyond, the session that was used longest ago makes room.
inline constexpr std::size_t kSessionsMax = 100;
/// Of one access key, likewise.
inline constexpr std::size_t kSessionsOfKeyMax = 10;
inline constexpr std::chrono::hours kSessionMax{12};
inline constexpr std::chrono::hours kSessionIdleMax{1};

/// Refused sign-ins of one address within kFailureWindow; beyond, it waits.
inline constexpr std::size_t kFailuresMax = 10;
inline constexpr std::chrono::minutes kFailureWindow{1};
/// Addresses that failures are remembered of; beyond, all others count as one.
inline constexpr std::size_t kAddressesMax = 1'000;

}  // namespace oxbow::console
