#include "ingest/handshake_digest.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ingest/handshake.h"

namespace oxbow::ingest {
namespace {

// A client of the complex handshake, written out as ffmpeg's is.

const Bytes kPlayerKey = [] {
    const auto name = as_bytes("Genuine Adobe Flash Player 001");
    return Bytes(name.begin(), name.end());
}();
const Bytes kServerKey = [] {
    const auto name = as_bytes("Genuine Adobe Flash Media Server 001");
    Bytes key(name.begin(), name.end());
    append(key, Bytes{0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0,
                      0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80,
                      0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae});
    return key;
}();

Bytes hmac(BytesView key, BytesView bytes) {
    Bytes out(32);
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(),
         out.data(), nullptr);
    return out;
}

Bytes hmac_around(BytesView key, BytesView block, std::size_t offset) {
    Bytes rest(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(offset));
    append(rest, block.subspan(offset + 32));
    return hmac(key, rest);
}

/// Where the digest of `block` is when the four bytes of its offset stand at `half`.
std::size_t offset_in(BytesView block, std::size_t half) {
    const std::size_t sum = 0u + block[half] + block[half + 1] + block[half + 2] + block[half + 3];
    return half + 4 + sum % 728;
}

/// C1 of Flash 10.0.45.2 with its digest, all other bytes `fill`.
Bytes client_hello(std::size_t half, std::uint8_t fill) {
    Bytes c1(1536, fill);
    std::ranges::copy(Bytes{0, 0, 0, 0, 10, 0, 45, 2}, c1.begin());
    const std::size_t offset = offset_in(c1, half);
    std::ranges::copy(hmac_around(kPlayerKey, c1, offset),
                      c1.begin() + static_cast<std::ptrdiff_t>(offset));
    return c1;
}

struct Answer {
    Bytes s1, s2;
};

Answer answer_to(const Bytes& c1) {
    Handshake handshake{7};
    Bytes hello{3};
    append(hello, c1);
    BytesReader input{hello};
    Bytes replies;
    REQUIRE_FALSE(handshake.read(input, replies).value());
    REQUIRE(replies.size() == 1 + 2 * 1536);
    return {Bytes(replies.begin() + 1, replies.begin() + 1537),
            Bytes(replies.begin() + 1537, replies.end())};
}

bool has_server_digest(BytesView s1, std::size_t half) {
    const std::size_t offset = offset_in(s1, half);
    const Bytes expected = hmac_around(BytesView{kServerKey}.first(36), s1, offset);
    return std::ranges::equal(expected, s1.subspan(offset, 32));
}

bool is_signed_for(BytesView s2, BytesView c1, std::size_t half) {
    const Bytes key = hmac(kServerKey, c1.subspan(offset_in(c1, half), 32));
    return std::ranges::equal(hmac(key, s2.first(1504)), s2.subspan(1504));
}

}  // namespace

TEST_CASE("a client's digest is found in either half, at its lowest and at its highest place") {
    Bytes highest(1536, 0);
    std::ranges::copy(Bytes{0, 0, 0, 0, 10, 0, 45, 2}, highest.begin());
    std::ranges::copy(Bytes{0xff, 0xff, 0xd9, 0x00}, highest.begin() + 772);  // 727
    REQUIRE(offset_in(highest, 772) == 1503);
    std::ranges::copy(hmac_around(kPlayerKey, highest, 1503), highest.begin() + 1503);

    CHECK(find_client_digest(client_hello(8, 0))->schema == DigestSchema::FirstHalf);
    CHECK(find_client_digest(client_hello(8, 0xab))->schema == DigestSchema::FirstHalf);
    CHECK(find_client_digest(client_hello(772, 0))->schema == DigestSchema::SecondHalf);
    CHECK(find_client_digest(client_hello(772, 0xab))->schema == DigestSchema::SecondHalf);
    CHECK(find_client_digest(highest)->schema == DigestSchema::SecondHalf);
}

TEST_CASE("a client with a digest gets a server's digest in the same half and a signature") {
    const Bytes first = client_hello(8, 0x5a);
    const Bytes second = client_hello(772, 0x5a);

    const Answer to_first = answer_to(first);
    const Answer to_second = answer_to(second);

    CHECK(Bytes(to_first.s1.begin(), to_first.s1.begin() + 8) == Bytes{0, 0, 0, 0, 3, 5, 7, 1});
    CHECK(has_server_digest(to_first.s1, 8));
    CHECK_FALSE(has_server_digest(to_first.s1, 772));
    CHECK(is_signed_for(to_first.s2, first, 8));
    CHECK(has_server_digest(to_second.s1, 772));
    CHECK_FALSE(has_server_digest(to_second.s1, 8));
    CHECK(is_signed_for(to_second.s2, second, 772));
}

TEST_CASE("a digest that is wrong by one bit, or of a client of version 0, gets the plain echo") {
    Bytes wrong = client_hello(8, 0x5a);
    wrong.back() ^= 1;
    Bytes simple = client_hello(8, 0x5a);
    std::ranges::fill(simple.begin() + 4, simple.begin() + 8, 0);
    std::ranges::copy(hmac_around(kPlayerKey, simple, offset_in(simple, 8)),
                      simple.begin() + static_cast<std::ptrdiff_t>(offset_in(simple, 8)));

    const Answer to_wrong = answer_to(wrong);

    CHECK_FALSE(find_client_digest(wrong));
    CHECK(to_wrong.s2 == wrong);
    CHECK(Bytes(to_wrong.s1.begin(), to_wrong.s1.begin() + 8) == Bytes(8, 0));
    REQUIRE(find_client_digest(simple));
    CHECK(answer_to(simple).s2 == simple);
}

}  // namespace oxbow::ingest
