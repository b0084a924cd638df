#include "pictures/colors.h"

#include <array>
#include <cstdlib>

#include <doctest/doctest.h>

namespace oxbow::pictures {
namespace {

struct Pixel {
    int y, cb, cr;
};

/// The one color of a picture of 3x3 pixels, whose last rows and columns are odd.
Pixel converted(Pixel color, ColorMeaning from) {
    std::array<std::uint8_t, 9> luma;
    std::array<std::uint8_t, 4> cb;
    std::array<std::uint8_t, 4> cr;
    luma.fill(static_cast<std::uint8_t>(color.y));
    cb.fill(static_cast<std::uint8_t>(color.cb));
    cr.fill(static_cast<std::uint8_t>(color.cr));
    to_jpeg_colors({.data = {luma.data(), cb.data(), cr.data()}, .stride = {3, 2, 2}}, 3, 3, from);
    CHECK(luma[0] == luma[8]);
    CHECK(cb[0] == cb[3]);
    return {luma[8], cb[3], cr[3]};
}

bool near(Pixel a, Pixel b) {
    return std::abs(a.y - b.y) <= 1 && std::abs(a.cb - b.cb) <= 1 && std::abs(a.cr - b.cr) <= 1;
}

TEST_CASE("black and white of video are black and white of a JPEG, and darker is black") {
    CHECK(near(converted({16, 128, 128}, {}), {0, 128, 128}));
    CHECK(near(converted({235, 128, 128}, {}), {255, 128, 128}));
    CHECK(near(converted({0, 128, 128}, {}), {0, 128, 128}));
    CHECK(near(converted({255, 128, 128}, {.bt709 = true}), {255, 128, 128}));
}

// What ITU-R BT.601 and BT.709 give for the same R, G and B.
TEST_CASE("the primary colors keep their RGB, whatever matrix the video has") {
    CHECK(near(converted({63, 102, 240}, {.bt709 = true}), {76, 85, 255}));   // red
    CHECK(near(converted({173, 42, 26}, {.bt709 = true}), {150, 44, 21}));    // green
    CHECK(near(converted({32, 240, 118}, {.bt709 = true}), {29, 255, 107}));  // blue
    CHECK(near(converted({81, 90, 240}, {}), {76, 85, 255}));                 // red of BT.601
    CHECK(near(converted({54, 99, 255}, {.bt709 = true, .full_range = true}), {76, 85, 255}));
}

TEST_CASE("what has the meaning of a JPEG already is left alone") {
    CHECK(near(converted({77, 33, 200}, {.full_range = true}), {77, 33, 200}));
}

}  // namespace
}  // namespace oxbow::pictures
