#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/times.h"

namespace oxbow::console {

/// Whom an address stands for. In: as net::remote_address gives it.
// "2001:db8:0:7::" for "2001:db8:0:7::1": who has one address of IPv6 has all of its /64
std::string guesser_at(std::string_view address);

/// Counts refused sign-ins by address: who guesses has to wait. Thread-safe.
class SignInAttempts {
public:
    /// How long whoever is at `address` has to wait before the next attempt; nullopt: not at all.
    std::optional<std::chrono::milliseconds> wait(std::string_view address, SteadyTime now);

    void failed(std::string_view address, SteadyTime now);

    /// Addresses that are remembered.
    std::size_t size() const;

private:
    using Failures = std::deque<SteadyTime>;

    /// Those of the last kFailureWindow.
    Failures& failures_of(std::string_view address, SteadyTime now);

    mutable std::mutex mutex_;
    std::map<std::string, Failures> failures_;
};

}  // namespace oxbow::console
