#include "pictures/decoder.h"

#include <doctest/doctest.h>

#include "pictures/test_key_frame.h"

namespace oxbow::pictures {
namespace {

/// The library is loaded once for all tests: that takes a tenth of a second.
Decoder& decoder() {
    static Decoder loaded = std::move(*Decoder::load());
    return loaded;
}

std::expected<Bytes, Outcome> jpeg_of(BytesView access_unit, PictureSize size) {
    Bytes out(kJpegBytesMax);
    const auto bytes = decoder().jpeg_of(access_unit, size, out);
    if (!bytes) return std::unexpected(bytes.error());
    out.resize(*bytes);
    return out;
}

TEST_CASE("a key frame becomes a JPEG of its own size") {
    const auto jpeg = jpeg_of(kRedKeyFrame, {64, 48});

    REQUIRE(jpeg);
    CHECK(check_jpeg(*jpeg, {64, 48}));
}

TEST_CASE("a key frame becomes a JPEG of the size that is asked for") {
    const auto smaller = jpeg_of(kRedKeyFrame, {32, 24});
    const auto odd = jpeg_of(kRedKeyFrame, {21, 17});

    REQUIRE(smaller);
    REQUIRE(odd);
    CHECK(check_jpeg(*smaller, {32, 24}));
    CHECK(check_jpeg(*odd, {21, 17}));
}

TEST_CASE("a decoder that was warmed up gives the same picture") {
    const auto before = jpeg_of(kRedKeyFrame, {64, 48});
    decoder().warm_up();

    CHECK(jpeg_of(kRedKeyFrame, {64, 48}) == before);
}

TEST_CASE("what is no key frame is undecodable") {
    Bytes garbage(10'000);
    for (std::size_t i = 0; i < garbage.size(); ++i)
        garbage[i] = static_cast<std::uint8_t>(i * 151 + 77);

    CHECK(jpeg_of(garbage, {64, 48}).error() == Outcome::Undecodable);
    CHECK(jpeg_of(Bytes{0}, {64, 48}).error() == Outcome::Undecodable);
    CHECK(jpeg_of(BytesView{kRedKeyFrame}.first(41), {64, 48}).error() == Outcome::Undecodable);
}

TEST_CASE("a picture that is damaged is no thumbnail") {
    Bytes damaged{kRedKeyFrame.begin(), kRedKeyFrame.end()};
    damaged.resize(damaged.size() - 12);

    CHECK(jpeg_of(damaged, {64, 48}).error() == Outcome::Undecodable);
}

TEST_CASE("a picture above kPicturePixelsMax is refused before there is memory for it") {
    CHECK(jpeg_of(kHugeKeyFrame, {64, 48}).error() == Outcome::Undecodable);
}

TEST_CASE("a JPEG that does not fit is too large") {
    Bytes little(100);

    CHECK(decoder().jpeg_of(kRedKeyFrame, {64, 48}, little).error() == Outcome::TooLarge);
}

}  // namespace
}  // namespace oxbow::pictures
