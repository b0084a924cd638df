#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace oxbow {

/// CRC-32C of bytes that come in pieces: crc32c(b, crc32c(a)) is that of a and b together. By the
/// processor's instruction where there is one.
///
/// Source: RFC 3720 appendix B.4 (its examples are the tests).
std::uint32_t crc32c(BytesView bytes, std::uint32_t of_before = 0);

}  // namespace oxbow
