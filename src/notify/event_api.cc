#include "notify/event_api.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "ivs/ids.h"

namespace oxbow::notify {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::string_view kLogPath = "/events/log";
constexpr std::string_view kStreamPath = "/events";
constexpr std::string_view kDeadPath = "/events/dead-letters";
constexpr std::size_t kCatchUpEvents = 100;

net::HttpResponse answer_with(int status, std::string body, std::string_view extra = "") {
    static const auto headers = std::make_shared<const std::string>(
        "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n");
    net::HttpResponse response;
    response.status = status;
    response.header_block = headers;
    response.extra_headers = extra;
    response.body = net::HttpBody::of_string(std::move(body));
    return response;
}

net::HttpResponse refuse(int status, std::string_view type, std::string_view message) {
    return answer_with(status,
                       json::serialize(json::object{
                           {"__type", type}, {"message", message}, {"exceptionMessage", message}}),
                       fmt::format("x-amzn-ErrorType: {}\r\n", type));
}

net::HttpResponse unavailable(const std::string& message) {
    return refuse(503, "ServiceUnavailable", message);
}

/// A number of a query or header: digits alone. nullopt: it is none, or too large.
std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    constexpr std::uint64_t kMax = 1ULL << 62;
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number > kMax)
        return std::nullopt;
    return number;
}

net::EventFeed::Event feed_event(const catalog::Event& event) {
    return {.number = event.cursor,
            .topic = event.channel.str(),
            .text = net::event_text(std::to_string(event.cursor), "", event.body)};
}

template <typename Work>
asio::awaitable<std::invoke_result_t<Work>> in_pool(asio::any_io_executor pool, Work work) {
    const auto run = [](Work job) -> asio::awaitable<std::invoke_result_t<Work>> {
        co_return job();
    };
    co_return co_await asio::co_spawn(pool, run(std::move(work)), asio::use_awaitable);
}

}  // namespace

EventApi::EventApi(const catalog::Catalog& catalog, std::uint64_t newest,
                   asio::any_io_executor blocking, net::EventFeedLimits limits)
    : catalog_(catalog), blocking_(std::move(blocking)), feed_(limits, newest) {}

void EventApi::on_events(const std::vector<catalog::Event>& events) {
    for (const catalog::Event& event : events) feed_.publish(feed_event(event));
}

Result<EventApi::Query> EventApi::read_query(const net::HttpRequest& request) {
    Query query;
    const auto wrong = [](std::string what) { return fail(ErrorCode::Malformed, std::move(what)); };
    if (const auto text = net::query_value(request.query, "after")) {
        const auto after = number_of(*text);
        if (!after) return wrong("after must be a cursor: a number that an event of the log has.");
        query.after = *after;
    }
    if (const auto text = net::query_value(request.query, "limit")) {
        const auto limit = number_of(*text);
        if (!limit || *limit < 1 || *limit > kPageMax)
            return wrong(fmt::format("limit must be a number from 1 to {}.", kPageMax));
        query.limit = *limit;
    }
    if (const auto text = net::query_value(request.query, "channel")) {
        const auto channel = ivs::parse_channel_id(*text);
        if (!channel)
            return wrong("channel must be the id of a channel, the last part of its ARN.");
        query.channel = *channel;
    }
    if (const auto text = request.header("last-event-id")) {
        query.last_event_id = number_of(*text);
        if (!query.last_event_id) return wrong("Last-Event-ID must be a cursor of the log.");
    }
    return query;
}

asio::awaitable<net::HttpResponse> EventApi::answer(const net::HttpRequest& request) {
    if (request.method != "GET") {
        net::HttpResponse refused =
            refuse(405, "ValidationException", "The event log is read by GET.");
        refused.extra_headers += "Allow: GET\r\n";
        co_return refused;
    }
    const auto query = read_query(request);
    if (!query) co_return refuse(400, "ValidationException", query.error().what);
    if (request.path == kStreamPath) co_return co_await stream(*query);
    if (request.path == kLogPath) {
        co_return co_await in_pool(blocking_, [this, q = *query] { return log_page(q); });
    }
    if (request.path == kDeadPath) {
        co_return co_await in_pool(blocking_, [this, q = *query] { return dead_letters(q); });
    }
    co_return refuse(404, "ResourceNotFoundException",
                     "There are /events, /events/log and /events/dead-letters here.");
}

/// {"events":[{"cursor":18,"event":{...}}],"next":18,"oldest":1,"newest":42}
net::HttpResponse EventApi::log_page(const Query& query) const {
    const auto range = catalog_.event_range();
    if (!range) return unavailable(range.error().what);
    const auto events = catalog_.events_after(query.after, query.limit, query.channel);
    if (!events) return unavailable(events.error().what);
    std::string body = "{\"events\":[";
    for (const catalog::Event& event : *events) {
        // The body is JSON that we wrote.
        body += fmt::format("{}{{\"cursor\":{},\"event\":{}}}", body.ends_with('[') ? "" : ",",
                            event.cursor, event.body);
    }
    // A full page ends at its last event; with one that is not full the log was read to its end,
    // or further than it was when the range was asked for.
    const std::uint64_t last = events->empty() ? query.after : events->back().cursor;
    const bool full = events->size() == query.limit;
    const std::uint64_t next = full ? last : std::max({query.after, range->newest, last});
    body += fmt::format("],\"next\":{},\"oldest\":{},\"newest\":{}}}", next, range->oldest,
                        range->newest);
    return answer_with(200, std::move(body));
}

/// {"deadLetters":[{"receiver":"https://...","cursor":18,"why":"it answered 500"}],"next":18}
net::HttpResponse EventApi::dead_letters(const Query& query) const {
    const auto dead = catalog_.dead_deliveries(query.after, query.limit);
    if (!dead) return unavailable(dead.error().what);
    json::array letters;
    for (const catalog::DeadDelivery& letter : *dead) {
        letters.push_back(json::object{
            {"receiver", letter.receiver}, {"cursor", letter.cursor}, {"why", letter.why}});
    }
    const std::uint64_t next = dead->empty() ? query.after : dead->back().cursor;
    return answer_with(
        200, json::serialize(json::object{{"deadLetters", std::move(letters)}, {"next", next}}));
}

asio::awaitable<net::HttpResponse> EventApi::stream(Query query) {
    const auto executor = co_await asio::this_coro::executor;
    std::optional<std::string> topic;
    if (query.channel) topic = query.channel->str();
    auto body =
        feed_.read(executor, {.position = query.last_event_id.value_or(query.after),
                              .topic = std::move(topic),
                              .catch_up = [this, channel = query.channel](std::uint64_t position) {
                                  return catch_up(position, channel);
                              }});
    if (!body)
        co_return unavailable("As many clients read the log as may; ask /events/log instead.");
    static const auto headers = std::make_shared<const std::string>(
        "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n");
    net::HttpResponse response;
    response.header_block = headers;
    response.body = net::HttpBody::of_string("retry: 2000\n\n");
    response.stream = std::move(body);
    co_return response;
}

/// Older events than the feed keeps, from the database.
asio::awaitable<std::optional<net::EventFeed::Piece>> EventApi::catch_up(
    std::uint64_t position, std::optional<ChannelId> channel) {
    const std::uint64_t newest = feed_.newest();
    const auto events = co_await in_pool(blocking_, [this, position, channel] {
        return catalog_.events_after(position, kCatchUpEvents, channel);
    });
    if (!events) co_return std::nullopt;  // the client comes back with the last id that it has
    net::EventFeed::Piece piece{.text = "", .position = position};
    for (const catalog::Event& event : *events) {
        piece.text += feed_event(event).text;
        piece.position = event.cursor;
    }
    if (events->size() < kCatchUpEvents) piece.position = std::max(piece.position, newest);
    co_return piece;
}

}  // namespace oxbow::notify
