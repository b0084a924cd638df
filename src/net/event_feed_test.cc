#include "net/event_feed.h"

#include <future>

#include <doctest/doctest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "net/loops.h"

namespace oxbow::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A loop with readers of a feed on it.
class Reading {
public:
    explicit Reading(EventFeedLimits limits, std::uint64_t newest = 0) : feed(limits, newest) {
        loops_.start();
    }
    ~Reading() {
        feed.close();
        loops_.stop();
        loops_.join();
    }

    /// In: catching up says where the reader is, and puts it behind the newest event.
    std::shared_ptr<HttpStream> read(std::optional<std::uint64_t> position,
                                     std::optional<std::string> topic = std::nullopt) {
        return feed.read(
            loops_.at(0).get_executor(),
            {.position = position,
             .topic = std::move(topic),
             .catch_up =
                 [this](std::uint64_t at) -> asio::awaitable<std::optional<EventFeed::Piece>> {
                 co_return EventFeed::Piece{"at " + std::to_string(at), feed.newest()};
             }});
    }
    std::future<std::optional<std::string>> begin_next(HttpStream& stream) {
        return asio::co_spawn(loops_.at(0), [&stream] { return stream.next(); }, asio::use_future);
    }
    std::optional<std::string> next(HttpStream& stream) { return begin_next(stream).get(); }

private:
    Loops loops_{1};

public:
    EventFeed feed;
};

EventFeed::Event event(std::uint64_t number, std::string topic = "a") {
    return {number, std::move(topic), "e" + std::to_string(number)};
}

TEST_CASE("a reader gets what is behind its place, and then what comes") {
    Reading reading{{.gather = 0ms}};
    reading.feed.publish(event(1));
    reading.feed.publish(event(2));
    reading.feed.publish(event(3));
    const auto reader = reading.read(1);

    CHECK(reading.next(*reader) == "e2e3");
    auto later = reading.begin_next(*reader);
    reading.feed.publish(event(4));

    CHECK(later.get() == "e4");
    CHECK(reading.feed.newest() == 4);
}

TEST_CASE("a reader without a place catches up first, though all is kept") {
    Reading reading{{.gather = 0ms}};
    reading.feed.publish(event(1));
    const auto reader = reading.read(std::nullopt);

    CHECK(reading.next(*reader) == "at 0");
    auto later = reading.begin_next(*reader);
    reading.feed.publish(event(2));

    CHECK(later.get() == "e2");
}

TEST_CASE("a reader of one topic gets its events only") {
    Reading reading{{.gather = 0ms}};
    reading.feed.publish(event(1, "a"));
    reading.feed.publish(event(2, "b"));
    reading.feed.publish(event(3, "a"));

    const auto reader = reading.read(0, "b");
    CHECK(reading.next(*reader) == "e2");
    auto later = reading.begin_next(*reader);
    reading.feed.publish(event(4, "a"));
    reading.feed.publish(event(5, "b"));

    CHECK(later.get() == "e5");
}

TEST_CASE("as many events are kept as may be; a reader behind them catches up, the next does not") {
    Reading reading{{.events_max = 2, .gather = 0ms}};
    reading.feed.publish(event(1));
    reading.feed.publish(event(2));
    reading.feed.publish(event(3));

    CHECK(reading.next(*reading.read(1)) == "e2e3");
    CHECK(reading.next(*reading.read(0)) == "at 0");
}

TEST_CASE("the bytes of the kept events are bounded too") {
    Reading reading{{.bytes_max = 4, .gather = 0ms}};
    reading.feed.publish(event(1));
    reading.feed.publish(event(2));
    CHECK(reading.next(*reading.read(0)) == "e1e2");

    reading.feed.publish(event(3));

    CHECK(reading.next(*reading.read(0)) == "at 0");
    CHECK(reading.next(*reading.read(1)) == "e2e3");
}

TEST_CASE("a piece is as long as a reader takes at once") {
    Reading reading{{.piece_bytes_max = 3, .gather = 0ms}};
    reading.feed.publish(event(1));
    reading.feed.publish(event(2));
    reading.feed.publish(event(3));
    const auto reader = reading.read(0);

    CHECK(reading.next(*reader) == "e1e2");
    CHECK(reading.next(*reader) == "e3");
}

TEST_CASE("a reader of an earlier life's events goes on where this life began") {
    Reading reading{{.gather = 0ms}, 7};

    CHECK(reading.next(*reading.read(6)) == "at 6");
    const auto from_the_future = reading.read(9);
    auto next = reading.begin_next(*from_the_future);
    reading.feed.publish(event(8));

    CHECK(next.get() == "e8");
}

TEST_CASE("when nothing comes a reader gets a comment") {
    Reading reading{{.heartbeat = 1ms}};

    CHECK(reading.next(*reading.read(0)) == ": nothing new\n\n");
}

TEST_CASE("the last reader that may be is let in, the next is not until one is gone") {
    Reading reading{{.readers_max = 2}};
    const auto first = reading.read(0);
    auto second = reading.read(0);
    CHECK(second);
    CHECK(reading.read(0) == nullptr);

    second.reset();

    CHECK(reading.read(0));
}

TEST_CASE("closing ends who waits and who comes") {
    Reading reading{{}};
    const auto waiting = reading.read(0);
    auto next = reading.begin_next(*waiting);

    reading.feed.close();

    CHECK(next.get() == std::nullopt);
    CHECK(reading.next(*reading.read(0)) == std::nullopt);
}

TEST_CASE("who is behind when the feed is closed gets the rest first") {
    Reading reading{{}};
    const auto reader = reading.read(0);
    reading.feed.publish(event(1));

    reading.feed.close();

    CHECK(reading.next(*reader) == "e1");
    CHECK(reading.next(*reader) == std::nullopt);
}

TEST_CASE("an event's text has its id, its name where it has one, and its data") {
    CHECK(event_text("17", "", "{}") == "id: 17\ndata: {}\n\n");
    CHECK(event_text("a-1", "live", "{}") == "id: a-1\nevent: live\ndata: {}\n\n");
}

}  // namespace
}  // namespace oxbow::net
