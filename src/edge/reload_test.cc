#include "edge/reload.h"

#include <doctest/doctest.h>

namespace oxbow::edge {

TEST_CASE("a reload says what to wait for") {
    const auto plain = read_reload("");
    REQUIRE(plain);
    CHECK_FALSE(plain->segment);
    CHECK(plain->parts);

    const auto full = read_reload("_HLS_msn=12&_HLS_part=3&_HLS_skip=YES&token=x");
    REQUIRE(full);
    CHECK(full->segment == 12);
    CHECK(full->part == 3);
    CHECK(full->skip);
    CHECK(read_reload("_HLS_skip=v2")->skip);
    CHECK_FALSE(read_reload("parts=0")->parts);
    CHECK(read_reload("_HLS_msn=9007199254740991"));
}

TEST_CASE("one question for a playlist is written in one way") {
    CHECK(canonical_query("") == "");
    CHECK(canonical_query("x=1&token=y") == "");
    CHECK(canonical_query("parts=0&_HLS_skip=v2&_HLS_part=03&y&_HLS_msn=12") ==
          "_HLS_msn=12&_HLS_part=3&_HLS_skip=YES&parts=0");
    CHECK(canonical_query("parts=1&_HLS_skip=YES") == "_HLS_skip=YES");
    CHECK(canonical_query("end=2023-02-09T22:55:42.550Z&start=1675983341550") ==
          "start=1675983341550&end=1675983342550");
    CHECK_FALSE(canonical_query("_HLS_msn=x"));
    CHECK_FALSE(canonical_query("start=x"));
}

TEST_CASE("a reload that is none names the parameter") {
    for (const auto& [query, name] :
         {std::pair{"_HLS_msn=-1", "_HLS_msn"}, std::pair{"_HLS_msn=", "_HLS_msn"},
          std::pair{"_HLS_msn=1e3", "_HLS_msn"}, std::pair{"_HLS_msn=9007199254740992", "_HLS_msn"},
          std::pair{"_HLS_part=1", "_HLS_msn"}, std::pair{"_HLS_msn=1&_HLS_part=x", "_HLS_part"},
          std::pair{"_HLS_skip=NO", "_HLS_skip"}, std::pair{"parts=2", "parts"}}) {
        CAPTURE(query);
        const auto read = read_reload(query);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::Malformed);
        CHECK(read.error().what.find(name) != std::string::npos);
    }
}

}  // namespace oxbow::edge
