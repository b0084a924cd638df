#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/bytes.h"
#include "base/result.h"
#include "net/tls_stream.h"

namespace oxbow::ingest {

class Looks;

/// A connected socket whose every wait ends at a deadline that the owner moves along. Under TLS
/// what is read and written is what the records hold.
///
/// Moving the deadline costs nothing: one timer sleeps until the oldest one and looks then. Time
/// in which this process stood still is not the peer's: it gets its whole time again.
/// Thread safety: the socket's executor for everything.
class Line : public std::enable_shared_from_this<Line> {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// In: the server's context where the line is one of TLS: then secure() comes first.
    explicit Line(boost::asio::ip::tcp::socket socket,
                  std::shared_ptr<const net::TlsContext> context = nullptr);

    boost::asio::any_io_executor executor() { return socket_.get_executor(); }

    /// For this wait and all that follow, until it is moved.
    void set_deadline(std::chrono::milliseconds from_now);

    bool is_tls() const { return tls_ != nullptr; }

    /// The handshake of TLS.
    ///
    /// Errors: of read_some, and
    ///         Unsupported  the peer does not speak TLS, or none that is spoken here.
    boost::asio::awaitable<Result<void>> secure();

    /// Reads what is there, at least one byte.
    ///
    /// Errors: Timeout      the deadline has passed.
    ///         Conflict     interrupted.
    ///         Unavailable  the peer has closed or the connection broke.
    boost::asio::awaitable<Result<std::size_t>> read_some(std::span<std::uint8_t> buffer);

    /// Hands `take` what has come, every kPace (see Looks), until it returns false. The bytes are
    /// there for the call alone.
    ///
    /// Errors: as of read_some.
    boost::asio::awaitable<Result<void>> read_while(std::function<bool(BytesView)> take);

    /// Writes all of it. Errors as of read_some.
    boost::asio::awaitable<Result<void>> write(Bytes bytes);

    /// Ends the wait under way, and every later one at once.
    void interrupt();

    /// Tells the peer that no more bytes come; reading goes on.
    void shutdown_send();
    void close();

    /// Gives up the socket for another executor: an open one there. Nothing may be waiting here.
    ///
    /// Errors: Unavailable  the system refuses; the connection is closed.
    Result<std::shared_ptr<Line>> move_to(const boost::asio::any_io_executor& executor);

private:
    friend class Looks;

    void watch();
    void on_timer();
    void look(std::span<std::uint8_t> buffer);
    std::size_t read_now(std::span<std::uint8_t> buffer, boost::system::error_code& error);
    std::size_t read_records(std::span<std::uint8_t> buffer, boost::system::error_code& error);
    boost::asio::awaitable<Result<void>> write_records(BytesView bytes);
    Result<void> usable() const;
    Error error_of(const boost::system::error_code& error) const;

    Line(boost::asio::ip::tcp::socket socket, std::unique_ptr<net::TlsStream> tls);

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<net::TlsStream> tls_;  // null: plain
    boost::asio::steady_timer timer_;      // of the deadline
    TimePoint deadline_ = TimePoint::max();
    std::chrono::milliseconds allowed_{};  // from when the deadline was set
    bool expired_ = false;
    bool interrupted_ = false;

    bool looking_ = false;  // read_while is under way
    std::function<bool(BytesView)> take_;
    boost::asio::steady_timer taken_;  // never fires: cancelled when the coroutine is to go on
    boost::system::error_code read_error_;
    bool more_is_there_ = false;  // the last look filled the buffer
};

}  // namespace oxbow::ingest
