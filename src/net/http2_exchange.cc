#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include <sys/socket.h>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "net/http_server_impl.h"

namespace oxbow::net {
namespace {

/// Of kReadBytes each, before other connections of the loop get their turn.
constexpr std::size_t kTurnReadsMax = 8;

/// Ends when `stream.on_sent` is called.
asio::awaitable<void> parked(Http2Stream& stream) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [](auto handler, Http2Stream* of) {
            // Not at once: it is nghttp2 that tells, and it is not to be asked meanwhile.
            of->on_sent = [handler = std::move(handler)]() mutable {
                const auto executor = asio::get_associated_executor(handler);
                asio::post(executor, std::move(handler));
            };
        },
        asio::use_awaitable, &stream);
}

/// Until what is there of the body went out, or the stream is closed.
asio::awaitable<void> sent(Http2Stream& stream) {
    if (!stream.sending) co_return;
    co_await parked(stream);
}

}  // namespace

/// An answer that is worked at: counts for its connection until it is done.
class HttpServer::Impl::Work {
public:
    Work(std::shared_ptr<Impl> server, std::shared_ptr<Http2> http2,
         std::shared_ptr<Http2Stream> stream)
        : server_(std::move(server)), http2_(std::move(http2)), stream_(std::move(stream)) {
        http2_->session.begin_work();
    }
    Work(Work&&) = default;
    Work& operator=(Work&&) = delete;
    ~Work() {
        if (!http2_) return;
        stream_->on_closed = nullptr;
        http2_->session.end_work();
        wake();
    }

    Http2Stream& stream() const { return *stream_; }
    /// Nobody waits for the answer any more.
    bool is_over() const { return stream_->closed; }
    void answer(HttpResponse response) const {
        http2_->session.answer(stream_, std::move(response), server_->date());
        wake();
    }
    void go_on(std::optional<std::string> piece) const {
        http2_->session.go_on(stream_, std::move(piece));
        wake();
    }

private:
    void wake() const { server_->wake_soon(http2_); }

    std::shared_ptr<Impl> server_;
    std::shared_ptr<Http2> http2_;
    std::shared_ptr<Http2Stream> stream_;
};

/// Requests in, answers out, in whatever order they are ready, until one side has enough.
asio::awaitable<void> HttpServer::Impl::converse_by_http2(Connection& connection) {
    const auto http2 = std::make_shared<Http2>(*this, connection);
    Http2Session& session = http2->session;
    connection.http2 = http2.get();
    struct Leave {
        Http2& http2;
        ~Leave() {
            // Also where the wait is ended from outside: who works at an answer holds on to it.
            http2.session.close();
            http2.connection = nullptr;
        }
    } leave{*http2};

    auto progress = HttpTransfer::Progress::Done;
    bool open = true;
    for (std::size_t turn = 1;; ++turn) {
        open = receive_frames(connection);
        answer_requests(http2);
        if (stopping_) session.drain();
        progress = send_frames(*http2);
        set_deadline(*http2, progress);
        if (!open || progress == HttpTransfer::Progress::Failed || session.failed()) break;
        if (session.over() && progress == HttpTransfer::Progress::Done) break;
        if (progress == HttpTransfer::Progress::Paused || turn == kTurnReadsMax) {
            turn = 0;
            co_await asio::post(connection.socket.get_executor(), asio::use_awaitable);
            continue;
        }
        if (!connection.drained) continue;
        connection.drained = false;
        turn = 0;
        co_await readiness_.wait(connection.readiness);
        if (connection.expired) break;
    }
    connection.http2 = nullptr;
    connection.deadline = Time::max();
    if (connection.expired && progress == HttpTransfer::Progress::Blocked) {
        abort(connection);
    } else if (connection.expired) {
        session.drain();
        send_frames(*http2);
    }
    if (!session.why().empty()) {
        log::debug("[http {}] {} is let go: {}", address_.port(), connection.peer, session.why());
        connection.expired = false;
        connection.idle = false;
        if (!session.failed()) co_await linger(connection);
    }
    session.close();
    connection.tls->close();
    ::shutdown(connection.socket.native_handle(), SHUT_RDWR);
    connection.deadline = Time::max();
    connection.idle = false;
    // What was begun for it ends now, but not at once.
    while (session.working() > 0) co_await readiness_.wait(connection.readiness);
}

/// Gives the session one buffer of what is there. False when the peer has closed.
bool HttpServer::Impl::receive_frames(Connection& connection) {
    if (connection.drained) return true;
    const auto read = connection.tls->read(read_buffer_);
    if (read.status == TlsStream::Status::Blocked) {
        connection.drained = true;
        return true;
    }
    if (read.status != TlsStream::Status::Done) return false;
    connection.drained = connection.tls->drained() && !connection.readiness.closed;
    connection.http2->session.feed(as_bytes({read_buffer_.data(), read.bytes}), now_);
    return true;
}

void HttpServer::Impl::answer_requests(const std::shared_ptr<Http2>& http2) {
    const Connection& connection = *http2->connection;
    while (const auto stream = http2->session.next_request()) {
        HttpRequest& request = stream->request.request();
        request.peer = connection.peer;
        if (stream->refusal) {
            const HttpRefusal& refusal = *stream->refusal;
            http2->session.answer(stream, refusal_response(refusal.status, refusal.why), date());
            continue;
        }
        request.from_proxy = connection.from_proxy;
        request.secure = true;
        HttpAnswer answer = ask_handler(request);
        auto* const response = std::get_if<HttpResponse>(&answer);
        if (response && !response->stream) {
            http2->session.answer(stream, std::move(*response), date());
        } else {
            work_at(http2, stream, std::move(answer));
        }
    }
}

HttpTransfer::Progress HttpServer::Impl::send_frames(Http2& http2) {
    const auto progress = send_frames(http2, HttpTransfer::kTurnBytesMax);
    http2.unsent.assign(as_text(http2_output_.view()));
    if (http2.unsent.empty()) http2.unsent.shrink_to_fit();
    http2_output_.begin = http2_output_.end = 0;
    return progress;
}

HttpTransfer::Progress HttpServer::Impl::send_frames(Http2& http2, std::uint64_t turn_left) {
    using Progress = HttpTransfer::Progress;
    using Status = TlsStream::Status;
    TlsStream& tls = *http2.connection->tls;
    Http2Output& out = http2_output_;
    std::ranges::copy(http2.unsent, out.bytes.begin());
    out.end = http2.unsent.size();
    const std::size_t waiting = tls.unsent();
    Status flushed = tls.flush();  // what an earlier turn left
    if (tls.unsent() < waiting) http2.connection->deadline = Time::max();
    while (flushed == Status::Done) {
        bool whole = false;
        tls.hold();
        while (tls.held() < TlsStream::kHeldBytesEnough && turn_left > 0) {
            if (!out.full()) {
                out.compact();
                http2.session.write(out);
            }
            whole = out.view().empty();
            if (whole) break;
            const auto written = tls.write(out.view());
            if (written.status != Status::Done) return Progress::Failed;
            out.begin += written.bytes;
            turn_left -= std::min<std::uint64_t>(turn_left, written.bytes);
            http2.connection->deadline = Time::max();
        }
        flushed = tls.flush();
        if (flushed == Status::Done && whole) return Progress::Done;
        if (flushed == Status::Done && turn_left == 0) return Progress::Paused;
    }
    return flushed == Status::Blocked ? Progress::Blocked : Progress::Failed;
}

/// Of the wait that follows: for a socket that takes no more, or for a request.
void HttpServer::Impl::set_deadline(Http2& http2, HttpTransfer::Progress sent) {
    Connection& connection = *http2.connection;
    connection.idle = sent == HttpTransfer::Progress::Done && http2.session.idle();
    if (connection.idle) {
        connection.deadline = http2.session.idle_deadline() + sweep_period();
    } else if (sent == HttpTransfer::Progress::Done) {
        connection.deadline = Time::max();  // the session's own tell
    } else if (connection.deadline == Time::max()) {
        connection.deadline = now_ + limits_.write_deadline + sweep_period();
    }
}

void HttpServer::Impl::work_at(const std::shared_ptr<Http2>& http2,
                               const std::shared_ptr<Http2Stream>& stream, HttpAnswer answer) {
    const auto cancel = std::make_shared<asio::cancellation_signal>();
    stream->on_closed = [cancel] { cancel->emit(asio::cancellation_type::terminal); };
    asio::co_spawn(
        acceptor_.get_executor(),
        answer_later(Work{shared_from_this(), http2, stream}, std::move(answer)),
        asio::bind_cancellation_slot(cancel->slot(), [cancel](const std::exception_ptr&) {}));
}

/// Waits for the answer, unless its stream is closed before, and sends what follows it.
asio::awaitable<void> HttpServer::Impl::answer_later(Work work, HttpAnswer answer) {
    std::optional<HttpResponse> response;
    try {
        if (auto* const pending = std::get_if<asio::awaitable<HttpResponse>>(&answer)) {
            HttpResponse awaited = co_await std::move(*pending);
            response = std::move(awaited);
        } else {
            response = std::get<HttpResponse>(std::move(answer));
        }
    } catch (const std::exception& error) {
        if (work.is_over()) co_return;  // it was made to end
        response = failed(work.stream().request.request().path, error);
    }
    work.answer(std::move(*response));
    co_await send_source(work);
}

/// Sends what the source of the body makes, piece by piece: each once the one before has gone out.
asio::awaitable<void> HttpServer::Impl::send_source(const Work& work) {
    const auto source = work.stream().source;
    bool more = source != nullptr;
    while (more && !work.is_over()) {
        co_await sent(work.stream());
        if (work.is_over()) co_return;
        std::optional<std::string> piece;
        try {
            std::optional<std::string> next = co_await source->next();
            piece = std::move(next);
        } catch (const std::exception& error) {
            if (!work.is_over())
                log::error("[http {}] a stream failed: {}", address_.port(), error.what());
        }
        if (work.is_over()) co_return;
        more = piece.has_value();
        work.go_on(std::move(piece));
    }
}

/// Lets the connection send what there is to send: once, for all that happens in this turn.
void HttpServer::Impl::wake_soon(const std::shared_ptr<Http2>& http2) {
    if (!http2->connection || std::exchange(http2->wakes, true)) return;
    asio::post(acceptor_.get_executor(), [http2] {
        http2->wakes = false;
        if (!http2->connection) return;
        Readiness::Socket& readiness = http2->connection->readiness;
        readiness.waiting ? Readiness::wake(readiness) : void(readiness.fired = true);
    });
}

}  // namespace oxbow::net
