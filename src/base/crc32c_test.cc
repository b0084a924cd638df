#include "base/crc32c.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace oxbow;

TEST_CASE("the checksums of RFC 3720") {
    Bytes rising(32);
    std::iota(rising.begin(), rising.end(), std::uint8_t{0});

    CHECK(crc32c(Bytes(32, 0x00)) == 0x8a9136aa);
    CHECK(crc32c(Bytes(32, 0xff)) == 0x62a8ab43);
    CHECK(crc32c(rising) == 0x46dd794e);
    CHECK(crc32c({}) == 0);
}

TEST_CASE("pieces have the checksum of the whole, wherever they are cut") {
    Bytes all(1'000);
    std::iota(all.begin(), all.end(), std::uint8_t{7});
    const BytesView view{all};

    CHECK(crc32c(view.subspan(13), crc32c(view.first(13))) == crc32c(view));
    CHECK(crc32c(view.subspan(999), crc32c(view.first(999))) == crc32c(view));
}
