#include "pictures/colors.h"

#include <algorithm>
#include <span>
#include <vector>

namespace oxbow::pictures {
namespace {

constexpr int kFraction = 14;  // bits behind the point of the factors below
constexpr std::int32_t kHalf = 1 << (kFraction - 1);

constexpr std::int32_t fixed(double value) {
    const double scaled = value * (1 << kFraction);
    return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

/// The new numbers of a pixel, from its old ones without their offsets.
struct Factors {
    std::int32_t luma;     // of Y
    std::int32_t luma_cb;  // what Cb and Cr give to Y
    std::int32_t luma_cr;
    std::int32_t cb_cb;
    std::int32_t cb_cr;
    std::int32_t cr_cb;
    std::int32_t cr_cr;
};

/// RGB is the same before and after: Y' = Kr R + (1 - Kr - Kb) G + Kb B in the new matrix, with R,
/// G and B as the old one makes them of Y, Cb and Cr.
constexpr Factors factors(ColorMeaning from) {
    constexpr double kRed601 = 0.299;
    constexpr double kBlue601 = 0.114;
    const double red = from.bt709 ? 0.2126 : kRed601;
    const double blue = from.bt709 ? 0.0722 : kBlue601;
    const double green = 1 - red - blue;
    const double green601 = 1 - kRed601 - kBlue601;
    // R = Y + r Cr, B = Y + b Cb, G = Y - gb Cb - gr Cr, of signed chroma of half the range.
    const double r = 2 * (1 - red);
    const double b = 2 * (1 - blue);
    const double gb = blue * b / green;
    const double gr = red * r / green;
    const double y_cb = kBlue601 * b - green601 * gb;
    const double y_cr = kRed601 * r - green601 * gr;
    const double cb = 2 * (1 - kBlue601);
    const double cr = 2 * (1 - kRed601);
    const double luma = from.full_range ? 1.0 : 255.0 / 219;
    const double chroma = from.full_range ? 1.0 : 255.0 / 224;
    return {.luma = fixed(luma),
            .luma_cb = fixed(chroma * y_cb),
            .luma_cr = fixed(chroma * y_cr),
            .cb_cb = fixed(chroma * (b - y_cb) / cb),
            .cb_cr = fixed(chroma * -y_cr / cb),
            .cr_cb = fixed(chroma * -y_cb / cr),
            .cr_cr = fixed(chroma * (r - y_cr) / cr)};
}

std::uint8_t byte_of(std::int32_t value) {
    return static_cast<std::uint8_t>(std::clamp(value >> kFraction, 0, 255));
}

/// What a row of chroma gives to each pixel of the two rows of luma above it.
void add_chroma(std::span<std::int32_t> to, const std::uint8_t* cb, const std::uint8_t* cr,
                const Factors& by, std::int32_t black) {
    const std::int32_t base = kHalf - black * by.luma;
    for (std::size_t x = 0; x < to.size(); ++x) {
        to[x] = (cb[x / 2] - 128) * by.luma_cb + (cr[x / 2] - 128) * by.luma_cr + base;
    }
}

void convert_luma(std::uint8_t* luma, std::span<const std::int32_t> chroma, std::int32_t factor) {
    for (std::size_t x = 0; x < chroma.size(); ++x) luma[x] = byte_of(luma[x] * factor + chroma[x]);
}

void convert_chroma(std::uint8_t* cb, std::uint8_t* cr, int width, const Factors& by) {
    constexpr std::int32_t kMiddle = (128 << kFraction) + kHalf;
    for (int x = 0; x < width; ++x) {
        const std::int32_t u = cb[x] - 128;
        const std::int32_t v = cr[x] - 128;
        cb[x] = byte_of(u * by.cb_cb + v * by.cb_cr + kMiddle);
        cr[x] = byte_of(u * by.cr_cb + v * by.cr_cr + kMiddle);
    }
}

}  // namespace

void to_jpeg_colors(const Planes& planes, int width, int height, ColorMeaning from) {
    if (!from.bt709 && from.full_range) return;
    const Factors by = factors(from);
    const std::int32_t black = from.full_range ? 0 : 16;
    const auto row = [&planes](int plane, int y) {
        return planes.data[plane] + y * planes.stride[plane];
    };
    std::vector<std::int32_t> chroma(static_cast<std::size_t>(width));
    for (int y = 0; y < height; ++y) {
        if (y % 2 == 0) add_chroma(chroma, row(1, y / 2), row(2, y / 2), by, black);
        convert_luma(row(0, y), chroma, by.luma);
    }
    for (int y = 0; y < (height + 1) / 2; ++y)
        convert_chroma(row(1, y), row(2, y), (width + 1) / 2, by);
}

}  // namespace oxbow::pictures
