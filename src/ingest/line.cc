#include "ingest/line.h"

#include <utility>

#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "ingest/looks.h"

namespace oxbow::ingest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// Bytes that the kernel lets come before it wakes the loop for a line that looks by itself.
constexpr int kLookingLowWater = 64 * 1024;

/// RTMP has no name among those of ALPN.
const std::string kNoProtocols;

/// A timer this late tells that our process or its machine stood still.
constexpr std::chrono::milliseconds kStoodStill{500};

}  // namespace

Line::Line(tcp::socket socket, std::unique_ptr<net::TlsStream> tls)
    : socket_(std::move(socket)),
      tls_(std::move(tls)),
      timer_(socket_.get_executor()),
      taken_(socket_.get_executor()) {}

Line::Line(tcp::socket socket, std::shared_ptr<const net::TlsContext> context)
    : Line(std::move(socket), std::unique_ptr<net::TlsStream>{}) {
    if (!context) return;
    tls_ =
        std::make_unique<net::TlsStream>(std::move(context), socket_.native_handle(), kNoProtocols);
    boost::system::error_code ignored;  // the first read tells
    socket_.non_blocking(true, ignored);
}

void Line::set_deadline(std::chrono::milliseconds from_now) {
    allowed_ = from_now;
    deadline_ = std::chrono::steady_clock::now() + from_now;
    // A timer that fires too early looks again, so only an earlier deadline needs a new one.
    if (timer_.expiry() == TimePoint{} || deadline_ < timer_.expiry()) watch();
}

void Line::watch() {
    timer_.expires_at(deadline_);
    timer_.async_wait([line = weak_from_this()](const boost::system::error_code& error) {
        const auto self = line.lock();
        if (self && !error) self->on_timer();
    });
}

void Line::on_timer() {
    const auto now = std::chrono::steady_clock::now();
    // The peer was not late, we were: what it sent is not read yet, and it may have been kept from
    // sending more.
    if (now - timer_.expiry() >= kStoodStill) deadline_ = now + allowed_;
    if (now < deadline_) {
        watch();
        return;
    }
    expired_ = true;
    taken_.cancel();
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

asio::awaitable<Result<void>> Line::secure() {
    using Status = net::TlsStream::Status;
    while (true) {
        const auto ready = usable();
        if (!ready) co_return ready;
        const Status status = tls_->handshake();
        if (status == Status::Done) co_return Result<void>{};
        if (status == Status::Closed) co_return std::unexpected(error_of(asio::error::eof));
        if (status == Status::NotTls) {
            co_return fail(ErrorCode::Unsupported,
                           "the client does not speak TLS, and this is the RTMPS port: publish "
                           "with rtmps:// here, or with rtmp:// to the RTMP port");
        }
        if (status == Status::Failed) {
            co_return fail(ErrorCode::Unsupported,
                           fmt::format("the TLS handshake failed ({}): the client must speak TLS "
                                       "1.2 or 1.3 and trust the certificate",
                                       tls_->failure()));
        }
        const auto [error] = co_await socket_.async_wait(tcp::socket::wait_read, kAwait);
        if (error) co_return std::unexpected(error_of(error));
    }
}

asio::awaitable<Result<std::size_t>> Line::read_some(std::span<std::uint8_t> buffer) {
    const auto ready = usable();
    if (!ready) co_return std::unexpected(ready.error());
    while (tls_) {
        boost::system::error_code failed;
        const std::size_t count = read_records(buffer, failed);
        if (!failed) co_return count;
        if (failed != asio::error::would_block) co_return std::unexpected(error_of(failed));
        const auto [error] = co_await socket_.async_wait(tcp::socket::wait_read, kAwait);
        if (error) co_return std::unexpected(error_of(error));
    }
    const auto [error, bytes] =
        co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), kAwait);
    if (error) co_return std::unexpected(error_of(error));
    co_return bytes;
}

asio::awaitable<Result<void>> Line::read_while(std::function<bool(BytesView)> take) {
    const auto ready = usable();
    if (!ready) co_return ready;
    boost::system::error_code error;
    socket_.non_blocking(true, error);
    if (error) co_return std::unexpected(error_of(error));
    // A refinement: without it the line is read all the same.
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::receive_low_watermark(kLookingLowWater), ignored);

    looking_ = true;
    take_ = std::move(take);
    read_error_ = {};
    taken_.expires_at(TimePoint::max());
    {
        const Looks::Member member{*this};
        co_await taken_.async_wait(kAwait);
    }
    looking_ = false;
    take_ = nullptr;
    socket_.set_option(asio::socket_base::receive_low_watermark(1), ignored);
    if (read_error_) co_return std::unexpected(error_of(read_error_));
    co_return usable();
}

/// One read, and what has come to `take_`. Ends read_while when there is nothing to go on for.
void Line::look(std::span<std::uint8_t> buffer) {
    more_is_there_ = false;
    if (!looking_ || !usable()) return;  // read_while is about to go on
    const std::size_t bytes = read_now(buffer, read_error_);
    if (read_error_ == asio::error::would_block) {
        read_error_ = {};
        return;
    }
    if (!read_error_ && take_(buffer.first(bytes))) {
        more_is_there_ = bytes == buffer.size();
        return;
    }
    looking_ = false;
    taken_.cancel();
}

std::size_t Line::read_now(std::span<std::uint8_t> buffer, boost::system::error_code& error) {
    if (tls_) return read_records(buffer, error);
    return socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
}

/// As many records as are there and fit: what one record holds beyond the buffer stays in it, and
/// no socket would tell of that, so whoever got a full buffer must read again.
std::size_t Line::read_records(std::span<std::uint8_t> buffer, boost::system::error_code& error) {
    using Status = net::TlsStream::Status;
    error = {};
    std::size_t count = 0;
    while (count < buffer.size()) {
        const auto rest = buffer.subspan(count);
        const auto read = tls_->read({reinterpret_cast<char*>(rest.data()), rest.size()});
        count += read.bytes;
        if (read.status == Status::Done && !tls_->drained()) continue;
        if (count > 0) break;  // an end is found again by the next read
        if (read.status == Status::Blocked) error = asio::error::would_block;
        if (read.status == Status::Closed) error = asio::error::eof;
        if (read.status == Status::Failed) error = asio::error::connection_reset;
        break;
    }
    return count;
}

asio::awaitable<Result<void>> Line::write_records(BytesView bytes) {
    using Status = net::TlsStream::Status;
    while (!bytes.empty()) {
        const auto ready = usable();
        if (!ready) co_return ready;
        const auto written = tls_->write(bytes);
        bytes = bytes.subspan(written.bytes);
        if (written.status == Status::Done) continue;
        if (written.status != Status::Blocked)
            co_return std::unexpected(error_of(asio::error::connection_reset));
        const auto [error] = co_await socket_.async_wait(tcp::socket::wait_write, kAwait);
        if (error) co_return std::unexpected(error_of(error));
    }
    co_return Result<void>{};
}

asio::awaitable<Result<void>> Line::write(Bytes bytes) {
    const auto ready = usable();
    if (!ready) co_return ready;
    if (tls_) co_return co_await write_records(bytes);
    const auto [error, written] = co_await asio::async_write(socket_, asio::buffer(bytes), kAwait);
    if (error) co_return std::unexpected(error_of(error));
    co_return Result<void>{};
}

Result<void> Line::usable() const {
    if (expired_ || interrupted_) return std::unexpected(error_of(asio::error::operation_aborted));
    return {};
}

Error Line::error_of(const boost::system::error_code& error) const {
    if (interrupted_) return {ErrorCode::Conflict, "the wait was interrupted"};
    if (expired_) return {ErrorCode::Timeout, "the peer let its deadline pass"};
    if (error == asio::error::eof)
        return {ErrorCode::Unavailable, "the peer has closed the connection"};
    return {ErrorCode::Unavailable, fmt::format("the connection broke ({})", error.message())};
}

void Line::interrupt() {
    interrupted_ = true;
    taken_.cancel();
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Line::shutdown_send() {
    if (tls_) tls_->close();
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Line::close() {
    interrupted_ = true;
    timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

Result<std::shared_ptr<Line>> Line::move_to(const asio::any_io_executor& executor) {
    const auto refused = [](const boost::system::error_code& error) {
        return fail(
            ErrorCode::Unavailable,
            fmt::format("the connection cannot move to its channel's loop ({})", error.message()));
    };
    boost::system::error_code error;
    const auto local = socket_.local_endpoint(error);
    if (error) return refused(error);
    timer_.cancel();
    const auto handle = socket_.release(error);
    if (error) return refused(error);
    tcp::socket moved(executor);
    moved.assign(local.protocol(), handle, error);
    if (error) {
        tls_.reset();  // its number may soon be another's
        ::close(handle);
        return refused(error);
    }
    // The number of the socket stays, and that is what TLS knows of it.
    return std::shared_ptr<Line>{new Line{std::move(moved), std::move(tls_)}};
}

}  // namespace oxbow::ingest
