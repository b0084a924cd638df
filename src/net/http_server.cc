#include "net/http_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <list>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "base/times.h"
#include "net/http_head.h"
#include "net/http_parser.h"
#include "net/http_transfer.h"

namespace oxbow::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// All connections of a loop read into one buffer: a quiet connection holds none.
constexpr std::size_t kReadBytes = 16 * 1024;
/// What is still read of a refused request, so that the peer gets the answer and not a reset.
constexpr std::size_t kLingerBytesMax = 256 * 1024;
constexpr milliseconds kLingerDeadline{2'000};
/// After an accept failed (no more file descriptors), before the next.
constexpr milliseconds kAcceptPause{100};
constexpr milliseconds kSweepMin{5};
constexpr milliseconds kSweepMax{500};

// 127.0.0.1:8080, [::1]:8080
std::string endpoint_text(const tcp::endpoint& endpoint) {
    const bool v6 = endpoint.address().is_v6();
    return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.address().to_string(), v6 ? "]" : "",
                       endpoint.port());
}

std::string peer_of(const tcp::socket& socket) {
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return "unknown";
    return endpoint_text(endpoint);
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& loop, const tcp::endpoint& address, HttpHandler handler,
         HttpServerLimits limits);

    void start();
    void stop();
    tcp::endpoint address() const { return address_; }
    std::size_t connections() const { return connections_.size(); }

private:
    struct Connection {
        explicit Connection(tcp::socket accepted, HttpParserLimits limits)
            : socket(std::move(accepted)), parser(limits), peer(peer_of(socket)) {}

        tcp::socket socket;
        HttpParser parser;
        std::string peer;
        std::string unread;  // what a pipelining peer sent ahead; at most kReadBytes
        steady_clock::time_point deadline =
            steady_clock::time_point::max();  // of the wait under way
        bool drained = false;  // the last read took all there was: wait before the next
        bool idle = false;     // waits for the first byte of a request
        bool expired = false;  // the sweeper ended its wait
    };

    asio::awaitable<void> accept_all();
    asio::awaitable<void> sweep_all();
    asio::awaitable<void> serve(tcp::socket socket);
    asio::awaitable<void> converse(Connection& connection);
    asio::awaitable<bool> read_request(Connection& connection);
    asio::awaitable<bool> wait_readable(Connection& connection);
    asio::awaitable<bool> wait_writable(Connection& connection);
    asio::awaitable<bool> answer(Connection& connection);
    asio::awaitable<HttpResponse> ask_handler(const HttpRequest& request);
    asio::awaitable<void> refuse(Connection& connection, HttpRefusal refusal);
    asio::awaitable<bool> send(Connection& connection, HttpTransfer& transfer);
    asio::awaitable<void> send_stream(Connection& connection, HttpStream& stream);
    asio::awaitable<std::optional<std::string>> next_of(HttpStream& stream);
    asio::awaitable<void> linger(Connection& connection);

    bool receive(Connection& connection);
    void invite(Connection& connection);
    void abort(Connection& connection);
    void turn_away(tcp::socket& socket);
    std::string_view date();
    milliseconds sweep_period() const;

    tcp::acceptor acceptor_;
    asio::steady_timer sweep_timer_;
    tcp::endpoint address_;
    HttpHandler handler_;
    HttpServerLimits limits_;
    bool stopping_ = false;

    std::list<Connection*> connections_;
    std::array<char, kReadBytes> read_buffer_;
    std::string date_;
    std::chrono::sys_seconds date_second_{};
};

HttpServer::Impl::Impl(asio::io_context& loop, const tcp::endpoint& address, HttpHandler handler,
                       HttpServerLimits limits)
    : acceptor_(loop), sweep_timer_(loop), handler_(std::move(handler)), limits_(limits) {
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
}

void HttpServer::Impl::stop() {
    if (stopping_) return;
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    sweep_timer_.cancel();
    for (Connection* connection : connections_) {
        if (connection->idle) connection->socket.cancel(ignored);
    }
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
        if (connections_.size() >= limits_.connections_max) {
            turn_away(socket);
            continue;
        }
        const auto executor = acceptor_.get_executor();
        asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
    }
}

void HttpServer::Impl::turn_away(tcp::socket& socket) {
    HttpResponse response =
        refusal_response(503, "The server has as many connections as it may have.");
    response.extra_headers = "Retry-After: 1\r\n";
    std::string head = response_head(response, {.date = date(), .keep_alive = false});
    HttpTransfer transfer{std::move(head), std::move(response), true};
    boost::system::error_code ignored;
    socket.native_non_blocking(true, ignored);
    // One try: a peer that cannot take this much is not waited for.
    static_cast<void>(transfer.advance(socket.native_handle()));
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

milliseconds HttpServer::Impl::sweep_period() const {
    const milliseconds shortest =
        std::min({limits_.header_deadline, limits_.idle_deadline, limits_.write_deadline});
    return std::clamp(shortest / 4, kSweepMin, kSweepMax);
}

/// Ends waits whose deadline has passed: one timer for all connections instead of one for each.
asio::awaitable<void> HttpServer::Impl::sweep_all() {
    const auto self = shared_from_this();
    while (!stopping_ || !connections_.empty()) {
        sweep_timer_.expires_after(sweep_period());
        co_await sweep_timer_.async_wait(kAwait);
        const auto now = steady_clock::now();
        for (Connection* connection : connections_) {
            if (connection->deadline > now) continue;
            connection->expired = true;
            boost::system::error_code ignored;
            connection->socket.cancel(ignored);
        }
    }
}

asio::awaitable<void> HttpServer::Impl::serve(tcp::socket socket) {
    const auto self = shared_from_this();
    boost::system::error_code error;
    socket.set_option(tcp::no_delay(true), error);
    socket.native_non_blocking(true, error);
    if (error) co_return;

    Connection connection{
        std::move(socket),
        {.header_bytes_max = limits_.header_bytes_max, .body_bytes_max = limits_.body_bytes_max}};
    const auto place = connections_.insert(connections_.end(), &connection);
    struct Leave {
        std::list<Connection*>& all;
        std::list<Connection*>::iterator place;
        ~Leave() { all.erase(place); }
    } leave{connections_, place};
    co_await converse(connection);
}

/// Requests and answers until one side has enough.
asio::awaitable<void> HttpServer::Impl::converse(Connection& connection) {
    while (true) {
        const bool whole = co_await read_request(connection);
        if (connection.parser.state() == HttpParser::State::Refused) {
            co_await refuse(connection, connection.parser.refusal());
            break;
        }
        if (!whole && connection.expired && connection.parser.in_the_middle()) {
            co_await refuse(connection, {.status = 408, .why = "The request took too long."});
            break;
        }
        if (!whole) break;
        const bool stays = co_await answer(connection);
        if (!stays) break;
    }
}

/// Reads until the parser has a whole request; false when none comes any more.
asio::awaitable<bool> HttpServer::Impl::read_request(Connection& connection) {
    HttpParser& parser = connection.parser;
    connection.deadline = steady_clock::now() + limits_.idle_deadline;
    connection.idle = true;
    bool in_body = false;
    while (true) {
        if (connection.drained && connection.unread.empty()) {
            if (stopping_ && connection.idle) co_return false;
            const bool readable = co_await wait_readable(connection);
            if (!readable) co_return false;
        }
        const bool open = receive(connection);
        if (parser.state() == HttpParser::State::Refused) co_return false;
        if (parser.state() == HttpParser::State::Complete) break;
        if (!open) co_return false;
        if (connection.idle && parser.in_the_middle()) {
            connection.idle = false;
            connection.deadline = steady_clock::now() + limits_.header_deadline;
        }
        if (!in_body && parser.state() == HttpParser::State::Body) {
            in_body = true;
            connection.deadline = steady_clock::now() + limits_.write_deadline;
            if (parser.expects_continue()) invite(connection);
        }
    }
    connection.idle = false;
    connection.deadline = steady_clock::time_point::max();
    co_return true;
}

/// Feeds the parser once: what a pipelining peer sent ahead, else one buffer from the socket.
/// False when the peer has closed.
bool HttpServer::Impl::receive(Connection& connection) {
    if (!connection.unread.empty()) {
        const std::size_t used = connection.parser.feed(connection.unread);
        connection.unread.erase(0, used);
        return true;
    }
    const int socket = connection.socket.native_handle();
    const ssize_t count = ::recv(socket, read_buffer_.data(), read_buffer_.size(), 0);
    if (count == 0) return false;
    if (count < 0) {
        connection.drained = errno == EAGAIN || errno == EWOULDBLOCK;
        return connection.drained || errno == EINTR;
    }
    const std::string_view bytes{read_buffer_.data(), static_cast<std::size_t>(count)};
    connection.drained = bytes.size() < read_buffer_.size();
    connection.unread = bytes.substr(connection.parser.feed(bytes));
    return true;
}

void HttpServer::Impl::invite(Connection& connection) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    // Nothing else is under way to this peer, so the few bytes fit; if not, it sends on its own.
    static_cast<void>(::send(connection.socket.native_handle(), kContinue.data(), kContinue.size(),
                             MSG_NOSIGNAL));
}

asio::awaitable<bool> HttpServer::Impl::wait_readable(Connection& connection) {
    const auto [error] = co_await connection.socket.async_wait(tcp::socket::wait_read, kAwait);
    co_return !error && !connection.expired;
}

asio::awaitable<bool> HttpServer::Impl::wait_writable(Connection& connection) {
    const auto [error] = co_await connection.socket.async_wait(tcp::socket::wait_write, kAwait);
    co_return !error && !connection.expired;
}

/// Answers the parser's request; true when the connection stays open.
asio::awaitable<bool> HttpServer::Impl::answer(Connection& connection) {
    ParsedRequest parsed = connection.parser.take();
    parsed.request.peer = connection.peer;
    HttpResponse response = co_await ask_handler(parsed.request);

    const auto stream = response.stream;
    const bool stays = parsed.keep_alive && !stopping_ && !stream;
    std::string head =
        response_head(response, {.date = date(), .keep_alive = stays, .http_1_0 = parsed.http_1_0});
    HttpTransfer transfer{std::move(head), std::move(response), parsed.request.method != "HEAD"};
    const bool sent = co_await send(connection, transfer);
    if (sent && stream && parsed.request.method != "HEAD")
        co_await send_stream(connection, *stream);
    co_return sent&& stays;
}

/// Sends what the stream makes until it or the peer has enough, at the peer's pace.
asio::awaitable<void> HttpServer::Impl::send_stream(Connection& connection, HttpStream& stream) {
    while (true) {
        std::optional<std::string> bytes = co_await next_of(stream);
        if (!bytes) co_return;
        std::string_view rest = *bytes;
        connection.deadline = steady_clock::now() + limits_.write_deadline;
        while (!rest.empty()) {
            const ssize_t sent =
                ::send(connection.socket.native_handle(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent > 0) {
                rest.remove_prefix(static_cast<std::size_t>(sent));
                connection.deadline = steady_clock::now() + limits_.write_deadline;
                continue;
            }
            if (errno == EINTR) continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK) co_return;
            const bool writable = co_await wait_writable(connection);
            if (!writable) {
                abort(connection);
                co_return;
            }
        }
        connection.deadline = steady_clock::time_point::max();
    }
}

/// A stream that fails ends: its head is long sent.
asio::awaitable<std::optional<std::string>> HttpServer::Impl::next_of(HttpStream& stream) {
    try {
        std::optional<std::string> bytes = co_await stream.next();
        co_return bytes;
    } catch (const std::exception& error) {
        log::error("[http {}] a stream failed: {}", address_.port(), error.what());
    }
    co_return std::nullopt;
}

asio::awaitable<HttpResponse> HttpServer::Impl::ask_handler(const HttpRequest& request) {
    try {
        HttpResponse response = co_await handler_(request);
        co_return response;
    } catch (const std::exception& error) {
        log::error("[http {}] the handler of {} failed: {}", address_.port(),
                   log::printable(request.path), error.what());
    }
    co_return refusal_response(500, "The server failed to answer this request; its log says why.");
}

asio::awaitable<void> HttpServer::Impl::refuse(Connection& connection, HttpRefusal refusal) {
    connection.expired = false;
    HttpResponse response = refusal_response(refusal.status, refusal.why);
    std::string head = response_head(response, {.date = date(), .keep_alive = false});
    HttpTransfer transfer{std::move(head), std::move(response), true};
    const bool sent = co_await send(connection, transfer);
    if (sent) co_await linger(connection);
}

asio::awaitable<bool> HttpServer::Impl::send(Connection& connection, HttpTransfer& transfer) {
    connection.deadline = steady_clock::now() + limits_.write_deadline;
    while (true) {
        const std::uint64_t before = transfer.sent();
        const auto progress = transfer.advance(connection.socket.native_handle());
        if (progress == HttpTransfer::Progress::Failed) co_return false;
        if (progress == HttpTransfer::Progress::Done) break;
        if (transfer.sent() > before) {
            connection.deadline = steady_clock::now() + limits_.write_deadline;
        }
        const bool writable = co_await wait_writable(connection);
        if (!writable) {
            abort(connection);
            co_return false;
        }
    }
    connection.deadline = steady_clock::time_point::max();
    co_return true;
}

/// Closing resets the connection: the kernel need not keep megabytes for a reader that stopped.
void HttpServer::Impl::abort(Connection& connection) {
    // Not through Asio, whose destructor would take the option back.
    const ::linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(connection.socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once,
                 sizeof at_once);
}

/// Reads on for a while after a refusal: closing over unread bytes would reset the connection, and
/// the peer might never see the answer.
asio::awaitable<void> HttpServer::Impl::linger(Connection& connection) {
    boost::system::error_code ignored;
    connection.socket.shutdown(tcp::socket::shutdown_send, ignored);
    connection.deadline = steady_clock::now() + std::min(kLingerDeadline, limits_.idle_deadline);
    std::size_t read = 0;
    while (read < kLingerBytesMax) {
        const ssize_t count =
            ::recv(connection.socket.native_handle(), read_buffer_.data(), read_buffer_.size(), 0);
        if (count > 0) {
            read += static_cast<std::size_t>(count);
            continue;
        }
        if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) co_return;
        const bool readable = co_await wait_readable(connection);
        if (!readable) co_return;
    }
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
                       HttpServerLimits limits)
    : impl_(std::make_shared<Impl>(loop, address, std::move(handler), limits)) {
    impl_->start();
}

HttpServer::~HttpServer() {
    impl_->stop();
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
