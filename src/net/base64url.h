#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace oxbow::net {

// Bytes in the characters A-Z, a-z, 0-9, '-' and '_', without padding: base64url (RFC 4648 §5).

// "Zm9vYg"      (of "foob")
std::string base64url(BytesView bytes);

/// The bytes that `text` stands for; nullopt where it has another character, padding, a length that
/// no bytes have, or bits behind its last byte that are not 0: bytes have one form only.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace oxbow::net
