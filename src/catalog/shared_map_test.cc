#include "catalog/shared_map.h"

#include <string>

#include <doctest/doctest.h>

namespace oxbow::catalog {
namespace {

using Map = SharedMap<std::string, int>;

Map map_of(int count) {
    Map map;
    for (int i = 0; i < count; ++i) map.set(std::to_string(i), i);
    return map;
}

int sum_of(const Map& map) {
    int sum = 0;
    for (const auto& [key, value] : map) sum += value;
    return sum;
}

}  // namespace

TEST_CASE("a map without entries is empty and has nothing to go over") {
    const Map map;

    CHECK(map.empty());
    CHECK(map.begin() == map.end());
    CHECK(map.find("a") == map.end());
    CHECK_THROWS_AS(map.at("a"), std::out_of_range);
}

TEST_CASE("every entry is found, and gone over once") {
    const Map map = map_of(1'000);

    CHECK(map.size() == 1'000);
    CHECK(map.at("0") == 0);
    CHECK(map.find("999")->second == 999);
    CHECK(sum_of(map) == 499'500);
}

TEST_CASE("a copy does not see what changes in the map it was made of") {
    Map map = map_of(100);
    const Map before = map;

    map.set("7", 70);
    map.set("new", 1);
    map.erase("8");

    CHECK(map.at("7") == 70);
    CHECK(map.contains("new"));
    CHECK_FALSE(map.contains("8"));
    CHECK(before.at("7") == 7);
    CHECK_FALSE(before.contains("new"));
    CHECK(before.at("8") == 8);
}

}  // namespace oxbow::catalog
