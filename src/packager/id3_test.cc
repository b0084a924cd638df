#include "packager/id3.h"

#include <doctest/doctest.h>

#include "media/test_parameter_sets.h"

namespace oxbow {
using namespace oxbow::test;

TEST_CASE("a tag is its header, one PRIV frame, the owner, NUL and the data") {
    const Bytes tag = id3_private("ab", as_bytes("grün"));

    CHECK(tag == from_hex("494433 0400 00 00000012"
                          "50524956 00000008 0000"
                          "616200 6772c3bc6e"));
}

TEST_CASE("the owner of PutMetadata is that of Amazon IVS") {
    const Bytes tag = id3_private(kPutMetadataOwner, as_bytes("m"));

    CHECK(tag.size() == 45);
    CHECK(as_text(BytesView{tag}.subspan(20, 23)) == "metadata.live-video.net");
    CHECK(tag[9] == 35);
    CHECK(tag[17] == 25);
}

TEST_CASE("sizes have seven bits a byte: 127 is the last of one, 128 needs two") {
    const Bytes one = id3_private("o", Bytes(125, 0xff));
    const Bytes two = id3_private("o", Bytes(126, 0xff));
    const Bytes large = id3_private("o", Bytes(1'024, 0xff));

    CHECK(Bytes(one.begin() + 14, one.begin() + 18) == from_hex("0000007f"));
    CHECK(Bytes(two.begin() + 14, two.begin() + 18) == from_hex("00000100"));
    CHECK(Bytes(large.begin() + 6, large.begin() + 10) == from_hex("0000080c"));   // 1,036
    CHECK(Bytes(large.begin() + 14, large.begin() + 18) == from_hex("00000802"));  // 1,026
}

TEST_CASE("data may hold any byte, and may be empty") {
    const Bytes data = from_hex("00ff49443300");
    const Bytes tag = id3_private("o", data);

    CHECK(Bytes(tag.end() - 6, tag.end()) == data);
    CHECK(id3_private("o", {}).size() == 22);
}

}  // namespace oxbow
