#include "edge/channel_waits.h"

#include <memory>
#include <vector>

#include <doctest/doctest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace oxbow::edge {
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

const ChannelId kChannel{"AsXego4U6tnj"};

}  // namespace

TEST_CASE("who waits hears of the next view of its channel, and of no other's") {
    asio::io_context loop;
    ChannelWaits waits;
    const auto one = waits.enter(kChannel, loop.get_executor(), 1h);
    const auto other = waits.enter(ChannelId{"other"}, loop.get_executor(), 1ms);
    asio::co_spawn(loop, one->next_view(), asio::detached);
    asio::co_spawn(loop, other->next_view(), asio::detached);
    loop.poll();

    waits.notice(kChannel);
    loop.run();

    CHECK(one->heard());
    CHECK_FALSE(other->heard());
}

TEST_CASE("a view that comes between entering and waiting is not missed") {
    asio::io_context loop;
    ChannelWaits waits;
    const auto place = waits.enter(kChannel, loop.get_executor(), 1h);

    waits.notice(kChannel);
    loop.run();
    loop.restart();
    asio::co_spawn(loop, place->next_view(), asio::detached);
    loop.run();

    CHECK(place->heard());
}

TEST_CASE(
    "all who wait on their loops hear of one view, and who comes behind it waits for the next") {
    asio::io_context loop;
    asio::io_context other_loop;
    ChannelWaits waits;
    std::vector<std::unique_ptr<ChannelWaits::Place>> places;
    const auto wait_on = [&](asio::io_context& where, std::chrono::milliseconds time) {
        places.push_back(waits.enter(kChannel, where.get_executor(), time));
        asio::co_spawn(where, places.back()->next_view(), asio::detached);
        where.poll();
        where.restart();
    };
    for (int i = 0; i < 10; ++i) wait_on(i % 3 == 0 ? other_loop : loop, 1h + i * 100ms);

    waits.notice(kChannel);
    wait_on(loop, 1ms);
    loop.run();
    other_loop.run();

    const auto late = std::move(places.back());
    places.pop_back();
    for (const auto& place : places) CHECK(place->heard());
    CHECK_FALSE(late->heard());
}

TEST_CASE("nobody gives up before the time is over") {
    asio::io_context loop;
    ChannelWaits waits;
    const auto begun = std::chrono::steady_clock::now();
    const auto place = waits.enter(kChannel, loop.get_executor(), 300ms);
    asio::co_spawn(loop, place->next_view(), asio::detached);
    loop.run();

    CHECK_FALSE(place->heard());
    CHECK(std::chrono::steady_clock::now() - begun >= 300ms);
}

TEST_CASE("who waits still when its loop ends is let go with it") {
    ChannelWaits waits;
    asio::io_context loop;
    asio::co_spawn(
        loop,
        [&]() -> asio::awaitable<void> {
            const auto place = waits.enter(kChannel, loop.get_executor(), 1h);
            co_await place->next_view();
        },
        asio::detached);
    loop.poll();
}

TEST_CASE("no more than kWaitingMax wait, and those that gave up do not count") {
    asio::io_context loop;
    ChannelWaits waits;
    std::vector<std::unique_ptr<ChannelWaits::Place>> places;
    for (std::size_t i = 0; i < ChannelWaits::kWaitingMax; ++i)
        places.push_back(waits.enter(kChannel, loop.get_executor(), 1h));
    REQUIRE(places.back());
    CHECK_FALSE(waits.enter(kChannel, loop.get_executor(), 1h));

    places.pop_back();
    CHECK(waits.enter(kChannel, loop.get_executor(), 1h));
    for (std::size_t i = 0; i < 2 * ChannelWaits::kWaitingMax; ++i)
        REQUIRE(waits.enter(kChannel, loop.get_executor(), 1h));
}

}  // namespace oxbow::edge
