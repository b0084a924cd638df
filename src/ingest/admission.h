#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "ingest/rate_limit.h"

namespace oxbow::ingest {

/// The rule for a second publisher of a channel: it is refused while the first delivers media, and
/// takes over once the first was quiet for kTakeoverAfter, so that an encoder whose connection died
/// without a word comes back at once; or at any time, with a higher priority than the first one's.
///
/// Thread-safe. The clock outlives the admission and all tickets.
class Admission {
private:
    struct Place;
    class Places;

public:
    static constexpr std::chrono::milliseconds kTakeoverAfter{3'000};
    /// Publishers of one channel, one behind the other: each makes a stream and may make a
    /// recording.
    static constexpr Rate kPublisherRate{.burst = 300, .per_second = 2};

    /// A channel's one place, held from publish to the end; destruction frees it, unless another
    /// publisher has taken it over.
    class Ticket {
    public:
        Ticket(Ticket&&) noexcept;
        Ticket& operator=(Ticket&&) noexcept;
        ~Ticket();

        /// To be told of every access unit; costs one read of the clock.
        void media_delivered();
        /// Whether it took the place of another publisher; whether another has taken its own.
        bool took_over() const;
        bool is_taken_over() const;

    private:
        friend class Admission;
        Ticket(std::shared_ptr<Places> places, std::shared_ptr<Place> place);

        std::shared_ptr<Places> places_;
        std::shared_ptr<Place> place_;
    };

    explicit Admission(const Clock& clock);

    /// Admits a publisher. One that is taken over is told so by its `stop`, before this returns.
    ///
    /// In:     `priority` 0: none. `stop` ends the publisher; called at most once, from any thread,
    ///         with no lock held.
    /// Errors: Conflict       the channel's publisher delivered media in the last kTakeoverAfter,
    ///                        or was admitted in it, and its priority is not lower.
    ///         LimitExceeded  more than kPublisherRate.
    Result<Ticket> admit(const ChannelId& channel, std::uint32_t priority,
                         std::function<void(std::string why)> stop);

private:
    std::shared_ptr<Places> places_;
};

/// The priority with which a publisher may take over, from the query behind its stream key.
///
/// In:  "priority=2"; may hold more, parted by &.
/// Out: 1 to kPriorityMax; 0 where none is said, or none that is a number in that range.
std::uint32_t takeover_priority(std::string_view query);
inline constexpr std::uint32_t kPriorityMax = 2'147'483'647;

}  // namespace oxbow::ingest
