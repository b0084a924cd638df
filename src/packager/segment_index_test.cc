#include "packager/segment_index.h"

#include <doctest/doctest.h>

namespace oxbow {
namespace {

using namespace std::chrono_literals;
using Run = SegmentIndex::Run;

constexpr WallTime kStart{1'675'983'341'550ms};  // 2023-02-09T22:55:41.550Z

/// A chunk of `count` segments of 2 s and 100 bytes from `start` on.
Chunk chunk_of(std::uint64_t number, WallTime start, int count, bool discontinuity = false) {
    Chunk chunk{.number = number, .discontinuity = discontinuity, .segments = {}};
    for (int i = 0; i < count; ++i) {
        chunk.segments.push_back({.offset = static_cast<std::uint64_t>(i) * 100,
                                  .length = 100,
                                  .duration = 2s,
                                  .program_date_time = start + 2s * i});
    }
    return chunk;
}

/// Segments 0 to 4 from the start to 10 s, a hole of 50 s, then 5 to 7 to 66 s.
SegmentIndex with_a_hole() {
    SegmentIndex index;
    index.append({chunk_of(0, kStart, 1), chunk_of(1, kStart + 2s, 4)});
    index.append({chunk_of(2, kStart + 60s, 3, true)});
    return index;
}

TEST_CASE("a segment is found by its number with its chunk, its place there and its time") {
    const SegmentIndex index = with_a_hole();

    CHECK(index.size() == 8);
    CHECK(index.at(2) == SegmentPlace{.start = kStart + 4s,
                                      .duration = 2s,
                                      .chunk = 1,
                                      .offset = 100,
                                      .length = 100,
                                      .discontinuity = false});
    CHECK(index.at(5).discontinuity);
    CHECK_FALSE(index.at(6).discontinuity);
}

TEST_CASE("a range has every segment of which some moment lies in it") {
    const SegmentIndex index = with_a_hole();

    CHECK(index.between(kStart + 3s, kStart + 5s) == Run{1, 3});
    CHECK(index.between(kStart + 2500ms, kStart + 2501ms) == Run{1, 2});
    CHECK(index.between(kStart - 1h, kStart + 1h) == Run{0, 8});
}

TEST_CASE("at a boundary the segment that ends there is outside and the one that starts inside") {
    const SegmentIndex index = with_a_hole();

    CHECK(index.between(kStart + 2s, kStart + 4s) == Run{1, 2});
    CHECK(index.between(kStart + 2s - 1ms, kStart + 4s) == Run{0, 2});
    CHECK(index.between(kStart + 2s, kStart + 4s + 1ms) == Run{1, 3});
}

TEST_CASE("what lies before, behind, in a hole or is no range has no segment") {
    const SegmentIndex index = with_a_hole();

    CHECK(index.between(kStart - 1h, kStart).empty());
    CHECK(index.between(kStart + 66s, kStart + 1h).empty());
    CHECK(index.between(kStart + 10s, kStart + 60s).empty());
    CHECK(index.between(kStart + 5s, kStart + 5s).empty());
    CHECK(index.between(kStart + 5s, kStart + 3s).empty());
    CHECK(SegmentIndex{}.between(kStart, kStart + 1h).empty());
}

TEST_CASE("a range over a hole has the segments of both sides") {
    CHECK(with_a_hole().between(kStart + 9s, kStart + 61s) == Run{4, 6});
}

TEST_CASE("times never go back, whatever a playlist says") {
    SegmentIndex index;
    index.append({chunk_of(0, kStart, 1), chunk_of(1, kStart - 1h, 1)});

    CHECK(index.at(1).start == kStart);
    CHECK(index.between(kStart, kStart + 1s) == Run{0, 2});
}

TEST_CASE("an index is read back from its bytes, of the playlist that it was made from") {
    const SegmentIndex index = with_a_hole();
    const Bytes bytes = index.encode("17a2b3");

    const auto read = SegmentIndex::decode(bytes, "17a2b3");

    REQUIRE(read);
    CHECK(read->size() == 8);
    CHECK(read->at(7) == index.at(7));
    CHECK_FALSE(SegmentIndex::decode(bytes, "17a2b4"));
}

TEST_CASE("bytes that are no index are not read") {
    Bytes cut = with_a_hole().encode("e");
    cut.pop_back();
    Bytes unsorted = with_a_hole().encode("e");
    unsorted[64 + 7] = 0x7f;  // the first start, now in the far future

    CHECK_FALSE(SegmentIndex::decode({}, "e"));
    CHECK_FALSE(SegmentIndex::decode(cut, "e"));
    CHECK_FALSE(SegmentIndex::decode(unsorted, "e"));
}

}  // namespace
}  // namespace oxbow
