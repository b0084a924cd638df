#include "notify/event_api.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include "base/random.h"
#include "net/loops.h"
#include "net/test_request.h"

namespace oxbow::notify {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Four events in a database, of channels a and b by turns, and the API over it.
class Log {
public:
    Log()
        : folder_(std::filesystem::temp_directory_path() /
                  ("oxbow-event-api-" + random_alphanumeric(12))) {
        std::filesystem::create_directories(folder_);
        catalog = catalog::Catalog::open(folder_ / "oxbow.db").value();
        add("a", "1");
        add("b", "2");
        add("a", "3");
        add("b", "4");
        api = std::make_unique<EventApi>(*catalog, 4, pool_.get_executor(),
                                         net::EventFeedLimits{.readers_max = 1, .gather = 0ms});
        loops_.start();
    }
    ~Log() {
        api->close();
        loops_.stop();
        loops_.join();
        pool_.join();
        api.reset();
        catalog.reset();
        std::filesystem::remove_all(folder_);
    }

    std::vector<catalog::Event> add(const std::string& channel, const std::string& body) {
        return catalog
            ->append_to_log({{.session = std::nullopt,
                              .events = {{.channel = ChannelId{channel}, .body = body}},
                              .recording = std::nullopt}},
                            {"http://x/hook"})
            .value();
    }
    net::HttpResponse get(std::string path, std::string query,
                          std::vector<std::pair<std::string, std::string>> headers = {}) {
        return answer({.method = "GET",
                       .path = std::move(path),
                       .query = std::move(query),
                       .headers = std::move(headers)});
    }
    net::HttpResponse answer(const net::TestRequest& owner) {
        const net::HttpRequest request = owner;
        return asio::co_spawn(loops_.at(0), api->answer(request), asio::use_future).get();
    }
    std::string next(net::HttpResponse& response) {
        return asio::co_spawn(
                   loops_.at(0), [&] { return response.stream->next(); }, asio::use_future)
            .get()
            .value_or("the end");
    }

    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<EventApi> api;

private:
    std::filesystem::path folder_;
    asio::thread_pool pool_{1};
    net::Loops loops_{1};
};

std::string text_of(const net::HttpResponse& response) {
    std::string out;
    for (const BytesView piece : response.body.pieces) out.append(piece.begin(), piece.end());
    return out;
}

TEST_CASE("a page holds what is behind a cursor and says where the next one begins") {
    Log log;

    CHECK(text_of(log.get("/events/log", "after=1&limit=2")) ==
          R"({"events":[{"cursor":2,"event":2},{"cursor":3,"event":3}],)"
          R"("next":3,"oldest":1,"newest":4})");
    CHECK(text_of(log.get("/events/log", "after=3&limit=2")) ==
          R"({"events":[{"cursor":4,"event":4}],"next":4,"oldest":1,"newest":4})");
    CHECK(text_of(log.get("/events/log", "after=9")) ==
          R"({"events":[],"next":9,"oldest":1,"newest":4})");
}

TEST_CASE("a page of one channel holds its events, and goes on behind those of others") {
    Log log;

    CHECK(text_of(log.get("/events/log", "channel=a")) ==
          R"({"events":[{"cursor":1,"event":1},{"cursor":3,"event":3}],)"
          R"("next":4,"oldest":1,"newest":4})");
}

TEST_CASE("numbers are taken up to their limits, and not beyond") {
    Log log;

    CHECK(log.get("/events/log", "limit=1000").status == 200);
    CHECK(log.get("/events/log", "limit=1001").status == 400);
    CHECK(log.get("/events/log", "limit=1").status == 200);
    CHECK(log.get("/events/log", "limit=0").status == 400);
    CHECK(log.get("/events/log", "after=4611686018427387904").status == 200);
    CHECK(log.get("/events/log", "after=4611686018427387905").status == 400);
    CHECK(log.get("/events/log", "after=-1").status == 400);
    CHECK(log.get("/events/log", "channel=").status == 400);
    CHECK(log.get("/events", "", {{"last-event-id", "x"}}).status == 400);
}

TEST_CASE("the log is read by GET, at its paths") {
    Log log;

    CHECK(log.answer({.method = "POST", .path = "/events/log"}).status == 405);
    CHECK(log.get("/events/x", "").status == 404);
}

TEST_CASE("a stream gives what is in the log behind its cursor, and then what comes") {
    Log log;
    auto response = log.get("/events", "after=3", {{"last-event-id", "2"}});
    REQUIRE(response.stream);

    CHECK(log.next(response) == "id: 3\ndata: 3\n\nid: 4\ndata: 4\n\n");
    log.api->on_events(log.add("a", "5"));

    CHECK(log.next(response) == "id: 5\ndata: 5\n\n");
}

TEST_CASE("a stream of one channel gives its events only, old and new") {
    Log log;
    auto response = log.get("/events", "channel=b");

    CHECK(log.next(response) == "id: 2\ndata: 2\n\nid: 4\ndata: 4\n\n");
    log.api->on_events(log.add("a", "5"));
    log.api->on_events(log.add("b", "6"));

    CHECK(log.next(response) == "id: 6\ndata: 6\n\n");
}

TEST_CASE("one reader more than may read is told to ask for pages") {
    Log log;
    const auto response = log.get("/events", "");

    CHECK(response.stream);
    CHECK(log.get("/events", "").status == 503);
}

TEST_CASE("dead letters name receiver, cursor and reason") {
    Log log;
    log.catalog->give_up_delivery("http://x/hook", 2, "it answered 500").value();

    CHECK(text_of(log.get("/events/dead-letters", "")) ==
          R"({"deadLetters":[{"receiver":"http://x/hook","cursor":2,"why":"it answered 500"}],)"
          R"("next":2})");
    CHECK(text_of(log.get("/events/dead-letters", "after=2")) == R"({"deadLetters":[],"next":2})");
}

}  // namespace
}  // namespace oxbow::notify
