#include "net/http2_fields.h"

#include <doctest/doctest.h>

namespace oxbow::net {
namespace {

std::string text_of(const Http2Fields& fields) {
    std::string out;
    for (const auto& [name, value] : fields.fields()) {
        out += name;
        out += '=';
        out += value;
        out += ';';
    }
    return out;
}

}  // namespace

TEST_CASE("lines become fields, but for those of one connection") {
    Http2Fields fields;

    fields.assign("Content-Type: video/mp2t\r\nConnection: close\r\nX:\r\nVary: a, b\r\n");
    CHECK(text_of(fields) == "content-type=video/mp2t;x=;vary=a, b;");
    fields.assign("");
    CHECK(text_of(fields).empty());
}

TEST_CASE("a block that many answers share is read once; others do not take its place for good") {
    Http2HeaderBlocks blocks;
    const auto block = std::make_shared<const std::string>("A: 1\r\n");

    const auto first = blocks.of(block);
    CHECK(text_of(*first) == "a=1;");
    CHECK(blocks.of(block) == first);
    for (std::size_t i = 0; i < 10 * Http2HeaderBlocks::kBlocksMax; ++i)
        blocks.of(std::make_shared<const std::string>("B: 2\r\n"));
    CHECK(text_of(*blocks.of(block)) == "a=1;");
    CHECK(text_of(*first) == "a=1;");
    CHECK(blocks.of(nullptr) == nullptr);
}

}  // namespace oxbow::net
