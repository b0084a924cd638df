#include "packager/segment_names.h"

#include <doctest/doctest.h>

using namespace oxbow;

TEST_CASE("each segment is named by the process that made it, and only by that name is it found") {
    const SegmentNames names{"0:aaa,57:bbb"};

    CHECK(names.of(56).epoch == "aaa");
    CHECK(names.of(57).epoch == "bbb");
    CHECK(names.of(57).number == 57);
    CHECK(names.index_of("aaa", 56) == 56);
    CHECK(names.index_of("aaa", 57) == std::nullopt);
    CHECK(names.index_of("bbb", 56) == std::nullopt);
    CHECK(names.index_of("bbb", 1'000) == 1'000);
}

TEST_CASE("behind segments that the recording lacks, numbers are ahead of places") {
    SegmentNames names{"0:aaa"};
    names.add(10, 13, "aaa");

    CHECK(names.text() == "0:aaa,10+3:aaa");
    CHECK(names.of(9).number == 9);
    CHECK(names.of(10).number == 13);
    CHECK(names.index_of("aaa", 9) == 9);
    CHECK(names.index_of("aaa", 11) == std::nullopt);  // one of those that are lacking
    CHECK(names.index_of("aaa", 13) == 10);
    CHECK(SegmentNames{names.text()}.index_of("aaa", 14) == 11);
}

TEST_CASE("a process that named nothing leaves no trace") {
    SegmentNames names{"0:aaa,57:bbb"};
    names.add(57, 57, "ccc");

    CHECK(names.text() == "0:aaa,57:ccc");
}

TEST_CASE("by index, a segment is called as it lies; behind a cut it has no other name") {
    SegmentNames names{"0:mp3k9a,57:mp4b1c,80+2:mp4b1c"};
    CHECK_FALSE(names.index_of("bucket", 81));
    CHECK(SegmentNames::by_index().text() == "0:bucket");
    CHECK(SegmentNames::by_index().index_of("bucket", 81) == 81);

    names.cut(60);

    CHECK(names.text() == "0:mp3k9a,57:mp4b1c,60:bucket");
    CHECK(names.index_of("mp4b1c", 59) == 59);
    CHECK_FALSE(names.index_of("mp4b1c", 60));
    CHECK(names.of(81).epoch == "bucket");
}

TEST_CASE("parts that say nothing are passed over") {
    CHECK(SegmentNames{""}.of(3).epoch.empty());
    CHECK(SegmentNames{"x,y"}.of(3).epoch.empty());
    CHECK(SegmentNames{"0:a,5+:b,5+x:b,4"}.text() == "0:a");
}
