#include "media/h264.h"

#include <doctest/doctest.h>

#include "media/test_parameter_sets.h"

namespace oxbow::h264 {
using namespace oxbow::test;

namespace {

AccessUnit unit_of(Bytes data) {
    AccessUnit unit;
    unit.data = std::move(data);
    return unit;
}

/// `count` NAL units of one byte behind lengths of one byte.
Bytes one_byte_units(std::size_t count) {
    Bytes out;
    for (std::size_t i = 0; i < count; ++i) append(out, Bytes{0x01, 0x41});
    return out;
}

/// A record of `count` times the film's SPS and one PPS.
Bytes record_with_sps(std::uint8_t count) {
    Bytes out{1, 100, 0, 30, 0xff, static_cast<std::uint8_t>(0xe0 | count)};
    for (int i = 0; i < count; ++i) {
        append_number(out, kFilmSps.size(), 2);
        append(out, kFilmSps);
    }
    append(out, from_hex("01 0006 68ebe3cb22c0"));
    return out;
}

}  // namespace

TEST_CASE("a decoder configuration gives parameter sets, codec, size, rate and length size") {
    const auto read = read_decoder_configuration(kFilmRecord).value();

    CHECK(read.nal_length_size == 4);
    CHECK(read.parameters.sps == std::vector<Bytes>{kFilmSps});
    CHECK(read.parameters.pps == std::vector<Bytes>{kFilmPps});
    CHECK(codec_string(read.parameters) == "avc1.64001E");
    CHECK(read.parameters.width == 854);
    CHECK(read.parameters.height == 480);
    CHECK(read.parameters.frame_rate == FrameRate{24, 1});
}

TEST_CASE("the profile is that of the SPS, not of the record's own bytes") {
    Bytes record = kFilmRecord;
    record[1] = 66;

    CHECK(read_decoder_configuration(record).value().parameters.profile_idc == 100);
}

TEST_CASE("bytes behind the PPS, as High profile records have them, are not read") {
    Bytes record = kFilmRecord;
    append(record, from_hex("fdf8f800"));

    CHECK(read_decoder_configuration(record).has_value());
}

TEST_CASE("every decoder configuration that is cut short is refused") {
    const BytesView record{kFilmRecord};

    CHECK(read_decoder_configuration(record.first(0)).error().code == ErrorCode::Malformed);
    CHECK(read_decoder_configuration(record.first(5)).error().code == ErrorCode::Malformed);
    CHECK(read_decoder_configuration(record.first(7)).error().code == ErrorCode::Malformed);
    CHECK(read_decoder_configuration(record.first(20)).error().code == ErrorCode::Malformed);
    CHECK(read_decoder_configuration(record.first(34)).error().code == ErrorCode::Malformed);
    CHECK(read_decoder_configuration(record.first(record.size() - 1)).error().code ==
          ErrorCode::Malformed);
}

TEST_CASE(
    "a decoder configuration of another version, without SPS or with lengths of 3 is refused") {
    Bytes version = kFilmRecord;
    version[0] = 2;
    Bytes lengths = kFilmRecord;
    lengths[4] = 0xfe;

    CHECK(read_decoder_configuration(version).error().code == ErrorCode::Malformed);
    CHECK(read_decoder_configuration(lengths).error().code == ErrorCode::Malformed);
    CHECK(read_decoder_configuration(record_with_sps(0)).error().code == ErrorCode::Malformed);
}

TEST_CASE("kParameterSetsMax parameter sets pass, one more does not") {
    const auto most = read_decoder_configuration(record_with_sps(8));
    const auto more = read_decoder_configuration(record_with_sps(9));

    REQUIRE(most);
    CHECK(most->parameters.sps.size() == 8);
    CHECK(more.error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("a PPS where the SPS must stand is refused") {
    const Bytes record = from_hex("0164001effe1 0006 68ebe3cb22c0 00");

    CHECK(read_decoder_configuration(record).error().code == ErrorCode::Malformed);
}

TEST_CASE("NAL units are found behind the payload's start, an IDR makes a key frame") {
    AccessUnit unit = unit_of(from_hex("1700000000 00000002 0605 00000003 658880"));

    REQUIRE(find_nal_units(unit, 5, 4).has_value());

    REQUIRE(unit.nal_units.size() == 2);
    CHECK(unit.nal_units[0].offset == 9);
    CHECK(unit.nal_units[0].size == 2);
    CHECK(unit.nal_units[1].offset == 15);
    CHECK(unit.nal_units[1].size == 3);
    CHECK(unit.key_frame == KeyFrame::Yes);
}

TEST_CASE("a picture without IDR is no key frame, whatever it was before") {
    AccessUnit unit = unit_of(from_hex("0002 419a"));
    unit.key_frame = KeyFrame::Yes;

    REQUIRE(find_nal_units(unit, 0, 2).has_value());

    CHECK(unit.key_frame == KeyFrame::No);
    CHECK(unit.nal_units.size() == 1);
}

TEST_CASE("NAL units of length 0 are left out") {
    AccessUnit unit = unit_of(from_hex("00000000 00000002 419a 00000000"));

    REQUIRE(find_nal_units(unit, 0, 4).has_value());

    CHECK(unit.nal_units.size() == 1);
}

TEST_CASE("a NAL unit that ends with the picture passes, one byte longer is refused") {
    AccessUnit exact = unit_of(from_hex("02 419a"));
    AccessUnit beyond = unit_of(from_hex("03 419a"));
    AccessUnit half_a_length = unit_of(from_hex("00000002 419a 0000"));

    CHECK(find_nal_units(exact, 0, 1).has_value());
    CHECK(find_nal_units(beyond, 0, 1).error().code == ErrorCode::Malformed);
    CHECK(find_nal_units(half_a_length, 0, 4).error().code == ErrorCode::Malformed);
}

TEST_CASE("a picture without any NAL unit is refused") {
    AccessUnit nothing = unit_of({});
    AccessUnit empty_units = unit_of(from_hex("00000000"));

    CHECK(find_nal_units(nothing, 0, 4).error().code == ErrorCode::Malformed);
    CHECK(find_nal_units(empty_units, 0, 4).error().code == ErrorCode::Malformed);
}

TEST_CASE("kNalUnitsMax NAL units pass, one more does not") {
    AccessUnit most = unit_of(one_byte_units(1'000));
    AccessUnit more = unit_of(one_byte_units(1'001));

    CHECK(find_nal_units(most, 0, 1).has_value());
    CHECK(find_nal_units(more, 0, 1).error().code == ErrorCode::LimitExceeded);
}

}  // namespace oxbow::h264
