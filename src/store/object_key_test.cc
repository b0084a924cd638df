#include "store/object_key.h"

#include <string>

#include <doctest/doctest.h>

namespace oxbow::store {
namespace {

TEST_CASE("a key is parts between '/'") {
    CHECK(check_key("a").has_value());
    CHECK(check_key("ivs/v1/000000000000/AsXego4U6tnj/events/recording-started.json").has_value());
    CHECK(check_key("spaces and ümlauts, .hidden, ...").has_value());
}

TEST_CASE("a key that leads elsewhere, or that no file can have, is refused") {
    const auto code = [](std::string_view key) { return check_key(key).error().code; };

    CHECK(code("") == ErrorCode::Malformed);
    CHECK(code("/a") == ErrorCode::Malformed);
    CHECK(code("a/") == ErrorCode::Malformed);
    CHECK(code("a//b") == ErrorCode::Malformed);
    CHECK(code(".") == ErrorCode::Malformed);
    CHECK(code("..") == ErrorCode::Malformed);
    CHECK(code("a/../b") == ErrorCode::Malformed);
    CHECK(code("a/./b") == ErrorCode::Malformed);
    CHECK(code("a\nb") == ErrorCode::Malformed);
    CHECK(code("a\x7f") == ErrorCode::Malformed);
    CHECK(code(std::string_view("a\0b", 3)) == ErrorCode::Malformed);
}

TEST_CASE("a key has at most 1024 bytes, a part of it 255") {
    const std::string part(255, 'a');
    const std::string parts = part + '/' + part + '/' + part + '/' + part;

    CHECK(check_key(parts).has_value());
    CHECK(check_key(parts.substr(1) + "/b").has_value());  // 1024 bytes
    CHECK(check_key(parts + "/b").error().code == ErrorCode::Malformed);
    CHECK(check_key(part + 'a').error().code == ErrorCode::Malformed);
}

}  // namespace
}  // namespace oxbow::store
