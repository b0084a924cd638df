#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace oxbow::ingest {

/// The digests of the "complex" RTMP handshake, by which Flash and what descends from it tell a
/// server that knows Adobe's key from one that does not.
///
/// A block of 1536 bytes hides a digest of 32 bytes in one of two halves; four bytes of that half
/// say where. The digest is the HMAC-SHA256 of the rest of the block. Both keys are known to
/// everybody: they prove nothing, but players refuse a server that does not use them.
///
/// Source: never published by Adobe; as ffmpeg and librtmp check it.
inline constexpr std::size_t kHandshakeBlockBytes = 1536;
inline constexpr std::size_t kDigestBytes = 32;

using Digest = std::array<std::uint8_t, kDigestBytes>;

/// In which half of the block the digest is.
enum class DigestSchema { FirstHalf, SecondHalf };

struct ClientDigest {
    DigestSchema schema;
    Digest digest;
};

/// In:  C1, whole.
/// Out: nullopt when neither half holds a digest that is right: a client of the simple handshake.
std::optional<ClientDigest> find_client_digest(BytesView c1);

/// Puts the server's digest into `s1`, where the client has its own.
void imprint_server_digest(std::span<std::uint8_t, kHandshakeBlockBytes> s1, DigestSchema schema);

/// Signs `s2` with the client's digest: its last 32 bytes become the signature of the others.
void sign_server_answer(std::span<std::uint8_t, kHandshakeBlockBytes> s2,
                        const Digest& client_digest);

}  // namespace oxbow::ingest
