#include "control/public_key.h"

#include <doctest/doctest.h>

namespace oxbow::control {
namespace {

constexpr std::string_view kP384 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEIYy/aMQIOP2wNy6uVRP7DK8qoLkFcl5o\n"
    "KuzSZX+Gbfd42VN8cBnTeh981yWdBRQDhqYU5TmR7weqmL/Uj7ctj/JCqQGt0o88\n"
    "pm2WBcQWzWJ1qHNa0tdr3N2ty1yH6www\n"
    "-----END PUBLIC KEY-----\n";
constexpr std::string_view kP256 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfDd2zi2e5jo8nFjSPFcF45CG3Omz\n"
    "ajLvfbNSVSl9Cm5biL8+79hFrjEA7mgplAYLL9qWb2OrWn0S1skm/N2fBA==\n"
    "-----END PUBLIC KEY-----\n";

}  // namespace

TEST_CASE("a key's fingerprint is the MD5 of its DER form, as openssl tells it") {
    CHECK(fingerprint_of_public_key(kP384).value() ==
          "68:84:e2:67:8d:eb:bf:67:a7:c0:93:80:e3:cb:36:7b");
}

TEST_CASE("a key of another curve, half a key and no key are refused") {
    CHECK(fingerprint_of_public_key(kP256).error().code == ErrorCode::Malformed);
    CHECK(fingerprint_of_public_key(kP384.substr(0, 120)).error().code == ErrorCode::Malformed);
    CHECK(fingerprint_of_public_key("").error().code == ErrorCode::Malformed);
    CHECK(fingerprint_of_public_key("AAAA").error().code == ErrorCode::Malformed);
}

}  // namespace oxbow::control
