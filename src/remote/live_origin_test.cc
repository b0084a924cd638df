#include "remote/live_origin.h"

#include <doctest/doctest.h>

#include <future>
#include <thread>

#include <fmt/format.h>
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

TEST_CASE("what is held is asked for again on condition that it has changed") {
    std::string version = "1";
    std::vector<std::string> conditions;
    ManualClock clock{WallTime{}};
    TestEndpoint endpoint{[&](const net::HttpRequest& request) {
        const std::string etag = fmt::format("\"{}-gz\"", version);
        conditions.emplace_back(request.header("if-none-match").value_or("-"));
        TestEndpoint::Answer out{
            .headers = fmt::format("Content-Type: application/vnd.apple.mpegurl\r\nETag: {}\r\n"
                                   "Cache-Control: max-age=1\r\n",
                                   etag)};
        if (conditions.back() == etag) {
            out.status = 304;
        } else {
            out.body = "#EXTM3U\n" + version;
        }
        return out;
    }};
    asio::thread_pool asker{1};
    LiveOrigin origin{endpoint.url, clock};
    const auto get = [&](const std::string& target) {
        return asio::co_spawn(asker.get_executor(), origin.get(target), asio::use_future)
            .get()
            .value();
    };
    const std::string target = "/rewind/a.m3u8";

    const auto first = get(target);
    clock.advance(1s);
    REQUIRE(origin.held(target) == nullptr);
    const auto same = get(target);
    CHECK(origin.held(target) == same);
    clock.advance(1s);
    version = "2";
    const auto next = get(target);

    CHECK(conditions == std::vector<std::string>{"-", "\"1-gz\"", "\"1-gz\""});
    CHECK(same->status == 200);
    CHECK(same->text == first->text);
    CHECK(next->text->str() == "#EXTM3U\n2");
    get("/rewind/b.m3u8");
    CHECK(conditions.back() == "-");
}

TEST_CASE("a playlist that grew shares with its earlier version what both begin with") {
    const std::string old_text = std::string(GrowingText::kPieceBytes, 'a') +
                                 std::string(GrowingText::kPieceBytes, 'b') + "hint";
    const std::string new_text =
        old_text.substr(0, 2 * GrowingText::kPieceBytes) + "the segment, and a hint";
    const TextVersion old{shared_pieces(old_text, nullptr), "1"};

    const TextVersion grown{shared_pieces(new_text, &old), "2"};
    const TextVersion other{shared_pieces("x" + new_text, &old), "3"};
    const TextVersion shorter{shared_pieces("aaa", &old), "4"};

    CHECK(grown.str() == new_text);
    REQUIRE(grown.pieces().size() == 3);
    CHECK(grown.pieces()[0] == old.pieces()[0]);
    CHECK(grown.pieces()[1] == old.pieces()[1]);
    CHECK(other.str() == "x" + new_text);
    CHECK(other.pieces()[0] != old.pieces()[0]);
    CHECK(shorter.str() == "aaa");
    CHECK(without_wait("/a.m3u8?_HLS_msn=5&_HLS_part=0&_HLS_skip=YES&parts=0") ==
          "/a.m3u8?_HLS_skip=YES&parts=0");
    CHECK(without_wait("/a.m3u8?_HLS_msn=5") == "/a.m3u8");
    CHECK(without_wait("/a.m3u8") == "/a.m3u8");
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
