#include "pictures/messages.h"

#include <doctest/doctest.h>

namespace oxbow::pictures {
namespace {

constexpr PictureSize kSize{64, 48};

/// The smallest that has the structure of a JPEG of kSize: no decoder would see much in it.
Bytes jpeg(const Bytes& scan = {0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56}) {
    Bytes out{0xff, 0xd8};
    append(out, Bytes{0xff, 0xdb, 0, 3, 0});
    append(out, Bytes{0xff, 0xc0, 0, 17, 8, 0, 48, 0, 64, 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0});
    append(out, Bytes{0xff, 0xda, 0, 2});
    append(out, scan);
    append(out, Bytes{0xff, 0xd9});
    return out;
}

std::string refusal(const Bytes& bytes, PictureSize size = kSize) {
    const auto checked = check_jpeg(bytes, size);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::Malformed);
    return checked.error().what;
}

TEST_CASE("a request and an answer are read as they were written") {
    const Request request{.access_unit_bytes = 1234, .size = {640, 360}};
    const Answer answer{.outcome = Outcome::Done, .jpeg_bytes = 77};

    const auto read_back = read_request(to_bytes(request)).value();
    const auto answered = read_answer(to_bytes(answer)).value();

    CHECK(read_back.access_unit_bytes == 1234);
    CHECK(read_back.size == PictureSize{640, 360});
    CHECK(answered.outcome == Outcome::Done);
    CHECK(answered.jpeg_bytes == 77);
}

TEST_CASE("an access unit may have kAccessUnitBytesMax, and not one more") {
    const auto read = [](std::uint32_t bytes) {
        return read_request(to_bytes(Request{.access_unit_bytes = bytes, .size = kSize}));
    };

    CHECK(read(kAccessUnitBytesMax));
    CHECK(read(kAccessUnitBytesMax + 1).error().code == ErrorCode::LimitExceeded);
    CHECK(read(0).error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("a picture may have sides of kSidePixelsMax, and not one more") {
    const auto read = [](PictureSize size) {
        return read_request(to_bytes(Request{.access_unit_bytes = 1, .size = size}));
    };

    CHECK(read({kSidePixelsMax, kSidePixelsMax}));
    CHECK(read({kSidePixelsMax + 1, 1}).error().code == ErrorCode::Malformed);
    CHECK(read({1, kSidePixelsMax + 1}).error().code == ErrorCode::Malformed);
    CHECK(read({0, 1}).error().code == ErrorCode::Malformed);
}

TEST_CASE("an answer may promise kJpegBytesMax, and not one more") {
    const auto read = [](Outcome outcome, std::uint32_t bytes) {
        return read_answer(to_bytes(Answer{.outcome = outcome, .jpeg_bytes = bytes}));
    };

    CHECK(read(Outcome::Done, kJpegBytesMax));
    CHECK(read(Outcome::Done, kJpegBytesMax + 1).error().code == ErrorCode::LimitExceeded);
    CHECK(read(Outcome::Undecodable, 1).error().code == ErrorCode::Malformed);
    CHECK(read(static_cast<Outcome>(6), 0).error().code == ErrorCode::Malformed);
    CHECK(read_answer(Bytes(kAnswerBytes - 1)).error().code == ErrorCode::Malformed);
    CHECK(read_answer(Bytes(kAnswerBytes + 1)).error().code == ErrorCode::Malformed);
}

TEST_CASE("a baseline JPEG of the size that was asked for is one") {
    CHECK(check_jpeg(jpeg(), kSize));
}

TEST_CASE("a JPEG of another size is refused") {
    CHECK(refusal(jpeg(), {64, 49}) == "not a picture: it is 64x48, not 64x49");
}

TEST_CASE("nothing stands in front of a picture, inside its scan or behind its end") {
    Bytes in_front{'<'};
    append(in_front, jpeg());
    Bytes behind = jpeg();
    append(behind, as_bytes("<script>"));

    CHECK(refusal(in_front).ends_with("it does not begin as one"));
    CHECK(refusal(behind).ends_with("there is more behind its end"));
    CHECK(refusal(jpeg({0xff, 0xfe})).ends_with("there is a marker inside its scan"));
    CHECK(refusal(jpeg({0xff})).ends_with("there is a marker inside its scan"));
}

TEST_CASE("segments that carry text or another picture are refused") {
    Bytes comment{0xff, 0xd8, 0xff, 0xfe, 0, 4, 'h', 'i'};
    append(comment, BytesView{jpeg()}.subspan(2));
    Bytes progressive = jpeg();
    progressive[8] = 0xc2;

    CHECK(refusal(comment).ends_with("it has a segment fe"));
    CHECK(refusal(progressive).ends_with("it has a segment c2"));
}

TEST_CASE("a picture that is cut short anywhere is refused") {
    const Bytes whole = jpeg();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(check_jpeg(BytesView{whole}.first(size), kSize));
    }
}

}  // namespace
}  // namespace oxbow::pictures
