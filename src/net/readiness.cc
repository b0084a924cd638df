#include "net/readiness.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace oxbow::net {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kEventsPerRound = 64;
/// While it is asked, a busy server hears of the next requests without the way through the loop,
/// which costs each a twentieth. The rest of the loop waits no longer than for so many.
constexpr int kRoundsPerTurn = 8;

int make_epoll() {
    const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
    if (descriptor < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
    return descriptor;
}

/// Ends when `socket.waiting` is called.
asio::awaitable<void> parked(Readiness::Socket& socket) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [](auto handler, Readiness::Socket* to) {
            to->waiting = [go_on = std::move(handler)]() mutable { std::move(go_on)(); };
        },
        asio::use_awaitable, &socket);
}

}  // namespace

Readiness::Readiness(asio::io_context& loop) : epoll_(loop, make_epoll()) {}

bool Readiness::add(int descriptor, Socket& socket) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &socket;
    return ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Readiness::remove(int descriptor) {
    ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, descriptor, nullptr);
}

asio::awaitable<void> Readiness::wait(Socket& socket) {
    if (std::exchange(socket.fired, false)) co_return;
    co_await parked(socket);
}

void Readiness::wake(Socket& socket) {
    if (auto waiting = std::exchange(socket.waiting, nullptr)) waiting();
}

asio::awaitable<void> Readiness::run() {
    while (epoll_.is_open()) {
        const auto [error] = co_await epoll_.async_wait(asio::posix::stream_descriptor::wait_read,
                                                        asio::as_tuple(asio::use_awaitable));
        if (error) break;
        for (int round = 0; round < kRoundsPerTurn && dispatch(); ++round) {
        }
    }
}

void Readiness::stop() {
    boost::system::error_code ignored;
    epoll_.cancel(ignored);
}

bool Readiness::dispatch() {
    std::array<epoll_event, kEventsPerRound> events;
    const int count =
        ::epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        auto& socket = *static_cast<Socket*>(event.data.ptr);
        if (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) socket.closed = true;
        // Whoever goes on may end its own connection and its socket's state, and no other's.
        if (socket.waiting) {
            wake(socket);
        } else {
            socket.fired = true;
        }
    }
    return count > 0 && epoll_.is_open();
}

}  // namespace oxbow::net
