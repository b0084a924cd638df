#include "control/tag_characters.h"

#include <doctest/doctest.h>

namespace oxbow::control {

TEST_CASE("letters, digits and separators of any script may stand in a tag") {
    CHECK(all_tag_characters(""));
    CHECK(all_tag_characters("aZ09 _.:/=+-@"));
    CHECK(all_tag_characters("Ä ж 日本 ½ \u00a0 \U00010330"));
}

TEST_CASE("other punctuation, controls and pictures may not") {
    CHECK_FALSE(all_tag_characters("a,b"));
    CHECK_FALSE(all_tag_characters("a!"));
    CHECK_FALSE(all_tag_characters("\t"));
    CHECK_FALSE(all_tag_characters("\u00d7"));      // ×, between the letters Ö and Ø
    CHECK_FALSE(all_tag_characters("\U0001f600"));  // a smiley
}

}  // namespace oxbow::control
