#include "base/text_version.h"

#include <doctest/doctest.h>

#include <string>

#include <zlib.h>

using namespace oxbow;

namespace {

std::string joined(const TextVersion::Gzip& gzip) {
    std::string out;
    for (const BytesView piece : gzip.pieces) out += as_text(piece);
    return out;
}

/// What a decoder of one gzip member, as browsers have, makes of `bytes`; "left over" when it stops
/// before their end, "broken" when it does not get to an end.
std::string inflated_member(std::string bytes) {
    constexpr int kOneGzipMember = 31;
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, kOneGzipMember) == Z_OK);
    std::string out(1'000'000, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int end = inflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    if (end != Z_STREAM_END) return "broken";
    return stream.avail_in == 0 ? out : "left over";
}

}  // namespace

TEST_CASE("a text is one gzip member of its bytes, with the sum and size of RFC 1952") {
    const TextVersion version{"#EXTM3U\n#EXT-X-VERSION:3\n"};

    CHECK(version.gzip().size == joined(version.gzip()).size());
    CHECK(inflated_member(joined(version.gzip())) == "#EXTM3U\n#EXT-X-VERSION:3\n");
}

TEST_CASE("an empty text is an empty gzip member") {
    CHECK(inflated_member(joined(TextVersion{""}.gzip())) == "");
}

TEST_CASE("a text of many pieces, with a head and a tail, is still one gzip member") {
    GrowingText text;
    std::string expected = "head\n";
    for (int line = 0; line < 3'000; ++line) {
        const std::string added = "#EXTINF:2.000,\n/seg/" + std::to_string(line) + ".ts\n";
        text.append(added);
        expected += added;
    }

    const auto version = text.version("head\n", "#EXT-X-ENDLIST\n");

    CHECK(version->pieces().size() == 7);  // the head, 5 full pieces, the open one with the tail
    CHECK(version->str() == expected + "#EXT-X-ENDLIST\n");
    CHECK(inflated_member(joined(version->gzip())) == version->str());
    CHECK(version->gzip().size * 5 < version->size());
}

TEST_CASE("versions share the pieces that are full") {
    GrowingText text;
    text.append(std::string(GrowingText::kPieceBytes, 'a'));
    text.append("b");
    const auto before = text.version();

    text.append("c");
    const auto after = text.version();

    REQUIRE(before->pieces().size() == 2);
    CHECK(after->pieces()[0] == before->pieces()[0]);
    CHECK(before->str().ends_with("ab"));
    CHECK(after->str().ends_with("abc"));
}

TEST_CASE("equal content has one ETag however it grew, and other content another") {
    GrowingText grown;
    grown.append("ab");
    grown.append("c");

    CHECK(TextVersion{"abc"}.etag() == "ba7816bf8f01cfea414140de5dae2223");
    CHECK(grown.version()->etag() == "ba7816bf8f01cfea414140de5dae2223");
    CHECK(grown.version("", "d")->etag() == TextVersion{"abcd"}.etag());
    CHECK(grown.version("d", "")->etag() != TextVersion{"abcd"}.etag());
    CHECK(grown.version("d", "")->etag() != grown.version("e", "")->etag());
    CHECK(grown.version("d", "e")->etag() != grown.version("d", "")->etag());
}
