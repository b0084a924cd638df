#pragma once

#include <cstddef>
#include <cstdint>

namespace oxbow::pictures {

/// What the numbers of a picture's pixels mean.
struct ColorMeaning {
    bool bt709 = false;       // the matrix of HD; else that of BT.601, which every JPEG has
    bool full_range = false;  // black is 0 and white 255, as in a JPEG; else 16 and 235
};

/// A picture of 4:2:0: luma, and two planes of half its width and height, rounded up.
struct Planes {
    std::uint8_t* data[3];
    std::ptrdiff_t stride[3];  // bytes from row to row
};

/// Gives the pixels of a picture in place the meaning that they have in a JPEG.
///
/// Source: ITU-R BT.601-7 and BT.709-6 (luma coefficients); JFIF 1.02.
void to_jpeg_colors(const Planes& planes, int width, int height, ColorMeaning from);

}  // namespace oxbow::pictures
