#include "ingest/rtmp_server.h"

#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "ingest/connections.h"
#include "ingest/line.h"
#include "ingest/rtmp_connection.h"

namespace oxbow::ingest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kAcceptPause{
    1'000};  // after the system refused, out of files say

// 127.0.0.1:53422      [2001:db8::7]:53422
std::string to_text(const tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    if (endpoint.address().is_v6()) return fmt::format("[{}]:{}", address, endpoint.port());
    return fmt::format("{}:{}", address, endpoint.port());
}

tcp::acceptor listen(asio::io_context& loop, const tcp::endpoint& address, std::string_view name) {
    boost::system::error_code error;
    tcp::acceptor acceptor(loop);
    acceptor.open(address.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(address, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) {
        throw std::system_error(error,
                                fmt::format("{} cannot listen on {}", name, to_text(address)));
    }
    return acceptor;
}

}  // namespace

class RtmpServer::Impl : public std::enable_shared_from_this<RtmpServer::Impl> {
public:
    Impl(asio::io_context& loop, const tcp::endpoint& address, PublishGate& gate, RtmpLimits limits,
         std::shared_ptr<const net::TlsCertificate> certificate)
        : acceptor_(listen(loop, address, certificate ? "RTMPS" : "RTMP")),
          address_(acceptor_.local_endpoint()),
          gate_(gate),
          limits_(limits),
          certificate_(std::move(certificate)),
          connections_(std::make_shared<Connections>(limits.connections_max,
                                                     limits.waiting_per_address_max)),
          pause_(loop) {}

    const tcp::endpoint& address() const { return address_; }

    void start() {
        asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()), asio::detached);
    }

    void stop() {
        asio::dispatch(acceptor_.get_executor(), [self = shared_from_this()] {
            boost::system::error_code ignored;
            self->acceptor_.close(ignored);
            self->pause_.cancel();
            self->connections_->stop_all("the server stops");
        });
    }

private:
    static asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
        while (self->acceptor_.is_open()) {
            tcp::endpoint peer;
            auto [error, socket] = co_await self->acceptor_.async_accept(peer, kAwait);
            if (!error) {
                self->welcome(std::move(socket), peer);
            } else if (self->acceptor_.is_open()) {
                log::error("[rtmp {}] cannot accept a connection ({}); trying again in a second",
                           to_text(self->address_), error.message());
                self->pause_.expires_after(kAcceptPause);
                co_await self->pause_.async_wait(kAwait);
            }
        }
    }

    void welcome(tcp::socket socket, const tcp::endpoint& peer) {
        auto slot = connections_->admit(peer.address().to_string());
        if (!slot) {
            // A flood is one line, not one per connection.
            if (!refusing_) log::warning("[rtmp {}] refused: {}", to_text(peer), slot.error().what);
            refusing_ = true;
            return;
        }
        refusing_ = false;
        boost::system::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        auto line = std::make_shared<Line>(std::move(socket),
                                           certificate_ ? certificate_->newest() : nullptr);
        std::make_shared<RtmpConnection>(std::move(line), to_text(peer), std::move(*slot), gate_,
                                         limits_)
            ->start();
    }

    tcp::acceptor acceptor_;
    const tcp::endpoint address_;
    PublishGate& gate_;
    const RtmpLimits limits_;
    const std::shared_ptr<const net::TlsCertificate> certificate_;  // null: plain
    const std::shared_ptr<Connections> connections_;
    asio::steady_timer pause_;
    bool refusing_ = false;  // the last connection was above a limit
};

RtmpServer::RtmpServer(asio::io_context& loop, const tcp::endpoint& address, PublishGate& gate,
                       RtmpLimits limits, std::shared_ptr<const net::TlsCertificate> certificate)
    : impl_(std::make_shared<Impl>(loop, address, gate, limits, std::move(certificate))) {
    impl_->start();
}

RtmpServer::~RtmpServer() {
    stop();
}

tcp::endpoint RtmpServer::address() const {
    return impl_->address();
}

void RtmpServer::stop() {
    impl_->stop();
}

}  // namespace oxbow::ingest
