#include "net/readiness.h"

#include <array>
#include <utility>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace oxbow::net {
namespace {

namespace asio = boost::asio;

/// One watched end of two connected sockets, and a task that waits for it.
struct Fixture {
    Fixture() {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        REQUIRE(readiness.add(ends[0], socket));
        asio::co_spawn(loop, [this] { return readiness.run(); }, asio::detached);
        loop.poll();  // a new socket is writable
        socket.fired = false;
    }
    ~Fixture() {
        ::close(ends[0]);
        if (ends[1] >= 0) ::close(ends[1]);
    }

    void wait() {
        asio::co_spawn(loop, wait_once(*this), asio::detached);
        loop.poll();
    }
    static asio::awaitable<void> wait_once(Fixture& at) {
        co_await at.readiness.wait(at.socket);
        ++at.woken;
    }

    asio::io_context loop{1};
    Readiness readiness{loop};
    Readiness::Socket socket;
    std::array<int, 2> ends{};
    int woken = 0;
};

}  // namespace

TEST_CASE("a wait goes on when the peer sends, and once") {
    Fixture at;
    at.wait();
    CHECK(at.woken == 0);

    REQUIRE(::write(at.ends[1], "a", 1) == 1);
    at.loop.poll();
    at.loop.poll();

    CHECK(at.woken == 1);
    CHECK_FALSE(at.socket.closed);
}

TEST_CASE("what happened before the wait ends it at once") {
    Fixture at;
    REQUIRE(::write(at.ends[1], "a", 1) == 1);
    at.loop.poll();

    at.wait();

    CHECK(at.woken == 1);
}

TEST_CASE("a peer that has gone is known, for nobody would tell it again") {
    Fixture at;
    at.wait();

    ::close(std::exchange(at.ends[1], -1));
    at.loop.poll();

    CHECK(at.woken == 1);
    CHECK(at.socket.closed);
}

TEST_CASE("a wait can be ended from outside, and ending none is nothing") {
    Fixture at;
    Readiness::wake(at.socket);
    at.wait();
    CHECK(at.woken == 0);

    Readiness::wake(at.socket);

    CHECK(at.woken == 1);
}

}  // namespace oxbow::net
