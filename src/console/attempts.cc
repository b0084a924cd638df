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

std::string address_of(std::string_view peer) {
    std::string_view host = peer.substr(0, peer.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
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

std::optional<std::chrono::milliseconds> SignInAttempts::wait(std::string_view peer,
                                                              SteadyTime now) {
    const std::scoped_lock lock{mutex_};
    const Failures& failures = failures_of(peer, now);
    if (failures.size() < kFailuresMax) return std::nullopt;
    return failures.front() + kFailureWindow - now;
}

void SignInAttempts::failed(std::string_view peer, SteadyTime now) {
    const std::scoped_lock lock{mutex_};
    Failures& failures = failures_of(peer, now);
    failures.push_back(now);
    if (failures.size() > kFailuresMax) failures.pop_front();
}

std::size_t SignInAttempts::size() const {
    const std::scoped_lock lock{mutex_};
    return failures_.size();
}

SignInAttempts::Failures& SignInAttempts::failures_of(std::string_view peer, SteadyTime now) {
    std::string address = address_of(peer);
    if (!failures_.contains(address) && failures_.size() >= kAddressesMax) {
        for (auto& [known, failures] : failures_) forget_old(failures, now);
        std::erase_if(failures_, [](const auto& entry) { return entry.second.empty(); });
        if (failures_.size() >= kAddressesMax) address = kAllOthers;
    }
    Failures& failures = failures_[address];
    forget_old(failures, now);
    return failures;
}

}  // namespace oxbow::console
