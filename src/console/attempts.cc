#include "console/attempts.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

#include "console/limits.h"

namespace oxbow::console {
namespace {

constexpr std::string_view kAllOthers = "others";

void forget_old(std::deque<SteadyTime>& failures, SteadyTime now) {
    while (!failures.empty() && now - failures.front() >= kFailureWindow) failures.pop_front();
}

}  // namespace

std::string guesser_at(std::string_view host) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string{host}, error);
    if (error) return std::string{host};
    if (address.is_v4()) return address.to_string();
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped())
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string();
    auto bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), 0);
    return boost::asio::ip::address_v6{bytes}.to_string();
}

std::optional<std::chrono::milliseconds> SignInAttempts::wait(std::string_view address,
                                                              SteadyTime now) {
    const std::scoped_lock lock{mutex_};
    const Failures& failures = failures_of(address, now);
    if (failures.size() < kFailuresMax) return std::nullopt;
    return failures.front() + kFailureWindow - now;
}

void SignInAttempts::failed(std::string_view address, SteadyTime now) {
    const std::scoped_lock lock{mutex_};
    Failures& failures = failures_of(address, now);
    failures.push_back(now);
    if (failures.size() > kFailuresMax) failures.pop_front();
}

std::size_t SignInAttempts::size() const {
    const std::scoped_lock lock{mutex_};
    return failures_.size();
}

SignInAttempts::Failures& SignInAttempts::failures_of(std::string_view address, SteadyTime now) {
    std::string guesser = guesser_at(address);
    if (!failures_.contains(guesser) && failures_.size() >= kAddressesMax) {
        for (auto& [known, failures] : failures_) forget_old(failures, now);
        std::erase_if(failures_, [](const auto& entry) { return entry.second.empty(); });
        if (failures_.size() >= kAddressesMax) guesser = kAllOthers;
    }
    Failures& failures = failures_[guesser];
    forget_old(failures, now);
    return failures;
}

}  // namespace oxbow::console
