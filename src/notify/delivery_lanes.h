#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/times.h"
#include "catalog/catalog.h"

namespace oxbow::notify {

struct DeliveryTimes {
    std::chrono::milliseconds retry_for{24 * 3600 * 1000};  // from the event's time
    std::chrono::milliseconds backoff_first{1'000};         // doubled with every failure
    std::chrono::milliseconds backoff_max{300'000};
};

/// In which order one receiver gets what it is owed, and when a failed delivery is tried again.
///
/// Each channel has a lane: its events go in order, one behind the other, and an event that the
/// receiver refuses stops its own lane only. A receiver that does not answer stops all lanes. The
/// pause after a failure is doubled up to backoff_max, of which chance takes up to a half.
///
/// Pure; not thread-safe.
class DeliveryLanes {
public:
    explicit DeliveryLanes(DeliveryTimes times) : times_(times) {}

    enum class Failure {
        Refused,  // this event, by an answer that says so
        Away,     // the receiver: no answer, or one that asks to come back later
    };

    /// In: cursors rising.
    void add(const catalog::PendingDelivery& delivery);

    /// The oldest event that may be tried now.
    std::optional<std::uint64_t> next(SteadyTime now) const;
    /// When next() will give one; nullopt: nothing is owed.
    std::optional<SteadyTime> due() const;
    std::size_t size() const { return size_; }

    /// The receiver has the event that next() gave, or need not have it.
    void delivered(std::uint64_t cursor);

    /// In:  the event that next() gave; `chance` in [0, 1).
    /// Out: what is given up, for it was tried, or could not be, for retry_for since it happened.
    std::vector<std::uint64_t> failed(std::uint64_t cursor, Failure failure, SteadyTime now,
                                      WallTime wall, double chance);

private:
    struct Owed {
        std::uint64_t cursor;
        WallTime time;
    };
    struct Pause {
        int failures = 0;
        SteadyTime until{};
    };
    struct Lane {
        std::deque<Owed> owed;  // never empty
        Pause pause;
    };
    using Lanes = std::map<ChannelId, Lane>;

    Lanes::iterator lane_of(std::uint64_t cursor);
    void prolong(Pause& pause, SteadyTime now, double chance) const;
    void give_up_expired(Lanes::iterator lane, std::size_t count_max, WallTime wall,
                         std::vector<std::uint64_t>& given_up);

    DeliveryTimes times_;
    Lanes lanes_;
    Pause away_;
    std::size_t size_ = 0;
};

}  // namespace oxbow::notify
