#include "net/base64url.h"

#include <doctest/doctest.h>

namespace oxbow::net {

TEST_CASE("bytes become the text of the RFC without padding, and come back") {
    const auto text_of = [](std::string_view bytes) { return base64url(as_bytes(bytes)); };

    CHECK(text_of("") == "");
    CHECK(text_of("f") == "Zg");
    CHECK(text_of("fo") == "Zm8");
    CHECK(text_of("foo") == "Zm9v");
    CHECK(text_of("foob") == "Zm9vYg");
    CHECK(text_of("\xfb\xff") == "-_8");
    CHECK(from_base64url("") == "");
    CHECK(from_base64url("Zm9vYg") == "foob");
    CHECK(from_base64url("-_8") == "\xfb\xff");
}

TEST_CASE("text that is not the one form of its bytes stands for none") {
    CHECK(from_base64url("Z") == std::nullopt);         // six bits are no byte
    CHECK(from_base64url("Zh") == std::nullopt);        // bits behind the last byte
    CHECK(from_base64url("Zg==") == std::nullopt);      // padding
    CHECK(from_base64url("-+8") == std::nullopt);       // the other alphabet
    CHECK(from_base64url("Zm9v\nYg") == std::nullopt);  // white space
    CHECK(from_base64url(std::string_view{"Zm\0v", 4}) == std::nullopt);
}

}  // namespace oxbow::net
