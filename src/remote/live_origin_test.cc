#include "remote/live_origin.h"

#include <doctest/doctest.h>

#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "remote/test_endpoint.h"

namespace oxbow::remote {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// An origin that holds its answers while `held` says so.
struct Fixture {
    Fixture()
        : endpoint([this](const net::HttpRequest& request) {
              go_on.get_future().wait();
              TestEndpoint::Answer out = answer;
              out.body += request.path;
              return out;
          }),
          origin(endpoint.url, clock) {}

    std::future<Result<LiveOrigin::Pointer>> ask(const std::string& target) {
        return asio::co_spawn(asker.get_executor(), origin.get(target), asio::use_future);
    }

    TestEndpoint::Answer answer{.headers =
                                    "Content-Type: video/mp2t\r\nETag: \"e\"\r\n"
                                    "Cache-Control: max-age=1\r\n"};
    std::promise<void> go_on;
    ManualClock clock{WallTime{}};
    TestEndpoint endpoint;
    asio::thread_pool asker{1};  // outlives the origin, which posts to it
    LiveOrigin origin;
};

}  // namespace

TEST_CASE("many who ask for one thing are one question") {
    Fixture it;
    std::vector<std::future<Result<LiveOrigin::Pointer>>> asked;
    for (int i = 0; i < 50; ++i) asked.push_back(it.ask("/seg/a.ts"));
    it.go_on.set_value();

    for (auto& each : asked) {
        const auto answer = each.get();
        REQUIRE(answer);
        CHECK(*(*answer)->bytes == "/seg/a.ts");
        CHECK((*answer)->etag == "e");
    }

    CHECK(it.endpoint.asked == 1);
    CHECK(it.origin.held("/seg/a.ts") != nullptr);
    CHECK(it.origin.held("/seg/b.ts") == nullptr);
    it.clock.advance(1s);
    CHECK(it.origin.held("/seg/a.ts") == nullptr);
}

TEST_CASE("an origin that is not there is left alone for a moment") {
    ManualClock clock{WallTime{}};
    asio::thread_pool asker{1};
    LiveOrigin origin{"http://127.0.0.1:1", clock};
    const auto ask = [&] {
        return asio::co_spawn(asker.get_executor(), origin.get("/x"), asio::use_future).get();
    };
    CHECK(ask().error().what.contains("cannot be reached"));
    CHECK(ask().error().what == "the live origin is away");
    clock.advance(LiveOrigin::kAwayFor);
    CHECK(ask().error().what.contains("cannot be reached"));
}

TEST_CASE("an answer is kept as its Cache-Control says") {
    CHECK(kept_for("max-age=1") == 1s);
    CHECK(kept_for("public, max-age=31536000, immutable") == 31'536'000s);
    CHECK(kept_for("private, no-store") == 0s);
    CHECK(kept_for("no-cache, max-age=5") == 0s);
    CHECK(kept_for("max-age=-5") == 0s);
    CHECK(kept_for("max-age=99999999999999999999") == 0s);
    CHECK(kept_for("") == 0s);
}

TEST_CASE("an answer is kept for as long as who asked for it says, which its target counts in") {
    std::vector<std::string> told;
    ManualClock clock{WallTime{}};
    TestEndpoint endpoint{[](const net::HttpRequest&) {
        return TestEndpoint::Answer{
            .headers =
                "Content-Type: video/mp2t\r\nETag: \"e\"\r\nCache-Control: max-age=1\r\n"
                "Access-Control-Allow-Origin: *\r\n"
                "Access-Control-Expose-Headers: Date, ETag\r\n"};
    }};
    asio::thread_pool asker{1};
    LiveOrigin origin{endpoint.url, clock,
                      [&](std::string_view target, const OriginAnswer& answer) {
                          told.push_back(std::string{target} + " " + answer.cache_control);
                          return 60s;
                      }};

    const auto answer =
        asio::co_spawn(asker.get_executor(), origin.get("/seg/a.ts?x=1"), asio::use_future).get();

    REQUIRE(answer);
    CHECK(told == std::vector<std::string>{"/seg/a.ts?x=1 max-age=1"});
    CHECK((*answer)->cors ==
          "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Date, ETag\r\n");
    clock.advance(59s);
    CHECK(origin.held("/seg/a.ts?x=1") != nullptr);
    CHECK(origin.held("/seg/a.ts") == nullptr);
    clock.advance(1s);
    CHECK(origin.held("/seg/a.ts?x=1") == nullptr);
}

TEST_CASE(
    "what an origin does not say is not taken for nothing, and what is private is told apart") {
    CHECK(said_for("") == std::nullopt);
    CHECK(said_for("public") == std::nullopt);
    CHECK(said_for("max-age=0") == 0s);
    CHECK(said_for("no-cache") == 0s);
    CHECK(is_private("private, no-store"));
    CHECK(is_private("no-store"));
    CHECK_FALSE(is_private("public, max-age=1"));
}

}  // namespace oxbow::remote
