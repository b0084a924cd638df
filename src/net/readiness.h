#pragma once

#include <functional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace oxbow::net {

/// Tells the connections of one loop when their sockets are ready. A socket is registered once, for
/// both directions and edge-triggered (epoll(7)), where Asio would register it anew for every wait.
///
/// Thread safety: the loop's thread.
class Readiness {
public:
    /// One socket's state; lives at one place for as long as the socket is open.
    struct Socket {
        bool fired = false;   // something happened since the last wait: try again before the next
        bool closed = false;  // the peer sends no more, or is gone: reading will tell
        std::move_only_function<void()> waiting;  // goes on when something happens
    };

    explicit Readiness(boost::asio::io_context& loop);
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    /// False when the system has no room for one more.
    bool add(int descriptor, Socket& socket);
    /// Before the descriptor is closed: while a child process that was just forked holds it, too,
    /// closing alone would leave it here.
    void remove(int descriptor);

    /// Until something happened to the socket, in whatever direction; may be for nothing.
    boost::asio::awaitable<void> wait(Socket& socket);
    /// Ends the wait under way, if there is one.
    static void wake(Socket& socket);

    /// Tells waiting sockets of what happens, until stop().
    boost::asio::awaitable<void> run();
    void stop();

private:
    /// True when there may be more.
    bool dispatch();

    boost::asio::posix::stream_descriptor epoll_;
};

}  // namespace oxbow::net
