#include "app/listening.h"

#include <system_error>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

namespace oxbow::app {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

/// What to do about an address that cannot be listened on.
std::string advice(const std::error_code& error, std::string_view flag) {
    if (error == std::errc::address_in_use)
        return fmt::format("stop the program that listens there, or choose another with {}", flag);
    if (error == std::errc::permission_denied)
        return fmt::format("choose a port from 1024 up with {}", flag);
    if (error == std::errc::address_not_available)
        return fmt::format("choose an address of this machine with {}", flag);
    return fmt::format("mend that, or choose another address with {}", flag);
}

}  // namespace

tcp::endpoint endpoint_of(const ListenAddress& address) {
    return {asio::ip::make_address(address.host), address.port};
}

std::string host_and_port(const tcp::endpoint& endpoint) {
    const std::string host = endpoint.address().to_string();
    return fmt::format("{}:{}", endpoint.address().is_v6() ? fmt::format("[{}]", host) : host,
                       endpoint.port());
}

void refuse_shared_port(const tcp::endpoint& address) {
    if (address.port() == 0) return;
    asio::io_context unused;
    tcp::acceptor probe{unused};
    boost::system::error_code error;
    probe.open(address.protocol());
    probe.set_option(tcp::acceptor::reuse_address(true));
    probe.bind(address, error);
    if (!error) probe.listen(1, error);
    if (error)
        throw std::system_error(error, fmt::format("cannot listen on {}", host_and_port(address)));
}

Result<void> listening(std::string_view flag, const std::function<void()>& listen) {
    try {
        listen();
        return {};
    } catch (const std::system_error& error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("{}; {}", error.what(), advice(error.code(), flag)));
    }
}

}  // namespace oxbow::app
