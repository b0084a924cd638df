#include "base/random.h"

#include <regex>

#include <doctest/doctest.h>

namespace oxbow {
namespace {

TEST_CASE("a UUID is one of version 4, and no other has it") {
    const std::regex form{"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"};

    const std::string first = random_uuid();

    CHECK(std::regex_match(first, form));
    CHECK(first != random_uuid());
}

TEST_CASE("a random fraction is at least 0 and less than 1, and another each time") {
    const double first = random_fraction();
    const double second = random_fraction();

    CHECK(first >= 0);
    CHECK(first < 1);
    CHECK(first != second);  // but once in four thousand million times
}

}  // namespace
}  // namespace oxbow
