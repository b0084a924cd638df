#pragma once

// Parameter sets that real encoders wrote, for the tests of the rooms that read or carry them.

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace oxbow::test {

/// "67 64 00" as bytes.
inline Bytes from_hex(std::string_view text) {
    Bytes out;
    int high = -1;
    for (const char c : text) {
        if (c == ' ') continue;
        const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
        if (high >= 0) out.push_back(static_cast<std::uint8_t>(high << 4 | digit));
        high = high >= 0 ? -1 : digit;
    }
    return out;
}

// Big Buck Bunny: High, level 3.0, 854x480 cropped out of 864x480, 24 frames a second; with
// emulation prevention in the VUI.
inline const Bytes kFilmSps = from_hex("6764001eacd940d83de6f011000003000100000300300f162d96");
inline const Bytes kFilmPps = from_hex("68ebe3cb22c0");
inline const Bytes kFilmRecord = from_hex(
    "0164001effe1001a 6764001eacd940d83de6f011000003000100000300300f162d96 01 0006 68ebe3cb22c0");

// Main, level 4.0, interlaced, 1920x1080 cropped out of 1920x1088, 30000/1001 frames a second.
inline const Bytes kInterlacedSps = from_hex("674d4028f403c0227ef01100000303e90000ea601f162ea0");

// Constrained baseline, level 3.1, 1280x720, 30 frames a second.
inline const Bytes kBaselineSps = from_hex("6742c01fda014016ec0440000003004000000f03c60ca8");

inline const Bytes kSps444 = from_hex("67f4000d91968141fb011000000300100000030320f142aa");
inline const Bytes kSps10Bit = from_hex("676e000da6cb40a0fd80880000030008000003019078a155");

}  // namespace oxbow::test
