#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "ingest/handshake_digest.h"

namespace oxbow::ingest {

/// The server's side of the RTMP handshake: C0 C1 -> S0 S1 S2, then C2.
///
/// A C1 with a digest (the "complex" handshake of Flash and librtmp) is answered with digests;
/// every other one with the plain echo, also one that claims a digest and has none that is right.
/// C2 is not compared: some encoders send zeros.
///
/// Source: Adobe RTMP 1.0 §5.2; handshake_digest.h.
class Handshake {
public:
    static constexpr std::size_t kBlockBytes = kHandshakeBlockBytes;  // C1, C2, S1, S2

    /// In: a seed for the bytes of S1, which the specification wants different, not secret.
    explicit Handshake(std::uint32_t seed) : seed_(seed) {}

    /// Takes what it needs off the front of `input` and appends the answer to `replies`.
    ///
    /// Out:    true once C2 is complete; what is left of `input` are chunks.
    /// Errors: Malformed    the first byte is no version of RTMP.
    ///         Unsupported  another version, or TLS or HTTP on this port.
    Result<bool> read(BytesReader& input, Bytes& replies);

private:
    enum class Step { Version, ClientHello, ClientEcho, Done };
    void answer(Bytes& replies) const;
    Bytes arbitrary(std::size_t count) const;

    std::uint32_t seed_;
    Step step_ = Step::Version;
    Bytes client_hello_;          // C1 as far as it has come
    std::size_t echo_bytes_ = 0;  // of C2
};

}  // namespace oxbow::ingest
