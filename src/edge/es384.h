#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oxbow::edge {

/// R and S, 48 bytes each, as a JSON Web Signature has them (RFC 7518 §3.4).
inline constexpr std::size_t kEs384SignatureBytes = 96;
using Es384Signature = std::array<std::uint8_t, kEs384SignatureBytes>;

/// Whether `signature` is that of `text` by the private half of the public key `pem`. A key that is
/// none of the curve P-384 signs nothing. Costs about a millisecond.
///
/// In: "-----BEGIN PUBLIC KEY-----...". Source: RFC 7518 §3.4: ECDSA with P-384 and SHA-384.
bool verify_es384(std::string_view pem, std::string_view text, const Es384Signature& signature);

/// Errors: Malformed  `pem` is no private key of the curve P-384, or it has a passphrase.
Result<Es384Signature> sign_es384(std::string_view pem, std::string_view text);

}  // namespace oxbow::edge
