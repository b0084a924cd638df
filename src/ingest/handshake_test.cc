#include "ingest/handshake.h"

#include <doctest/doctest.h>

namespace oxbow::ingest {
namespace {

Bytes block(std::uint8_t fill) {
    return Bytes(Handshake::kBlockBytes, fill);
}

Bytes joined(BytesView first, BytesView second) {
    Bytes out(first.begin(), first.end());
    append(out, second);
    return out;
}

Result<bool> read_all(Handshake& handshake, BytesView bytes, Bytes& replies) {
    BytesReader input{bytes};
    return handshake.read(input, replies);
}

}  // namespace

TEST_CASE("the handshake answers C0 and C1 with the version, its own block and an echo of C1") {
    Handshake handshake{7};
    Bytes replies;

    const auto done = read_all(handshake, joined(Bytes{3}, block(0xab)), replies);

    CHECK_FALSE(done.value());
    REQUIRE(replies.size() == 3073);
    CHECK(replies[0] == 3);
    CHECK(Bytes(replies.begin() + 1, replies.begin() + 9) == Bytes(8, 0));
    CHECK(Bytes(replies.begin() + 1537, replies.end()) == block(0xab));
}

TEST_CASE(
    "the handshake is done with the last byte of C2, whatever C2 holds, and leaves the rest") {
    Handshake handshake{7};
    Bytes replies;
    REQUIRE_FALSE(read_all(handshake, joined(Bytes{3}, block(1)), replies).value());

    const auto before = read_all(handshake, Bytes(1535, 0), replies);
    const Bytes last_and_more{0, 0x42, 0x43};
    BytesReader input{last_and_more};
    const auto after = handshake.read(input, replies);

    CHECK_FALSE(before.value());
    CHECK(after.value());
    CHECK(input.remaining() == 2);
    CHECK(replies.size() == 3073);
}

TEST_CASE("the handshake takes C0 and C1 in any pieces and answers only when C1 is whole") {
    Handshake handshake{7};
    Bytes replies;

    CHECK_FALSE(read_all(handshake, Bytes{}, replies).value());
    CHECK_FALSE(read_all(handshake, Bytes{3}, replies).value());
    CHECK_FALSE(read_all(handshake, Bytes(1535, 9), replies).value());
    CHECK(replies.empty());
    CHECK_FALSE(read_all(handshake, Bytes(1, 9), replies).value());

    CHECK(replies.size() == 3073);
}

TEST_CASE("the handshake refuses what is not RTMP and says what it looks like") {
    Bytes replies;
    Handshake tls{1};
    Handshake http{1};
    Handshake encrypted{1};
    Handshake unknown{1};

    const auto tls_error = read_all(tls, Bytes{0x16}, replies).error();
    const auto http_error = read_all(http, as_bytes("GET / HTTP/1.1"), replies).error();
    const auto rtmpe_error = read_all(encrypted, Bytes{6}, replies).error();
    const auto unknown_error = read_all(unknown, Bytes{4}, replies).error();

    CHECK(tls_error.code == ErrorCode::Unsupported);
    CHECK(tls_error.what.find("TLS") != std::string::npos);
    CHECK(http_error.what.find("HTTP") != std::string::npos);
    CHECK(rtmpe_error.what.find("RTMPE") != std::string::npos);
    CHECK(unknown_error.code == ErrorCode::Malformed);
    CHECK(unknown_error.what ==
          "the connection begins with byte 4, which is no version of RTMP; only version 3 is");
    CHECK(replies.empty());
}

}  // namespace oxbow::ingest
