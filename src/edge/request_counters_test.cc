#include "edge/request_counters.h"

#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace oxbow::edge;

TEST_CASE("answers are counted by behaviour and class of status, their bytes with them") {
    RequestCounters counters{2};

    counters.count(1, 200, 1'000);
    counters.count(1, 206, 10);
    counters.count(1, 404, 50);
    counters.count(2, 304, 0);

    CHECK(counters.of(1, 2) == RequestCounters::Count{.requests = 2, .bytes = 1'010});
    CHECK(counters.of(1, 4) == RequestCounters::Count{.requests = 1, .bytes = 50});
    CHECK(counters.of(2, 3) == RequestCounters::Count{.requests = 1, .bytes = 0});
    CHECK(counters.of(2, 2) == RequestCounters::Count{});
}

TEST_CASE("a mark that is none of a behaviour counts as no behaviour's, and nothing lies outside") {
    RequestCounters counters{2};

    counters.count(0, 400, 1);
    counters.count(3, 400, 1);
    counters.count(255, 999, 1);
    counters.count(1, 0, 1);

    CHECK(counters.of(0, 4) == RequestCounters::Count{.requests = 2, .bytes = 2});
    CHECK(counters.of(0, 5) == RequestCounters::Count{.requests = 1, .bytes = 1});
    CHECK(counters.of(1, 1) == RequestCounters::Count{.requests = 1, .bytes = 1});
}

TEST_CASE("more threads than there are places lose no count") {
    RequestCounters counters{1};
    std::vector<std::jthread> threads;

    for (std::size_t i = 0; i < RequestCounters::kLanes + 3; ++i) {
        threads.emplace_back([&counters] {
            for (int count = 0; count < 100; ++count) counters.count(1, 200, 2);
        });
    }
    threads.clear();

    CHECK(counters.of(1, 2) == RequestCounters::Count{.requests = 1'900, .bytes = 3'800});
}
