#include "net/loops.h"

#include <sched.h>

#include <doctest/doctest.h>

namespace oxbow::net {

TEST_CASE("a thread that may use one core of the machine finds one") {
    std::size_t found = 0;
    std::thread confined{[&found] {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
        ::sched_setaffinity(0, sizeof one, &one);
        found = usable_cores();
    }};
    confined.join();

    CHECK(found == 1);
}

}  // namespace oxbow::net
