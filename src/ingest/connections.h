#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/times.h"
#include "ingest/rate_limit.h"
#include "ingest/stop_signal.h"

namespace oxbow::ingest {

/// Lines in the log about connections that were refused: whoever connects all the time fills no
/// disk.
inline constexpr Rate kRefusalLineRate{.burst = 100, .per_second = 2};

/// Counts the connections of one server, refuses those above its limits, and stops them all.
///
/// An address is limited in connections that do not publish: a studio may send many channels from
/// one, but whoever has no stream key gets few. Thread-safe; connections end on other loops.
class Connections : public std::enable_shared_from_this<Connections> {
public:
    /// One connection's place; destruction frees it.
    class Slot {
    public:
        Slot(Slot&&) noexcept = default;
        Slot& operator=(Slot&&) = delete;
        ~Slot();

        const std::shared_ptr<StopSignal>& stop_signal() const { return stop_signal_; }

        /// It publishes now: counts for its address no longer.
        void set_publishing();

        /// Whether its refusal may have a line in the log at `now`; how many had none since the
        /// last that had, or nullopt.
        std::optional<std::uint64_t> take_refusal_line(SteadyTime now);

    private:
        friend class Connections;
        Slot(std::shared_ptr<Connections> connections, std::string address,
             std::shared_ptr<StopSignal> stop_signal);

        std::shared_ptr<Connections> connections_;  // null once moved from
        std::string address_;                       // empty once it publishes
        std::shared_ptr<StopSignal> stop_signal_;
    };

    Connections(std::size_t connections_max, std::size_t waiting_per_address_max)
        : connections_max_(connections_max), waiting_per_address_max_(waiting_per_address_max) {}

    /// In:     "192.0.2.7".
    /// Errors: LimitExceeded  connections_max or waiting_per_address_max are there already.
    Result<Slot> admit(std::string address);

    /// Stops every connection; those admitted later stop at once.
    void stop_all(const std::string& why);

private:
    void end_waiting(const std::string& address);
    void release(const Slot& slot);

    const std::size_t connections_max_;
    const std::size_t waiting_per_address_max_;
    std::mutex mutex_;
    std::map<std::string, std::size_t> waiting_;  // by address
    std::vector<std::shared_ptr<StopSignal>> open_;
    std::optional<std::string> stopped_;  // why
    RateLimit refusal_lines_{kRefusalLineRate};
    std::uint64_t refusals_untold_ = 0;
};

}  // namespace oxbow::ingest
