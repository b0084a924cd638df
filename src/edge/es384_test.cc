#include "edge/es384.h"

#include <doctest/doctest.h>

#include "edge/test_keys.h"

namespace oxbow::edge {

TEST_CASE("a text is signed by one key, and by no other") {
    const TestKey key;
    const TestKey other;

    const auto signature = sign_es384(key.private_pem, "header.claims").value();

    CHECK(verify_es384(key.public_pem, "header.claims", signature));
    CHECK_FALSE(verify_es384(other.public_pem, "header.claims", signature));
    CHECK_FALSE(verify_es384(key.public_pem, "header.claimz", signature));
}

TEST_CASE("a signature of zeros, of ones, or with one bit changed is none") {
    const TestKey key;
    Es384Signature ones{};
    ones.fill(0xff);
    Es384Signature changed = sign_es384(key.private_pem, "text").value();
    changed[95] ^= 1;

    CHECK_FALSE(verify_es384(key.public_pem, "text", Es384Signature{}));
    CHECK_FALSE(verify_es384(key.public_pem, "text", ones));
    CHECK_FALSE(verify_es384(key.public_pem, "text", changed));
}

TEST_CASE("keys of another curve, halves that are swapped, and no keys at all sign nothing") {
    const TestKey p256{"P-256"};
    const TestKey key;
    const auto signature = sign_es384(key.private_pem, "text").value();

    CHECK(sign_es384(p256.private_pem, "text").error().code == ErrorCode::Malformed);
    CHECK(sign_es384(key.public_pem, "text").error().code == ErrorCode::Malformed);
    CHECK(sign_es384("", "text").error().code == ErrorCode::Malformed);
    CHECK_FALSE(verify_es384(p256.public_pem, "text", signature));
    CHECK_FALSE(verify_es384(key.private_pem, "text", signature));
    CHECK_FALSE(verify_es384("", "text", signature));
}

}  // namespace oxbow::edge
