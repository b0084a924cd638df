#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "net/http_stream.h"

namespace oxbow::net {

struct EventFeedLimits {
    std::size_t events_max = 1'024;       // that are kept for readers
    std::size_t bytes_max = 1024 * 1024;  // of their text
    std::size_t readers_max = 4'000;
    std::size_t piece_bytes_max = 64 * 1024;      // that a reader takes at once, but for one event
    std::chrono::milliseconds heartbeat{15'000};  // a comment, when there is nothing else
    std::chrono::milliseconds gather{100};        // after a first event, for more of them
};

/// Numbered events for many readers, as server-sent events. The newest are kept, once, for all: a
/// reader has a place among them and no queue of its own. One that is too slow, or comes back too
/// late, catches up by what it was given for that.
///
/// Thread-safe. Readers outlive it only after close().
/// Source: WHATWG HTML §9.2, server-sent events.
class EventFeed {
public:
    struct Event {
        std::uint64_t number = 0;
        std::string topic;  // readers of one topic get only its events: a channel's id
        std::string text;   // "id: 17\ndata: {...}\n\n"
    };

    /// What a reader that lacks events gets in their place, and the number that it is at then.
    struct Piece {
        std::string text;
        std::uint64_t position = 0;
    };
    /// In: where the reader is. Out: nullopt ends it.
    using CatchUp =
        std::function<boost::asio::awaitable<std::optional<Piece>>(std::uint64_t position)>;

    struct ReaderSpec {
        std::optional<std::uint64_t>
            position;  // the last that it has; nullopt: it catches up first
        std::optional<std::string> topic;
        CatchUp catch_up;
    };

    /// In: `newest`, the last number that was given before this feed.
    explicit EventFeed(EventFeedLimits limits, std::uint64_t newest = 0);
    ~EventFeed();
    EventFeed(const EventFeed&) = delete;
    EventFeed& operator=(const EventFeed&) = delete;

    /// In: the number behind the newest one.
    void publish(Event event);

    std::uint64_t newest() const;

    /// A body for an answer on the loop `executor`; nullptr when there are readers_max.
    std::shared_ptr<HttpStream> read(const boost::asio::any_io_executor& executor, ReaderSpec spec);

    /// Ends all readers once they have what is kept, and every later one.
    void close();

private:
    class Reader;
    struct Waiter;
    struct State;
    std::shared_ptr<State> state_;
};

// id: mp3k9a-17\nevent: live\ndata: {"channelId":"AsXego4U6tnj"}\n\n      (no event: without the
// line)
std::string event_text(std::string_view id, std::string_view event, std::string_view data);

}  // namespace oxbow::net
