#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oxbow {

/// Ticks of 1/90000 s since the first access unit. RTMP milliseconds and MPEG-TS clocks convert
/// exactly.
using MediaTime = std::chrono::duration<std::int64_t, std::ratio<1, 90'000>>;

/// UTC in milliseconds; from a Clock, never from std::chrono::system_clock.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// The first and the last that RFC 3339 can write: years have four digits.
inline constexpr WallTime kWallTimeMin{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
inline constexpr WallTime kWallTimeMax{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} +
                                       std::chrono::milliseconds{86'399'999}};

/// A steady instant in milliseconds, for deadlines and silences; has no calendar meaning.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

/// The only source of time. Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime wall() const = 0;
    virtual SteadyTime steady() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
public:
    WallTime wall() const override;
    SteadyTime steady() const override;
};

/// A clock that a test moves by hand.
class ManualClock final : public Clock {
public:
    explicit ManualClock(WallTime start) : wall_(start) {}
    WallTime wall() const override { return wall_; }
    SteadyTime steady() const override { return steady_; }
    void advance(std::chrono::milliseconds by) {
        wall_ += by;
        steady_ += by;
    }

private:
    WallTime wall_;
    SteadyTime steady_{};
};

/// Whole milliseconds of a media time, rounded down.
constexpr std::int64_t milliseconds(MediaTime time) {
    return std::chrono::floor<std::chrono::milliseconds>(time).count();
}

// 2023-02-09T22:55:41.550Z
std::string format_rfc3339_ms(WallTime time);

// 2023-02-09T22:55:41Z      (rounded down)
std::string format_rfc3339(WallTime time);

/// Reads an RFC 3339 time in UTC or with an offset, with zero to nine digits of a second's
/// fraction.
///
/// Errors: Malformed  not such a time, or a day that no calendar has.
/// Source: RFC 3339 §5.6.
Result<WallTime> parse_rfc3339(std::string_view text);

}  // namespace oxbow
