#include <doctest/doctest.h>

#include "packager/playlists.h"

namespace oxbow {
using namespace std::chrono_literals;

namespace {

/// A playlist of these lines behind a header.
Result<ByteRangePlaylist> read(std::string_view entries) {
    return read_byte_range_playlist("#EXTM3U\n#EXT-X-VERSION:4\n" + std::string{entries});
}

ErrorCode refusal(std::string_view entries) {
    return read(entries).error().code;
}

constexpr std::string_view kTime = "#EXT-X-PROGRAM-DATE-TIME:2023-02-09T22:55:41.550Z\n";
const WallTime kWall = parse_rfc3339("2023-02-09T22:55:41.550Z").value();

std::string first(std::string_view rest) {
    return std::string{kTime} + std::string{rest};
}

}  // namespace

TEST_CASE("the tags of an entry may stand in any order, also with CRLF") {
    const auto playlist =
        read(
            "#EXT-X-BYTERANGE:100@0\r\n#EXT-X-PROGRAM-DATE-TIME:2023-02-09T22:55:41.550Z\r\n"
            "#EXTINF:1.267,\r\n0.ts\r\n"
            "#EXTINF:2,title\r\n#EXT-X-BYTERANGE:50\r\n0.ts\r\n")
            .value();

    REQUIRE(playlist.chunks.size() == 1);
    REQUIRE(playlist.chunks[0].segments.size() == 2);
    CHECK_FALSE(playlist.ended);
    CHECK(playlist.chunks[0].segments[0].duration == 1'267ms);
    CHECK(playlist.chunks[0].segments[1].offset == 100);
    CHECK(playlist.chunks[0].segments[1].length == 50);
    CHECK(playlist.chunks[0].segments[1].duration == 2s);
    CHECK(playlist.chunks[0].segments[1].program_date_time == kWall + 1'267ms);
    CHECK(playlist.chunks[0].bytes() == 150);
    CHECK(playlist.chunks[0].duration() == 3'267ms);
}

TEST_CASE("a discontinuity belongs to the object behind it; numbers may leave holes") {
    const auto playlist = read(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:100@0\n0.ts\n"
                                     "#EXT-X-DISCONTINUITY\n"
                                     "#EXTINF:1.0,\n#EXT-X-BYTERANGE:100@0\n7.ts\n"
                                     "#EXT-X-ENDLIST\n"))
                              .value();

    REQUIRE(playlist.chunks.size() == 2);
    CHECK(playlist.ended);
    CHECK_FALSE(playlist.chunks[0].discontinuity);
    CHECK(playlist.chunks[1].discontinuity);
    CHECK(playlist.chunks[1].number == 7);
}

TEST_CASE("a playlist without entries is one") {
    CHECK(read("").value().chunks.empty());
    CHECK(read("#EXT-X-ENDLIST").value().ended);
}

TEST_CASE("durations are rounded to whole milliseconds") {
    const auto playlist = read(first("#EXTINF:1.0004999,\n#EXT-X-BYTERANGE:1@0\n0.ts\n"
                                     "#EXTINF:1.0005,\n#EXT-X-BYTERANGE:1@1\n0.ts\n"))
                              .value();

    CHECK(playlist.chunks[0].segments[0].duration == 1'000ms);
    CHECK(playlist.chunks[0].segments[1].duration == 1'001ms);
}

TEST_CASE("an entry is shorter than a day, also when its duration is rounded") {
    const auto with = [](std::string_view duration) {
        return read(first("#EXTINF:" + std::string{duration} + ",\n#EXT-X-BYTERANGE:1@0\n0.ts\n"));
    };
    CHECK(with("86399.9994").value().chunks[0].segments[0].duration == 24h - 1ms);
    CHECK(with("86399.9995").error().code == ErrorCode::Malformed);
    CHECK(with("86400").error().code == ErrorCode::Malformed);
}

TEST_CASE("text that is no playlist is malformed") {
    CHECK(read_byte_range_playlist("").error().code == ErrorCode::Malformed);
    CHECK(read_byte_range_playlist("<html>").error().code == ErrorCode::Malformed);
    CHECK(read_byte_range_playlist("\n#EXTM3U\n").error().code == ErrorCode::Malformed);
}

TEST_CASE("a refusal names the line") {
    CHECK(read("#EXTINF:x,\n").error().what ==
          "The byte-range playlist is not valid in line 3: the duration is not one; restore it or "
          "remove "
          "the recording.");
}

TEST_CASE("an entry whose time follows from the one before lies before the year 10000, too") {
    const auto two_after = [](std::string_view time) {
        return read_byte_range_playlist("#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:" + std::string{time} +
                                        "\n#EXTINF:1,\n#EXT-X-BYTERANGE:1\n0.ts\n"
                                        "#EXTINF:1,\n#EXT-X-BYTERANGE:1\n0.ts\n");
    };

    CHECK(two_after("9999-12-31T23:59:58.999Z").has_value());
    CHECK_FALSE(two_after("9999-12-31T23:59:59.000Z").has_value());
}

TEST_CASE("entries that are not whole are malformed") {
    CHECK(refusal(first("#EXTINF:1.0,\n0.ts\n")) == ErrorCode::Malformed);
    CHECK(refusal(first("#EXT-X-BYTERANGE:1@0\n0.ts\n")) == ErrorCode::Malformed);
    CHECK(refusal("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@0\n0.ts\n") ==
          ErrorCode::Malformed);  // no time
    CHECK(refusal(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@0\n")) == ErrorCode::Malformed);
}

TEST_CASE("numbers that are none are malformed") {
    CHECK(refusal("#EXTINF:-1.0,\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXTINF:1.,\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXTINF:.5,\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXTINF:1.0000000001,\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXTINF:86400,\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXT-X-BYTERANGE:0@0\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXT-X-BYTERANGE:1@\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXT-X-BYTERANGE:1 @0\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXT-X-BYTERANGE:18446744073709551616@0\n") == ErrorCode::Malformed);
    CHECK(refusal("#EXT-X-PROGRAM-DATE-TIME:yesterday\n") == ErrorCode::Malformed);
}

TEST_CASE("the largest object passes, one byte more does not") {
    CHECK(read(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1099511627776@0\n0.ts\n")).has_value());
    CHECK(refusal("#EXT-X-BYTERANGE:1099511627777@0\n") == ErrorCode::Malformed);
    CHECK(refusal(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1099511627776@0\n0.ts\n"
                        "#EXTINF:1.0,\n#EXT-X-BYTERANGE:1\n0.ts\n")) == ErrorCode::Malformed);
}

TEST_CASE("objects that are not ours, not in order or not contiguous are malformed") {
    CHECK(refusal(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@0\n../0.ts\n")) == ErrorCode::Malformed);
    CHECK(refusal(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@0\n0.mp4\n")) == ErrorCode::Malformed);
    CHECK(refusal(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@1\n0.ts\n")) == ErrorCode::Malformed);
    CHECK(refusal(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@0\n1.ts\n"
                        "#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@0\n0.ts\n")) == ErrorCode::Malformed);
    CHECK(refusal(first("#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@0\n0.ts\n"
                        "#EXT-X-DISCONTINUITY\n#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@1\n0.ts\n")) ==
          ErrorCode::Malformed);
    CHECK(refusal(first("#EXT-X-ENDLIST\n#EXTINF:1.0,\n#EXT-X-BYTERANGE:1@0\n0.ts\n")) ==
          ErrorCode::Malformed);
}

TEST_CASE("a line of 1024 bytes passes, one byte more does not") {
    CHECK(read("#" + std::string(1'023, 'x')).has_value());
    CHECK(refusal("#" + std::string(1'024, 'x')) == ErrorCode::Malformed);
}

TEST_CASE("kEntriesMax entries pass, one more does not") {
    std::string entries{kTime};
    for (int i = 0; i < 1'000'000; ++i) entries += "#EXTINF:1,\n#EXT-X-BYTERANGE:1\n0.ts\n";

    CHECK(read(entries).has_value());
    CHECK(refusal(entries + "#EXTINF:1,\n#EXT-X-BYTERANGE:1\n0.ts\n") == ErrorCode::LimitExceeded);
}

}  // namespace oxbow
