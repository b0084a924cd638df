#include "ingest/connections.h"

#include <doctest/doctest.h>
#include <boost/asio/io_context.hpp>

namespace oxbow::ingest {
namespace {

/// How many of `times` refusals at once have a line.
int lines_of(Connections::Slot& slot, int times, SteadyTime now) {
    int lines = 0;
    for (int i = 0; i < times; ++i) lines += slot.take_refusal_line(now) == 0;
    return lines;
}

}  // namespace

TEST_CASE("as many connections as the limit are admitted, and one more when one has gone") {
    const auto connections = std::make_shared<Connections>(2, 10);
    const auto first = connections->admit("192.0.2.1");
    auto second = std::make_unique<Result<Connections::Slot>>(connections->admit("192.0.2.2"));

    const auto third = connections->admit("192.0.2.3");
    second.reset();
    const auto fourth = connections->admit("192.0.2.3");

    CHECK(first.has_value());
    REQUIRE_FALSE(third.has_value());
    CHECK(third.error().code == ErrorCode::LimitExceeded);
    CHECK(third.error().what == "there are 2 connections already, as many as the limit allows");
    CHECK(fourth.has_value());
}

TEST_CASE("an address is limited in connections that do not publish") {
    const auto connections = std::make_shared<Connections>(100, 2);
    auto first = connections->admit("192.0.2.1");
    const auto second = connections->admit("192.0.2.1");

    const auto third = connections->admit("192.0.2.1");
    const auto elsewhere = connections->admit("192.0.2.2");
    first->set_publishing();
    const auto fourth = connections->admit("192.0.2.1");
    const auto fifth = connections->admit("192.0.2.1");

    REQUIRE_FALSE(third.has_value());
    CHECK(third.error().what ==
          "2 connections of this address have not published yet, as many as the limit allows");
    CHECK(elsewhere.has_value());
    CHECK(fourth.has_value());
    CHECK_FALSE(fifth.has_value());
}

TEST_CASE("stopping all reaches those that are there and those that come") {
    const auto connections = std::make_shared<Connections>(10, 10);
    const auto before = connections->admit("192.0.2.1");

    connections->stop_all("the server stops");
    const auto after = connections->admit("192.0.2.1");

    CHECK(before->stop_signal()->why() == "the server stops");
    CHECK(after->stop_signal()->why() == "the server stops");
}

TEST_CASE("a stop is posted to who listens, once, and the first one counts") {
    boost::asio::io_context loop;
    StopSignal signal;
    std::vector<std::string> heard;

    const bool listening = signal.listen(
        loop.get_executor(), [&heard](const std::string& why) { heard.push_back(why); });
    signal.stop("first");
    signal.stop("second");
    const auto before_run = heard.size();
    loop.run();

    CHECK(listening);
    CHECK(before_run == 0);
    CHECK(heard == std::vector<std::string>{"first"});
    CHECK(signal.why() == "first");
}

TEST_CASE("a stop while nobody listens is found by who listens next") {
    boost::asio::io_context loop;
    StopSignal signal;
    bool heard = false;
    signal.listen(loop.get_executor(), [&heard](const std::string&) { heard = true; });
    signal.ignore();

    signal.stop("moved");
    const bool listening =
        signal.listen(loop.get_executor(), [&heard](const std::string&) { heard = true; });
    loop.run();

    CHECK_FALSE(listening);
    CHECK_FALSE(heard);
    CHECK(signal.why() == "moved");
}

TEST_CASE(
    "a hundred refusals have their line in the log, then two a second, and the rest is told") {
    const auto connections = std::make_shared<Connections>(10, 10);
    auto slot = connections->admit("192.0.2.1").value();
    const SteadyTime start{};

    CHECK(lines_of(slot, 100, start) == 100);
    CHECK_FALSE(slot.take_refusal_line(start));
    CHECK_FALSE(slot.take_refusal_line(start + std::chrono::milliseconds{499}));
    CHECK(slot.take_refusal_line(start + std::chrono::milliseconds{500}) == 2);
    CHECK(slot.take_refusal_line(start + std::chrono::milliseconds{1'000}) == 0);
}

}  // namespace oxbow::ingest
