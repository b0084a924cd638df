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

/// A timer this late tells that our process or its machine stood still.
constexpr std::chrono::milliseconds kStoodStill{500};

}  // namespace

Line::Line(tcp::socket socket)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), taken_(socket_.get_executor()) {}

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

asio::awaitable<Result<std::size_t>> Line::read_some(std::span<std::uint8_t> buffer) {
    const auto ready = usable();
    if (!ready) co_return std::unexpected(ready.error());
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
    const std::size_t bytes =
        socket_.read_some(asio::buffer(buffer.data(), buffer.size()), read_error_);
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
    taken_.cancel();
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
        ::close(handle);
        return refused(error);
    }
    return std::make_shared<Line>(std::move(moved));
}

}  // namespace oxbow::ingest
