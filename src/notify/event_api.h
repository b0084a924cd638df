#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "catalog/catalog.h"
#include "net/event_feed.h"
#include "net/http.h"

namespace oxbow::notify {

/// The event log over HTTP, for those who may use the API; who asks was checked before.
///
///   GET /events/log?after=&limit=&channel=     a page of the log behind a cursor
///   GET /events?after=&channel=                the log and what comes, as server-sent events
///   GET /events/dead-letters?after=&limit=     what receivers never took
///
/// Errors: 400 ValidationException for a query that is wrong, 404 and 405 for what is not here, 503
///         for a database that fails or too many readers; as the API's other errors.
/// Thread-safe.
class EventApi {
public:
    /// In: `newest`, the log's last cursor so far; `blocking`, a pool for what waits for the
    /// database.
    EventApi(const catalog::Catalog& catalog, std::uint64_t newest,
             boost::asio::any_io_executor blocking, net::EventFeedLimits limits = {});

    /// In: `request` stays until the answer is there.
    boost::asio::awaitable<net::HttpResponse> answer(const net::HttpRequest& request);

    /// In: what the log has written, in order.
    void on_events(const std::vector<catalog::Event>& events);
    void close() { feed_.close(); }

    static constexpr std::size_t kPageMax = 1'000;
    static constexpr std::size_t kPageDefault = 100;

private:
    struct Query {
        std::uint64_t after = 0;
        std::size_t limit = kPageDefault;
        std::optional<ChannelId> channel;
        std::optional<std::uint64_t> last_event_id;
    };
    static Result<Query> read_query(const net::HttpRequest& request);
    net::HttpResponse log_page(const Query& query) const;
    net::HttpResponse dead_letters(const Query& query) const;
    boost::asio::awaitable<net::HttpResponse> stream(Query query);
    boost::asio::awaitable<std::optional<net::EventFeed::Piece>> catch_up(
        std::uint64_t position, std::optional<ChannelId> channel);

    const catalog::Catalog& catalog_;
    boost::asio::any_io_executor blocking_;
    net::EventFeed feed_;
};

}  // namespace oxbow::notify
