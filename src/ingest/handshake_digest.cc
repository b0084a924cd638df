#include "ingest/handshake_digest.h"

#include <algorithm>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/ensure.h"

namespace oxbow::ingest {
namespace {

constexpr std::string_view kClientName = "Genuine Adobe Flash Player 001";
constexpr std::string_view kServerName = "Genuine Adobe Flash Media Server 001";
// Behind the server's name in the key of S2, not in that of S1.
constexpr std::array<std::uint8_t, 32> kKeyTail{
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57,
    0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae};

// A half is 4 bytes of offset and room for the digest; the sum of the four is below 728 by modulo.
constexpr std::size_t kOffsetBytes = 4;
constexpr std::size_t kOffsetModulus = 728;
constexpr std::size_t kFirstHalf = 8;  // behind time and version
constexpr std::size_t kSecondHalf = 772;

Digest hmac(BytesView key, BytesView bytes) {
    Digest digest;
    unsigned size = kDigestBytes;
    ENSURE(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(),
                digest.data(), &size) != nullptr);
    return digest;
}

std::size_t digest_offset(BytesView block, DigestSchema schema) {
    const std::size_t half = schema == DigestSchema::FirstHalf ? kFirstHalf : kSecondHalf;
    std::size_t sum = 0;
    for (const std::uint8_t byte : block.subspan(half, kOffsetBytes)) sum += byte;
    return half + kOffsetBytes + sum % kOffsetModulus;
}

/// What the digest at `offset` must be: of all bytes before and behind it.
Digest digest_around(BytesView block, std::size_t offset, std::string_view key) {
    Bytes rest;
    rest.reserve(block.size() - kDigestBytes);
    append(rest, block.first(offset));
    append(rest, block.subspan(offset + kDigestBytes));
    return hmac(as_bytes(key), rest);
}

}  // namespace

std::optional<ClientDigest> find_client_digest(BytesView c1) {
    ENSURE(c1.size() == kHandshakeBlockBytes);
    for (const DigestSchema schema : {DigestSchema::FirstHalf, DigestSchema::SecondHalf}) {
        const std::size_t offset = digest_offset(c1, schema);
        const Digest digest = digest_around(c1, offset, kClientName);
        if (std::ranges::equal(digest, c1.subspan(offset, kDigestBytes))) {
            return ClientDigest{schema, digest};
        }
    }
    return std::nullopt;
}

void imprint_server_digest(std::span<std::uint8_t, kHandshakeBlockBytes> s1, DigestSchema schema) {
    const std::size_t offset = digest_offset(s1, schema);
    const Digest digest = digest_around(s1, offset, kServerName);
    std::ranges::copy(digest, s1.begin() + static_cast<std::ptrdiff_t>(offset));
}

void sign_server_answer(std::span<std::uint8_t, kHandshakeBlockBytes> s2,
                        const Digest& client_digest) {
    constexpr std::size_t kSigned = kHandshakeBlockBytes - kDigestBytes;
    Bytes key(kServerName.begin(), kServerName.end());
    append(key, kKeyTail);
    const Digest signature = hmac(hmac(key, client_digest), s2.first<kSigned>());
    std::ranges::copy(signature, s2.begin() + kSigned);
}

}  // namespace oxbow::ingest
