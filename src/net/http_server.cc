#include "net/http_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <list>
#include <map>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "base/times.h"
#include "net/http_head.h"
#include "net/http_parser.h"
#include "net/http_transfer.h"
#include "net/readiness.h"

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
/// Requests that one connection has answered before others of the loop get their turn.
constexpr std::size_t kTurnRequestsMax = 32;
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

std::string peer_of(const tcp::socket& socket) {
    boost::system::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return "unknown";
    return endpoint_text(endpoint);
}

/// The addresses that one viewer may choose among: itself, or its IPv6 network of 64 bits.
asio::ip::address counted_address(const asio::ip::address& address) {
    if (address.is_v4()) return address;
    asio::ip::address_v6 v6 = address.to_v6();
    if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6);
    asio::ip::address_v6::bytes_type bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return asio::ip::address_v6{bytes};
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& loop, const tcp::endpoint& address, HttpHandler handler,
         HttpServerLimits limits);

    void start();
    void stop();
    void abandon();
    tcp::endpoint address() const { return address_; }
    std::size_t connections() const { return connections_.size(); }

private:
    using Time = steady_clock::time_point;

    struct Connection {
        explicit Connection(tcp::socket accepted, HttpParserLimits limits)
            : socket(std::move(accepted)), parser(limits), peer(peer_of(socket)) {}

        tcp::socket socket;
        Readiness::Socket readiness;
        HttpParser parser;
        std::string peer;
        asio::ip::address address;  // as counted
        std::string unread;         // what a pipelining peer sent ahead; at most kReadBytes
        std::optional<HttpTransfer> transfer;  // the answer under way
        std::shared_ptr<HttpStream> stream;    // what follows it, to the connection's end
        Time deadline = Time::max();           // of the wait under way
        Time answer_deadline = Time::max();    // of the whole answer under way
        bool from_proxy = false;               // one that is trusted
        std::size_t requests = 0;
        std::size_t idle_sweeps = 0;  // since the last byte of a request
        bool drained = false;         // the last read took all there was: wait before the next
        bool idle = false;            // waits for the first byte of a request
        bool expired = false;         // the sweeper ended its wait
    };
    /// How far reading a request came.
    enum class Step {
        Wait,     // until more bytes are there
        Whole,    // the parser has a request
        Refused,  // the parser says why
        Ended,    // the peer has closed, or nothing is read any more
    };

    asio::awaitable<void> accept_all();
    asio::awaitable<void> sweep_all();
    asio::awaitable<void> watch_all();
    void tell_time();
    void for_each_connection(auto visit);
    asio::awaitable<void> serve(tcp::socket socket);
    asio::awaitable<void> converse(Connection& connection);
    asio::awaitable<HttpResponse> await_answer(asio::awaitable<HttpResponse> pending,
                                               std::string_view path);
    asio::awaitable<bool> send_rest(Connection& connection);
    asio::awaitable<void> send_stream(Connection& connection);
    asio::awaitable<std::optional<std::string>> next_of(HttpStream& stream);
    asio::awaitable<void> refuse(Connection& connection, HttpRefusal refusal);
    asio::awaitable<void> linger(Connection& connection);

    void begin_request(Connection& connection);
    Step read_request(Connection& connection);
    bool receive(Connection& connection);
    void invite(Connection& connection);
    HttpAnswer ask_handler(const HttpRequest& request);
    HttpResponse failed(std::string_view path, const std::exception& error) const;
    bool begin_answer(Connection& connection, const ParsedRequest& parsed, HttpResponse response);
    void begin_transfer(Connection& connection, HttpResponse response, HeadContext context);
    void end_transfer(Connection& connection);
    void sweep(Connection& connection);
    void abort(Connection& connection);
    bool is_full_for(tcp::socket& socket);
    bool end_longest_idle_of(const asio::ip::address& address);
    void turn_away(tcp::socket& socket, const std::string& why);
    std::string_view date();
    milliseconds sweep_period() const;

    tcp::acceptor acceptor_;
    asio::steady_timer sweep_timer_;
    Readiness readiness_;
    tcp::endpoint address_;
    HttpHandler handler_;
    HttpServerLimits limits_;
    bool stopping_ = false;

    std::list<Connection*> connections_;
    std::map<asio::ip::address, std::size_t> connections_of_;  // by counted_address
    std::array<char, kReadBytes> read_buffer_;
    std::string spare_head_;  // memory for the head of the next answer
    /// Of the last sweep: a clock for deadlines that costs nothing, late by a sweep at most.
    Time now_ = steady_clock::now();
    std::string date_;
    std::chrono::sys_seconds date_second_{};
};

HttpServer::Impl::Impl(asio::io_context& loop, const tcp::endpoint& address, HttpHandler handler,
                       HttpServerLimits limits)
    : acceptor_(loop),
      sweep_timer_(loop),
      readiness_(loop),
      handler_(std::move(handler)),
      limits_(std::move(limits)) {
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
        if (connection.idle) Readiness::wake(connection.readiness);
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
    }
}

void HttpServer::Impl::sweep(Connection& connection) {
    // A connection that is quiet for two sweeps holds no memory for its next request.
    if (connection.idle && ++connection.idle_sweeps == 2) {
        connection.parser.release();
        connection.unread.shrink_to_fit();
    }
    if (std::min(connection.deadline, connection.answer_deadline) > now_) return;
    connection.expired = true;
    Readiness::wake(connection.readiness);
}

asio::awaitable<void> HttpServer::Impl::serve(tcp::socket socket) {
    const auto self = shared_from_this();
    boost::system::error_code error;
    socket.set_option(tcp::no_delay(true), error);
    socket.native_non_blocking(true, error);
    if (error) co_return;
    const auto peer = socket.remote_endpoint(error);
    if (error) co_return;

    Connection connection{
        std::move(socket),
        {.header_bytes_max = limits_.header_bytes_max, .body_bytes_max = limits_.body_bytes_max}};
    connection.from_proxy = limits_.trusted_proxies.contain(peer.address());
    const auto place = connections_.insert(connections_.end(), &connection);
    connection.address = counted_address(peer.address());
    const auto of = connections_of_.try_emplace(connection.address, 0).first;
    ++of->second;
    struct Leave {
        Impl& server;
        std::list<Connection*>::iterator place;
        std::map<asio::ip::address, std::size_t>::iterator of;
        ~Leave() {
            server.connections_.erase(place);
            if (--of->second == 0) server.connections_of_.erase(of);
        }
    } leave{*this, place, of};
    if (!readiness_.add(connection.socket.native_handle(), connection.readiness)) co_return;
    co_await converse(connection);
    readiness_.remove(connection.socket.native_handle());
}

/// Requests and answers until one side has enough. What is there already is read, answered and sent
/// without a wait and without a coroutine of its own.
asio::awaitable<void> HttpServer::Impl::converse(Connection& connection) {
    for (std::size_t turn = 0;; ++turn) {
        begin_request(connection);
        Step step = read_request(connection);
        while (step == Step::Wait) {
            turn = 0;
            co_await readiness_.wait(connection.readiness);
            step = connection.expired ? Step::Ended : read_request(connection);
        }
        if (step != Step::Whole) break;
        connection.idle = false;
        connection.deadline = Time::max();

        ParsedRequest& parsed = connection.parser.take();
        parsed.request.peer = connection.peer;
        parsed.request.from_proxy = connection.from_proxy;
        HttpAnswer answer = ask_handler(parsed.request);
        if (auto* const pending = std::get_if<asio::awaitable<HttpResponse>>(&answer)) {
            HttpResponse awaited = co_await await_answer(std::move(*pending), parsed.request.path);
            answer = std::move(awaited);
        }
        const bool stays =
            begin_answer(connection, parsed, std::get<HttpResponse>(std::move(answer)));
        auto progress = connection.transfer->advance(connection.socket.native_handle());
        if (progress != HttpTransfer::Progress::Done &&
            progress != HttpTransfer::Progress::Failed) {
            const bool sent = co_await send_rest(connection);
            progress = sent ? HttpTransfer::Progress::Done : HttpTransfer::Progress::Failed;
        }
        end_transfer(connection);
        if (progress != HttpTransfer::Progress::Done) co_return;
        if (connection.stream) co_await send_stream(connection);
        if (!stays) co_return;
        // A peer that pipelines without end lets the others have their turn.
        if (turn == kTurnRequestsMax) {
            turn = 0;
            co_await asio::post(connection.socket.get_executor(), asio::use_awaitable);
        }
    }
    HttpParser& parser = connection.parser;
    if (parser.state() == HttpParser::State::Refused) {
        co_await refuse(connection, parser.refusal());
    } else if (connection.expired && parser.in_the_middle()) {
        co_await refuse(connection, {.status = 408, .why = "The request took too long."});
    }
}

void HttpServer::Impl::begin_request(Connection& connection) {
    connection.deadline = now_ + limits_.idle_deadline + sweep_period();
    connection.idle = true;
    connection.idle_sweeps = 0;
}

/// Reads as far as bytes are there.
HttpServer::Impl::Step HttpServer::Impl::read_request(Connection& connection) {
    HttpParser& parser = connection.parser;
    while (true) {
        if (connection.drained && connection.unread.empty()) {
            connection.drained = false;
            return stopping_ && connection.idle ? Step::Ended : Step::Wait;
        }
        const bool was_in_body = parser.state() == HttpParser::State::Body;
        const bool open = receive(connection);
        if (parser.state() == HttpParser::State::Refused) return Step::Refused;
        if (parser.state() == HttpParser::State::Complete) return Step::Whole;
        if (!open) return Step::Ended;
        if (connection.idle && parser.in_the_middle()) {
            connection.idle = false;
            connection.deadline = now_ + limits_.header_deadline + sweep_period();
        }
        if (!was_in_body && parser.state() == HttpParser::State::Body) {
            connection.deadline = now_ + limits_.body_deadline + sweep_period();
            if (parser.expects_continue()) invite(connection);
        }
    }
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
    // Behind a short read nothing is left but, perhaps, the end, of which nobody would tell again.
    connection.drained = bytes.size() < read_buffer_.size() && !connection.readiness.closed;
    connection.unread = bytes.substr(connection.parser.feed(bytes));
    return true;
}

void HttpServer::Impl::invite(Connection& connection) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    // Nothing else is under way to this peer, so the few bytes fit; if not, it sends on its own.
    static_cast<void>(::send(connection.socket.native_handle(), kContinue.data(), kContinue.size(),
                             MSG_NOSIGNAL));
}

HttpAnswer HttpServer::Impl::ask_handler(const HttpRequest& request) {
    try {
        return handler_(request);
    } catch (const std::exception& error) {
        return failed(request.path, error);
    }
}

asio::awaitable<HttpResponse> HttpServer::Impl::await_answer(asio::awaitable<HttpResponse> pending,
                                                             std::string_view path) {
    std::optional<HttpResponse> failure;
    try {
        HttpResponse response = co_await std::move(pending);
        co_return response;
    } catch (const std::exception& error) {
        failure = failed(path, error);
    }
    co_return std::move(*failure);
}

HttpResponse HttpServer::Impl::failed(std::string_view path, const std::exception& error) const {
    log::error("[http {}] the handler of {} failed: {}", address_.port(), log::printable(path),
               error.what());
    return refusal_response(500, "The server failed to answer this request; its log says why.");
}

/// True when the connection stays open behind this answer.
bool HttpServer::Impl::begin_answer(Connection& connection, const ParsedRequest& parsed,
                                    HttpResponse response) {
    const bool last = ++connection.requests >= limits_.requests_per_connection_max;
    const bool stays = parsed.keep_alive && !stopping_ && !last && !response.stream;
    begin_transfer(connection, std::move(response),
                   {.date = date(),
                    .keep_alive = stays,
                    .http_1_0 = parsed.http_1_0,
                    .only = parsed.request.method == "HEAD"});
    return stays;
}

void HttpServer::Impl::begin_transfer(Connection& connection, HttpResponse response,
                                      HeadContext context) {
    write_head(spare_head_, response, context);
    if (context.only) response = {};
    connection.stream = std::move(response.stream);
    connection.transfer.emplace(std::move(spare_head_), std::move(response.body));
}

void HttpServer::Impl::end_transfer(Connection& connection) {
    spare_head_ = connection.transfer->release_head();
    connection.transfer.reset();
    connection.deadline = Time::max();
    connection.answer_deadline = Time::max();
}

asio::awaitable<void> HttpServer::Impl::refuse(Connection& connection, HttpRefusal refusal) {
    connection.expired = false;
    connection.idle = false;
    begin_transfer(connection, refusal_response(refusal.status, refusal.why),
                   {.date = date(), .keep_alive = false});
    const bool sent = co_await send_rest(connection);
    end_transfer(connection);
    if (sent) co_await linger(connection);
}

/// Sends on whenever the socket takes more, until all is sent or a deadline passes.
asio::awaitable<bool> HttpServer::Impl::send_rest(Connection& connection) {
    HttpTransfer& transfer = *connection.transfer;
    const milliseconds whole{transfer.left() * 1000 / limits_.answer_bytes_per_second_min};
    connection.answer_deadline = now_ + limits_.write_deadline + whole + sweep_period();
    connection.deadline = now_ + limits_.write_deadline + sweep_period();
    while (true) {
        const std::uint64_t before = transfer.left();
        const auto progress = transfer.advance(connection.socket.native_handle());
        if (progress == HttpTransfer::Progress::Done) co_return true;
        if (progress == HttpTransfer::Progress::Failed) co_return false;
        if (transfer.left() < before) {
            connection.deadline = now_ + limits_.write_deadline + sweep_period();
        }
        if (progress == HttpTransfer::Progress::Paused) {
            co_await asio::post(connection.socket.get_executor(), asio::use_awaitable);
            continue;
        }
        co_await readiness_.wait(connection.readiness);
        if (connection.expired) {
            abort(connection);
            co_return false;
        }
    }
}

/// Sends what the stream makes until it or the peer has enough. Each piece has the deadlines of an
/// answer: who reads too slowly is cut off, and holds one piece meanwhile.
asio::awaitable<void> HttpServer::Impl::send_stream(Connection& connection) {
    connection.parser.release();  // there is no next request
    while (true) {
        std::optional<std::string> bytes = co_await next_of(*connection.stream);
        if (!bytes) co_return;
        connection.transfer.emplace(std::move(*bytes), HttpBody{});
        const bool sent = co_await send_rest(connection);
        end_transfer(connection);
        if (!sent) co_return;
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
    connection.deadline = now_ + std::min(kLingerDeadline, limits_.idle_deadline) + sweep_period();
    std::size_t read = 0;
    while (read < kLingerBytesMax) {
        const ssize_t count =
            ::recv(connection.socket.native_handle(), read_buffer_.data(), read_buffer_.size(), 0);
        if (count > 0) {
            read += static_cast<std::size_t>(count);
            continue;
        }
        if (count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) co_return;
        co_await readiness_.wait(connection.readiness);
        if (connection.expired) co_return;
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
    : impl_(std::make_shared<Impl>(loop, address, std::move(handler), std::move(limits))) {
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
