#include "app/cli_text.h"

#include <doctest/doctest.h>

namespace oxbow::app {

TEST_CASE("a table's columns are as wide as their widest cell, and lines end without spaces") {
    CHECK(table({"A", "LONG", "C"}, {{"1234", "x", ""}, {"1", "caf\xc3\xa9", "z"}}, "none") ==
          "A     LONG  C\n"
          "1234  x\n"
          "1     caf\xc3\xa9  z\n");
}

TEST_CASE("a table without rows is a sentence") {
    CHECK(table({"A"}, {}, "There are none.") == "There are none.\n");
}

TEST_CASE("fields are aligned and indented") {
    CHECK(fields({{"Id", "1"}, {"Name", "one"}}) == "  Id    1\n  Name  one\n");
}

TEST_CASE("durations read as a clock") {
    CHECK(duration_text(9'999) == "0:09");
    CHECK(duration_text(754'000) == "12:34");
    CHECK(duration_text(3'599'999) == "59:59");
    CHECK(duration_text(3'723'000) == "1:02:03");
}

TEST_CASE("sizes read in powers of a thousand") {
    CHECK(bytes_text(0) == "0 B");
    CHECK(bytes_text(999) == "999 B");
    CHECK(bytes_text(1'000) == "1.0 kB");
    CHECK(bytes_text(999'949) == "999.9 kB");
    CHECK(bytes_text(999'951) == "1.0 MB");
    CHECK(bytes_text(12'345'678) == "12.3 MB");
}

}  // namespace oxbow::app
