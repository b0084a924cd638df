#include "media/h264_sps.h"

#include <doctest/doctest.h>

#include "media/h264.h"
#include "media/test_parameter_sets.h"

namespace oxbow::h264 {
using namespace oxbow::test;

namespace {

/// Baseline, level 3.0, of `bits`: everything behind level_idc.
Bytes baseline_sps(std::string_view bits) {
    Bytes out{0x67, 0x42, 0x00, 0x1e};
    int filled = 8;
    for (const char bit : bits) {
        if (bit == ' ') continue;
        if (filled == 8) {
            out.push_back(0);
            filled = 0;
        }
        out.back() = static_cast<std::uint8_t>(out.back() | (bit - '0') << (7 - filled));
        ++filled;
    }
    return out;
}

// id 0, log2_max_frame_num 4, picture order type 2, 1 reference frame, no gaps
constexpr std::string_view kHead = "1 1 011 010 0 ";

}  // namespace

TEST_CASE("a High SPS with emulation prevention, cropping and VUI timing is read") {
    const auto sps = read_sps(kFilmSps).value();

    CHECK(sps.profile_idc == 100);
    CHECK(sps.constraint_flags == 0);
    CHECK(sps.level_idc == 30);
    CHECK(sps.width == 854);
    CHECK(sps.height == 480);
    CHECK(sps.frame_rate == FrameRate{24, 1});
}

TEST_CASE("an interlaced SPS counts the lines of both fields") {
    const auto sps = read_sps(kInterlacedSps).value();

    CHECK(sps.width == 1920);
    CHECK(sps.height == 1080);
    CHECK(sps.frame_rate == FrameRate{30'000, 1'001});
}

TEST_CASE("a baseline SPS states no chroma format and is 4:2:0 with 8 bits") {
    const auto sps = read_sps(kBaselineSps).value();

    CHECK(sps.profile_idc == 66);
    CHECK(sps.constraint_flags == 0xc0);
    CHECK(sps.width == 1280);
    CHECK(sps.height == 720);
    CHECK(sps.frame_rate == FrameRate{30, 1});
}

TEST_CASE("scaling lists in an SPS are skipped") {
    // High; id 0, chroma 4:2:0, 8 and 8 bits, no bypass, matrix present: the first list falls back
    // at once (its first delta makes the next scale 0), the other seven are absent; then 16x16
    // pixels.
    Bytes sps = baseline_sps("1 010 1 1 0 1  1 000010001 0000000  1 011 010 0 1 1 1 1 0 0 1");
    sps[1] = 100;

    const auto read = read_sps(sps).value();

    CHECK(read.width == 16);
    CHECK(read.height == 16);
}

TEST_CASE("picture order type 1 with its cycle is skipped") {
    // type 1, a flag, two offsets, a cycle of 2 with its offsets; 1 reference frame, no gaps; 16x16
    const auto sps =
        read_sps(baseline_sps("1 1 010 0 1 1 011 010 011 010 0 1 1 1 1 0 0 1")).value();

    CHECK(sps.width == 16);
    CHECK(sps.height == 16);
    CHECK_FALSE(sps.frame_rate);
}

TEST_CASE("a VUI that is cut short states no rate") {
    Bytes sps = kFilmSps;
    sps.resize(16);

    const auto read = read_sps(sps).value();

    CHECK(read.width == 854);
    CHECK_FALSE(read.frame_rate);
}

TEST_CASE("an SPS that is cut short before its size is refused") {
    Bytes sps = kFilmSps;
    sps.resize(7);

    CHECK(read_sps(sps).error().code == ErrorCode::Malformed);
    CHECK(read_sps(Bytes{}).error().code == ErrorCode::Malformed);
    CHECK(read_sps(Bytes{0x67}).error().code == ErrorCode::Malformed);
}

TEST_CASE("another NAL unit is not taken for an SPS") {
    CHECK(read_sps(kFilmPps).error().code == ErrorCode::Malformed);
}

TEST_CASE("a picture of kPictureEdgeMax pixels passes, 16 more do not") {
    const std::string head{kHead};
    // the width in macroblocks less 1: ue(511), then ue(512)
    const auto edge = read_sps(baseline_sps(head + "0000000001000000000 1 1 1 0 0 1"));
    const auto above = read_sps(baseline_sps(head + "0000000001000000001 1 1 1 0 0 1"));

    REQUIRE(edge);
    CHECK(edge->width == 8192);
    CHECK(above.error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("cropping that leaves two pixels passes, cropping that leaves nothing is refused") {
    const std::string head{kHead};
    // 16x16; crop left 7 (ue 0001000) in units of two pixels, then 8 (ue 0001001)
    const auto two = read_sps(baseline_sps(head + "1 1 1 1 1 0001000 1 1 1 0 1"));
    const auto none = read_sps(baseline_sps(head + "1 1 1 1 1 0001001 1 1 1 0 1"));

    REQUIRE(two);
    CHECK(two->width == 2);
    CHECK(none.error().code == ErrorCode::Malformed);
}

TEST_CASE("video that browsers do not play is named as such") {
    CHECK(read_sps(kSps444).error().code == ErrorCode::Unsupported);
    CHECK(read_sps(kSps10Bit).error().code == ErrorCode::Unsupported);
}

TEST_CASE("an SPS of kParameterSetBytesMax passes, one byte more does not") {
    Bytes sps = kFilmSps;
    sps.resize(kParameterSetBytesMax);
    Bytes longer = kFilmSps;
    longer.resize(kParameterSetBytesMax + 1);

    CHECK(read_sps(sps).has_value());
    CHECK(read_sps(longer).error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("emulation prevention is removed and only that") {
    CHECK(without_emulation_prevention(from_hex("000003 01 000003 00000300 03")) ==
          from_hex("000001 0000 000000 03"));
}

}  // namespace oxbow::h264
