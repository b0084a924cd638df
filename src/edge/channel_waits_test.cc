#include "edge/channel_waits.h"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace oxbow::edge {
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

const ChannelId kChannel{"AsXego4U6tnj"};

}  // namespace

TEST_CASE("who waits hears of the next view of its channel, and of no other's") {
    asio::io_context loop;
    ChannelWaits waits;
    const auto one = waits.enter(kChannel, loop.get_executor());
    const auto other = waits.enter(ChannelId{"other"}, loop.get_executor());
    auto heard = asio::co_spawn(loop, one->next_view(1h), asio::use_future);
    auto not_heard = asio::co_spawn(loop, other->next_view(1ms), asio::use_future);
    loop.poll();

    waits.notice(kChannel);
    loop.run();

    CHECK(heard.get());
    CHECK_FALSE(not_heard.get());
}

TEST_CASE("a view that comes between entering and waiting is not missed") {
    asio::io_context loop;
    ChannelWaits waits;
    const auto place = waits.enter(kChannel, loop.get_executor());

    waits.notice(kChannel);
    loop.run();
    loop.restart();
    auto heard = asio::co_spawn(loop, place->next_view(1h), asio::use_future);
    loop.run();

    CHECK(heard.get());
}

TEST_CASE("no more than kWaitingMax wait, and those that gave up do not count") {
    asio::io_context loop;
    ChannelWaits waits;
    std::vector<std::unique_ptr<ChannelWaits::Place>> places;
    for (std::size_t i = 0; i < ChannelWaits::kWaitingMax; ++i)
        places.push_back(waits.enter(kChannel, loop.get_executor()));
    REQUIRE(places.back());
    CHECK_FALSE(waits.enter(kChannel, loop.get_executor()));

    waits.notice(kChannel);
    CHECK(waits.enter(kChannel, loop.get_executor()));
    places.clear();
    for (std::size_t i = 0; i < 2 * ChannelWaits::kWaitingMax; ++i)
        REQUIRE(waits.enter(kChannel, loop.get_executor()));
}

}  // namespace oxbow::edge
