#include "net/http_server.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "base/times.h"
#include "net/http_server_impl.h"

namespace oxbow::net {
namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// After an accept failed (no more file descriptors), before the next.
constexpr milliseconds kAcceptPause{100};
constexpr milliseconds kSweepMin{5};
constexpr milliseconds kSweepMax{500};
/// A sweep this late tells that our process or its machine stood still.
constexpr milliseconds kStoodStill{500};

// 127.0.0.1:8080, [::1]:8080
std::string endpoint_text(const tcp::endpoint& endpoint) {
    const bool v6 = endpoint.address().is_v6();
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.address().to_string(), v6 ? "]" : "",
                       endpoint.port());
}

}  // namespace

asio::ip::address HttpServer::Impl::counted_address(const asio::ip::address& address) {
    if (address.is_v4()) return address;
    asio::ip::address_v6 v6 = address.to_v6();
    if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6);
    asio::ip::address_v6::bytes_type bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return asio::ip::address_v6{bytes};
}

std::string HttpServer::Impl::Connection::peer_of(const tcp::socket& socket) {
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return "unknown";
    return endpoint_text(endpoint);
}

HttpServer::Impl::Impl(asio::io_context& loop, const tcp::endpoint& address, HttpHandler handler,
                       HttpServerLimits limits, std::shared_ptr<const TlsCertificate> certificate,
                       HttpObserver observer)
    : acceptor_(loop),
      sweep_timer_(loop),
      readiness_(loop),
      handler_(std::move(handler)),
      limits_(std::move(limits)),
      certificate_(std::move(certificate)),
      observer_(std::move(observer)) {
    // sendfile has no MSG_NOSIGNAL: a viewer who leaves must not end the server.
    std::signal(SIGPIPE, SIG_IGN);
    boost::system::error_code error;
    acceptor_.open(address.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    const int on = 1;
    if (!error &&
        ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
        error.assign(errno, boost::system::system_category());
    }
    if (!error) acceptor_.bind(address, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        throw std::system_error(error, "cannot listen on " + endpoint_text(address));
    }
    address_ = acceptor_.local_endpoint();
}

void HttpServer::Impl::start() {
    const auto& executor = acceptor_.get_executor();
    // The frames keep the server alive until the loop has let go of them.
    asio::co_spawn(
        executor, [self = shared_from_this()] { return self->accept_all(); }, asio::detached);
    asio::co_spawn(
        executor, [self = shared_from_this()] { return self->sweep_all(); }, asio::detached);
    asio::co_spawn(
        executor, [self = shared_from_this()] { return self->watch_all(); }, asio::detached);
}

void HttpServer::Impl::stop() {
    if (stopping_) return;
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    sweep_timer_.cancel();
    for_each_connection([](Connection& connection) {
        if (connection.idle || connection.http2) Readiness::wake(connection.readiness);
    });
}

/// Calls `visit` with each; it may end that connection, but no other.
void HttpServer::Impl::for_each_connection(auto visit) {
    for (auto next = connections_.begin(); next != connections_.end();) {
        Connection& connection = **next++;
        visit(connection);
    }
}

/// Ends connections that wait, when the loop does not run any more.
void HttpServer::Impl::abandon() {
    stop();
    for_each_connection([](Connection& connection) {
        // The wait owns the connection's coroutine, and that the connection.
        const auto waiting = std::exchange(connection.readiness.waiting, nullptr);
    });
}

asio::awaitable<void> HttpServer::Impl::watch_all() {
    const auto self = shared_from_this();
    co_await readiness_.run();
}

asio::awaitable<void> HttpServer::Impl::accept_all() {
    const auto self = shared_from_this();
    while (!stopping_) {
        auto [error, socket] = co_await acceptor_.async_accept(kAwait);
        if (stopping_) break;
        if (error) {
            log::warning("[http {}] no connection accepted: {}", address_.port(), error.message());
            asio::steady_timer pause{acceptor_.get_executor(), kAcceptPause};
            co_await pause.async_wait(kAwait);
            continue;
        }
        if (is_full_for(socket)) continue;
        const auto executor = acceptor_.get_executor();
        asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
    }
}

/// Turns the peer away, and says so, when it would be one connection too many.
bool HttpServer::Impl::is_full_for(tcp::socket& socket) {
    if (connections_.size() >= limits_.connections_max) {
        turn_away(socket, "The server has as many connections as it may have.");
        return true;
    }
    boost::system::error_code error;
    const auto peer = socket.remote_endpoint(error).address();
    const auto found = error ? connections_of_.end() : connections_of_.find(counted_address(peer));
    if (found == connections_of_.end() || found->second < limits_.connections_per_address_max ||
        limits_.trusted_proxies.contain(peer)) {
        return false;
    }
    if (end_longest_idle_of(found->first)) return false;
    turn_away(socket, "Your address has as many connections as one address may have.");
    return true;
}

/// A whole school may watch from one address: who asks now goes before who only might ask again.
/// False when none of the address's connections is idle.
bool HttpServer::Impl::end_longest_idle_of(const asio::ip::address& address) {
    Connection* longest = nullptr;
    for (Connection* const connection : connections_) {
        const bool idle = connection->idle && connection->readiness.waiting;
        if (!idle || connection->address != address) continue;
        if (!longest || connection->deadline < longest->deadline) longest = connection;
    }
    if (!longest) return false;
    longest->expired = true;
    Readiness::wake(longest->readiness);
    return true;
}

void HttpServer::Impl::turn_away(tcp::socket& socket, const std::string& why) {
    if (certificate_) return;  // a handshake would cost more than the answer is worth
    HttpResponse response = refusal_response(503, why);
    response.extra_headers = "Retry-After: 1\r\n";
    std::string head;
    write_head(head, response, {.date = date(), .keep_alive = false});
    HttpTransfer transfer{std::move(head), std::move(response.body)};
    boost::system::error_code ignored;
    socket.native_non_blocking(true, ignored);
    // One try: a peer that cannot take this much is not waited for.
    static_cast<void>(transfer.advance(socket.native_handle()));
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

milliseconds HttpServer::Impl::sweep_period() const {
    const milliseconds shortest = std::min({limits_.header_deadline, limits_.body_deadline,
                                            limits_.idle_deadline, limits_.write_deadline});
    return std::clamp(shortest / 4, kSweepMin, kSweepMax);
}

/// Ends waits whose deadline has passed: one timer for all connections instead of one for each.
asio::awaitable<void> HttpServer::Impl::sweep_all() {
    const auto self = shared_from_this();
    while (!stopping_ || !connections_.empty()) {
        sweep_timer_.expires_after(sweep_period());
        co_await sweep_timer_.async_wait(kAwait);
        tell_time();
        for_each_connection([this](Connection& connection) { sweep(connection); });
    }
    readiness_.stop();
}

/// Moves now_ on. Time in which this process or its machine stood still is nobody's fault: it
/// counts for no deadline.
void HttpServer::Impl::tell_time() {
    const Time before = std::exchange(now_, steady_clock::now());
    const auto stood_still = now_ - before - sweep_period();
    if (stood_still < kStoodStill) return;
    const auto later = [&](Time& deadline) {
        if (deadline != Time::max()) deadline += stood_still;
    };
    for (Connection* const connection : connections_) {
        later(connection->deadline);
        later(connection->answer_deadline);
        if (connection->http2) connection->http2->session.stood_still(stood_still);
    }
}

void HttpServer::Impl::sweep(Connection& connection) {
    // A connection that is quiet for two sweeps holds no memory for its next request.
    if (connection.idle && ++connection.idle_sweeps == 2) {
        connection.parser.release();
        connection.unread.shrink_to_fit();
    }
    if (connection.tls) connection.tls->release();
    if (connection.http2 && connection.http2->session.sweep(now_))
        Readiness::wake(connection.readiness);
    if (std::min(connection.deadline, connection.answer_deadline) > now_) return;
    connection.expired = true;
    Readiness::wake(connection.readiness);
}

std::string_view HttpServer::Impl::date() {
    const WallTime now = SystemClock{}.wall();
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    if (second != date_second_) {
        date_second_ = second;
        date_ = http_date(now);
    }
    return date_;
}

HttpServer::HttpServer(asio::io_context& loop, const tcp::endpoint& address, HttpHandler handler,
                       HttpServerLimits limits, std::shared_ptr<const TlsCertificate> certificate,
                       HttpObserver observer)
    : impl_(std::make_shared<Impl>(loop, address, std::move(handler), std::move(limits),
                                   std::move(certificate), std::move(observer))) {
    impl_->start();
}

HttpServer::~HttpServer() {
    impl_->abandon();
}

tcp::endpoint HttpServer::address() const {
    return impl_->address();
}

std::size_t HttpServer::connections() const {
    return impl_->connections();
}

void HttpServer::stop() {
    impl_->stop();
}

}  // namespace oxbow::net
