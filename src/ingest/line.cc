#include "ingest/line.h"

#include <utility>

#include <unistd.h>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace oxbow::ingest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// Bytes that the kernel lets come before it wakes the loop of a paced line, which looks by itself.
constexpr int kPacedLowWater = 64 * 1024;

/// The next instant at which all paced lines look.
Line::TimePoint next_look() {
    const auto passed = std::chrono::steady_clock::now().time_since_epoch();
    return Line::TimePoint{(passed / Line::kPace + 1) * Line::kPace};
}

}  // namespace

Line::Line(tcp::socket socket)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      pace_timer_(socket_.get_executor()) {}

void Line::set_deadline(std::chrono::milliseconds from_now) {
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
    if (std::chrono::steady_clock::now() < deadline_) {
        watch();
        return;
    }
    expired_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Line::pace() {
    // Both are refinements: without them the line reads all the same.
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::receive_low_watermark(kPacedLowWater), ignored);
    boost::system::error_code error;
    socket_.non_blocking(true, error);
    paced_ = !error;
}

asio::awaitable<Result<std::size_t>> Line::read_some(std::span<std::uint8_t> buffer) {
    const auto ready = usable();
    if (!ready) co_return std::unexpected(ready.error());
    if (paced_) co_return co_await read_paced(buffer);
    const auto [error, bytes] =
        co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), kAwait);
    if (error) co_return std::unexpected(error_of(error));
    co_return bytes;
}

asio::awaitable<Result<std::size_t>> Line::read_paced(std::span<std::uint8_t> buffer) {
    for (;;) {
        // More is there already: now, but after the other lines of this loop.
        pace_timer_.expires_at(more_is_there_ ? TimePoint::min() : next_look());
        co_await pace_timer_.async_wait(kAwait);
        const auto ready = usable();
        if (!ready) co_return std::unexpected(ready.error());
        boost::system::error_code error;
        const std::size_t bytes =
            socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
        more_is_there_ = !error && bytes == buffer.size();
        if (error == asio::error::would_block) continue;
        if (error) co_return std::unexpected(error_of(error));
        co_return bytes;
    }
}

asio::awaitable<Result<void>> Line::write(Bytes bytes) {
    const auto ready = usable();
    if (!ready) co_return ready;
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
    pace_timer_.cancel();
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Line::shutdown_send() {
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void Line::close() {
    interrupted_ = true;
    timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

Result<std::shared_ptr<Line>> Line::move_to(asio::any_io_executor executor) {
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
    tcp::socket moved(std::move(executor));
    moved.assign(local.protocol(), handle, error);
    if (error) {
        ::close(handle);
        return refused(error);
    }
    return std::make_shared<Line>(std::move(moved));
}

}  // namespace oxbow::ingest
