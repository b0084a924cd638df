#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>

#include "app/settings.h"
#include "base/result.h"

namespace oxbow::app {

boost::asio::ip::tcp::endpoint endpoint_of(const ListenAddress& address);

// 127.0.0.1:8080, [::1]:8080
std::string host_and_port(const boost::asio::ip::tcp::endpoint& endpoint);

/// Fails when another program listens there: our own listeners share their port among the loops,
/// and the system would share it with a second server as well, which would get half of our viewers.
/// Exceptions: std::system_error.
void refuse_shared_port(const boost::asio::ip::tcp::endpoint& address);

/// Runs `listen`, which may throw std::system_error.
///
/// In:     the flag that chooses the address: "--http".
/// Errors: Unavailable  what was thrown, and what to do about it with that flag.
Result<void> listening(std::string_view flag, const std::function<void()>& listen);

}  // namespace oxbow::app
