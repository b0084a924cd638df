#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>
#include <sys/socket.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/ensure.h"
#include "base/log.h"
#include "net/http_server_impl.h"

namespace oxbow::net {
namespace {

/// An empty one is the last. Source: RFC 9112 §7.1.
std::string chunk_of(const std::string& bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

/// What is still read of a refused request, so that the peer gets the answer and not a reset.
constexpr std::size_t kLingerBytesMax = 256 * 1024;
constexpr milliseconds kLingerDeadline{2'000};
/// Requests that one connection has answered before others of the loop get their turn.
constexpr std::size_t kTurnRequestsMax = 32;
const HttpRequest kNoRequest;
/// What is spoken behind TLS.
const std::string kProtocols = "\2h2\10http/1.1";

}  // namespace

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
    bool speaks = true;
    if (certificate_) speaks = co_await shake_hands(connection);
    const bool by_http2 = speaks && connection.tls && connection.tls->protocol() == "h2";
    if (by_http2) {
        co_await converse_by_http2(connection);
    } else if (speaks) {
        co_await converse(connection);
    }
    if (connection.tls) connection.tls->close();
    readiness_.remove(connection.socket.native_handle());
}

/// False when there is no TLS with this peer. Meanwhile it counts as idle: who asks goes before.
asio::awaitable<bool> HttpServer::Impl::shake_hands(Connection& connection) {
    using Status = TlsStream::Status;
    connection.tls = std::make_unique<TlsStream>(certificate_->newest(),
                                                 connection.socket.native_handle(), kProtocols);
    connection.deadline = now_ + limits_.header_deadline + sweep_period();
    connection.idle = true;
    Status status = connection.tls->handshake();
    while (status == Status::Blocked) {
        co_await readiness_.wait(connection.readiness);
        if (connection.expired || stopping_) co_return false;
        status = connection.tls->handshake();
    }
    connection.idle = false;
    if (status == Status::NotTls) {
        connection.tls.reset();
        co_await refuse(connection,
                        {.status = 400, .why = "This port speaks HTTPS: ask it with https://."});
    }
    co_return status == Status::Done;
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

        if (observer_.in_full) connection.begun = steady_clock::now();

        ParsedRequest& parsed = connection.parser.take();
        parsed.request.peer = connection.peer;
        parsed.request.from_proxy = connection.from_proxy;
        parsed.request.secure = connection.tls != nullptr;
        HttpAnswer answer = ask_handler(parsed.request);
        if (auto* const pending = std::get_if<asio::awaitable<HttpResponse>>(&answer)) {
            HttpResponse awaited = co_await await_answer(std::move(*pending), parsed.request.path);
            answer = std::move(awaited);
        }
        const bool stays =
            begin_answer(connection, parsed, std::get<HttpResponse>(std::move(answer)));
        auto progress = advance(connection);
        if (progress != HttpTransfer::Progress::Done &&
            progress != HttpTransfer::Progress::Failed) {
            const bool sent = co_await send_rest(connection);
            progress = sent ? HttpTransfer::Progress::Done : HttpTransfer::Progress::Failed;
        }
        end_transfer(connection);
        bool complete = progress == HttpTransfer::Progress::Done;
        const bool streams = complete && connection.stream != nullptr;
        if (streams) {
            const bool ended = co_await send_stream(connection);
            complete = ended;
        }
        const bool is_gone = streams && !observer_.in_full;
        tell(connection, is_gone ? kNoRequest : parsed.request, complete);
        if (!complete || !stays) co_return;
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
    if (connection.tls) return receive_records(connection);
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

bool HttpServer::Impl::receive_records(Connection& connection) {
    const auto read = connection.tls->read(read_buffer_);
    if (read.status == TlsStream::Status::Blocked) {
        connection.drained = true;
        return true;
    }
    if (read.status != TlsStream::Status::Done) return false;
    const std::string_view bytes{read_buffer_.data(), read.bytes};
    connection.drained = connection.tls->drained() && !connection.readiness.closed;
    connection.unread = bytes.substr(connection.parser.feed(bytes));
    return true;
}

HttpTransfer::Progress HttpServer::Impl::advance(Connection& connection) {
    if (connection.tls) return connection.transfer->advance(*connection.tls);
    return connection.transfer->advance(connection.socket.native_handle());
}

void HttpServer::Impl::invite(Connection& connection) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (connection.tls) {
        const auto written = connection.tls->write(as_bytes(kContinue));
        // What TLS has begun to write cannot be left: such a peer is let go.
        if (written.status != TlsStream::Status::Done)
            ::shutdown(connection.socket.native_handle(), SHUT_RDWR);
        return;
    }
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
    connection.outcome.protocol = parsed.http_1_0 ? "HTTP/1.0" : "HTTP/1.1";
    return stays;
}

void HttpServer::Impl::begin_transfer(Connection& connection, HttpResponse response,
                                      HeadContext context) {
    write_head(spare_head_, response, context);
    connection.outcome = {.status = response.status, .mark = response.mark};
    if (context.only) response = {};
    connection.outcome.bytes = response.body.size();  // less what is left when it ends
    connection.stream = std::move(response.stream);
    connection.in_chunks =
        connection.stream && connection.stream->shows_its_end() && !context.http_1_0;
    ENSURE(!connection.in_chunks || response.body.size() == 0);
    connection.transfer.emplace(std::move(spare_head_), std::move(response.body));
}

void HttpServer::Impl::end_transfer(Connection& connection) {
    const std::uint64_t left = connection.transfer->left();
    connection.outcome.bytes -= std::min(connection.outcome.bytes, left);
    spare_head_ = connection.transfer->release_head();
    connection.transfer.reset();
    connection.deadline = Time::max();
    connection.answer_deadline = Time::max();
}

/// Tells the observer what became of the answer that was under way.
void HttpServer::Impl::tell(Connection& connection, const HttpRequest& request, bool complete) {
    if (!observer_.answered) return;
    connection.outcome.complete = complete;
    if (observer_.in_full) connection.outcome.took = steady_clock::now() - connection.begun;
    observer_.answered(request, connection.outcome);
}

asio::awaitable<void> HttpServer::Impl::refuse(Connection& connection, HttpRefusal refusal) {
    connection.expired = false;
    connection.idle = false;
    begin_transfer(connection, refusal_response(refusal.status, refusal.why),
                   {.date = date(), .keep_alive = false});
    const bool sent = co_await send_rest(connection);
    end_transfer(connection);
    if (observer_.in_full) connection.begun = steady_clock::now();
    tell(connection, {.peer = connection.peer}, sent);
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
        const auto progress = advance(connection);
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
/// False when the peer had enough first.
asio::awaitable<bool> HttpServer::Impl::send_stream(Connection& connection) {
    // There is no next request; this one is kept for who wants to know which it was.
    if (!observer_.in_full) connection.parser.release();
    while (true) {
        std::optional<std::string> bytes = co_await next_of(*connection.stream);
        const bool over = !bytes;
        if (over && connection.stream->was_cut()) {
            abort(connection);
            co_return false;
        }
        if (over && !connection.in_chunks) co_return true;
        std::string piece = std::move(bytes).value_or(std::string{});
        connection.outcome.bytes += piece.size();
        if (connection.in_chunks) piece = chunk_of(piece);
        connection.transfer.emplace(std::move(piece), HttpBody{});
        const bool sent = co_await send_rest(connection);
        end_transfer(connection);
        if (!sent) co_return false;
        if (over) co_return true;
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
    if (connection.tls) connection.tls->close();
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

}  // namespace oxbow::net
