#include "packager/held_audio.h"

#include <doctest/doctest.h>

#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

TEST_CASE("as many frames are held as units_max allows, then the oldest go") {
    HeldAudio held{2, 10'000};

    CHECK(held.push(sound(0ms), 10s) == 0);
    CHECK(held.push(sound(20ms), 10s) == 0);
    CHECK(held.push(sound(40ms), 10s) == 1);

    CHECK(held.first_dts() == 20ms);
    CHECK(held.span() == 20ms);
}

TEST_CASE("as many bytes are held as bytes_max allows, then the oldest go") {
    HeldAudio held{10, 204};  // two frames of 102 bytes

    CHECK(held.push(sound(0ms, 100), 10s) == 0);
    CHECK(held.push(sound(20ms, 100), 10s) == 0);
    CHECK(held.push(sound(40ms, 101), 10s) == 2);
}

TEST_CASE("a dts that goes back or jumps begins anew") {
    HeldAudio held{10, 10'000};
    held.push(sound(5s), 10s);

    CHECK(held.push(sound(4'999ms), 10s) == 1);
    CHECK(held.push(sound(14'999ms), 10s) == 0);
    CHECK(held.push(sound(25s), 10s) == 2);
}

TEST_CASE("frames outside a time are let go") {
    HeldAudio held{10, 10'000};
    held.push(sound(0ms), 10s);
    held.push(sound(20ms), 10s);
    held.push(sound(40ms), 10s);

    CHECK(held.keep(1ms, 39ms) == 2);

    const auto left = held.take();
    REQUIRE(left.size() == 1);
    CHECK(left[0].dts == 20ms);
    CHECK(held.empty());
}

}  // namespace oxbow
