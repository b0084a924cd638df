#include "ingest/looks.h"

#include <string>

#include <doctest/doctest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "ingest/line.h"

namespace oxbow::ingest {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// A line and the peer that sends to it.
struct Connection {
    explicit Connection(asio::io_context& loop) : peer(loop), accepted(loop) {
        tcp::acceptor acceptor{loop, {asio::ip::address_v4::loopback(), 0}};
        peer.connect(acceptor.local_endpoint());
        acceptor.accept(accepted);
        line = std::make_shared<Line>(std::move(accepted));
    }

    void send(std::string_view text) { asio::write(peer, asio::buffer(text)); }

    tcp::socket peer;
    tcp::socket accepted;
    std::shared_ptr<Line> line;
    std::string got;
    std::vector<Result<void>> results;
};

/// Reads until `bytes_max` have come.
asio::awaitable<void> read_up_to(Connection& connection, std::size_t bytes_max) {
    const auto read = co_await connection.line->read_while([&](BytesView bytes) {
        connection.got += as_text(bytes);
        return connection.got.size() < bytes_max;
    });
    connection.results.push_back(read);
}

asio::awaitable<void> read_twice(Connection& connection) {
    co_await read_up_to(connection, 1);
    co_await read_up_to(connection, 1'000'000);
}

}  // namespace

TEST_CASE("a line that has enough leaves, and the others of its loop are read on") {
    asio::io_context loop;
    Connection brief{loop};
    Connection busy{loop};
    asio::co_spawn(loop, read_up_to(brief, 1), asio::detached);
    asio::co_spawn(loop, read_up_to(busy, 1'000'000), asio::detached);

    brief.send("x");
    busy.send(std::string(200'000, 'y'));  // more than three looks can take
    busy.peer.close();
    loop.run();

    CHECK(brief.got == "x");
    REQUIRE(brief.results.size() == 1);
    CHECK(brief.results[0].has_value());
    CHECK(busy.got == std::string(200'000, 'y'));
    REQUIRE(busy.results.size() == 1);
    CHECK(busy.results[0].error().code == ErrorCode::Unavailable);
}

TEST_CASE("what comes between two readings of a line is there for the second") {
    asio::io_context loop;
    Connection connection{loop};
    asio::co_spawn(loop, read_twice(connection), asio::detached);

    connection.send(std::string(100'000, 'y'));
    connection.peer.close();
    loop.run();

    CHECK(connection.got == std::string(100'000, 'y'));
    REQUIRE(connection.results.size() == 2);
    CHECK(connection.results[0].has_value());
    CHECK(connection.results[1].error().code == ErrorCode::Unavailable);
}

TEST_CASE("an interruption ends a reading that waits for its next look") {
    asio::io_context loop;
    Connection connection{loop};
    asio::co_spawn(loop, read_up_to(connection, 1'000'000), asio::detached);

    asio::post(loop, [&] { connection.line->interrupt(); });
    loop.run();

    REQUIRE(connection.results.size() == 1);
    CHECK(connection.results[0].error().code == ErrorCode::Conflict);
}

}  // namespace oxbow::ingest
