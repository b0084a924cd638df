#include "media/bit_reader.h"

#include <doctest/doctest.h>

namespace oxbow {

TEST_CASE("bits are read most significant first, across bytes") {
    const Bytes bytes{0b1010'0000, 0b0000'0001};
    BitReader in{bytes};

    CHECK(in.flag());
    CHECK(in.bits(3) == 0b010);
    CHECK(in.bits(12) == 1);
    CHECK_FALSE(in.failed());
}

TEST_CASE("a read past the last bit gives 0 and is remembered") {
    const Bytes bytes{0xff};
    BitReader in{bytes};
    in.skip(7);

    CHECK(in.bits(2) == 0);
    CHECK(in.failed());
    CHECK(in.bits(1) == 0);
}

TEST_CASE("Exp-Golomb numbers are those of ISO/IEC 14496-10 table 9-2") {
    const Bytes bytes{0b1'010'011'0, 0b0100'0010, 0b1000'0000};  // 0, 1, 2, 3, 4
    BitReader in{bytes};

    CHECK(in.exp_golomb() == 0);
    CHECK(in.exp_golomb() == 1);
    CHECK(in.exp_golomb() == 2);
    CHECK(in.exp_golomb() == 3);
    CHECK(in.exp_golomb() == 4);
}

TEST_CASE("signed Exp-Golomb numbers go 0, 1, -1, 2, -2") {
    const Bytes bytes{0b1'010'011'0, 0b0100'0010, 0b1000'0000};
    BitReader in{bytes};

    CHECK(in.signed_exp_golomb() == 0);
    CHECK(in.signed_exp_golomb() == 1);
    CHECK(in.signed_exp_golomb() == -1);
    CHECK(in.signed_exp_golomb() == 2);
    CHECK(in.signed_exp_golomb() == -2);
}

TEST_CASE("31 leading zeros are the longest Exp-Golomb number") {
    const Bytes bytes{0x00, 0x00, 0x00, 0x01, 0xff, 0xff, 0xff, 0xff};
    BitReader in{bytes};

    CHECK(in.exp_golomb() == 4'294'967'294);
    CHECK_FALSE(in.failed());
}

TEST_CASE("32 leading zeros are no Exp-Golomb number") {
    const Bytes bytes{0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff};
    BitReader in{bytes};

    CHECK(in.exp_golomb() == 0);
    CHECK(in.failed());
}

}  // namespace oxbow
