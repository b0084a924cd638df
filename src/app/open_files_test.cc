#include "app/open_files.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

using namespace oxbow::app;

TEST_CASE("as many connections as wanted, when as many files may be open beside our own") {
    CHECK(connections_per_loop(24'096, 2, 10'000) == 10'000);
    CHECK(connections_per_loop(24'095, 2, 10'000) == 9'999);
    CHECK(connections_per_loop(1'048'576, 2, 10'000) == 10'000);
}

TEST_CASE("of a low limit a half is for viewers, and one connection at least") {
    CHECK(connections_per_loop(1'024, 2, 10'000) == 256);
    CHECK(connections_per_loop(2, 4, 10'000) == 1);
}

TEST_CASE("the limit of open files is raised to the most there may be") {
    const std::size_t raised = raise_open_files_limit();

    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(limit.rlim_cur == limit.rlim_max);
    CHECK(raised == limit.rlim_max);
}
