#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/times.h"

namespace oxbow::ingest {

/// How often something may happen: `burst` times at once, `per_second` times a second for ever.
struct Rate {
    std::int64_t burst;
    std::int64_t per_second;
};

/// Keeps one peer to a Rate. Without any time it allows the burst once.
class RateLimit {
public:
    constexpr explicit RateLimit(Rate rate) : rate_(rate), credit_(rate.burst * kUnit) {}

    /// It is `now`; earlier than before counts as the same.
    void advance(SteadyTime now) {
        const std::int64_t passed = last_ ? (now - *last_).count() : 0;
        last_ = now;
        if (passed <= 0) return;
        const std::int64_t to_full = (rate_.burst * kUnit - credit_) / rate_.per_second + 1;
        credit_ =
            std::min(rate_.burst * kUnit, credit_ + std::min(passed, to_full) * rate_.per_second);
    }

    /// False when it happens too often; then nothing is taken.
    bool take(std::int64_t times = 1) {
        if (credit_ < times * kUnit) return false;
        credit_ -= times * kUnit;
        return true;
    }

private:
    static constexpr std::int64_t kUnit = 1'000;  // a millisecond earns per_second of these

    Rate rate_;
    std::int64_t credit_;
    std::optional<SteadyTime> last_;
};

}  // namespace oxbow::ingest
