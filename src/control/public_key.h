#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace oxbow::control {

/// Reads the public key that viewers' tokens are signed with and gives its fingerprint: the MD5 of
/// its DER form.
///
/// In:     PEM, "-----BEGIN PUBLIC KEY-----".
/// Errors: Malformed  not PEM of a public key, or not one of ECDSA with the curve P-384.
/// Source: Amazon IVS User Guide, private channels: keys are made by
///         openssl ecparam -name secp384r1 -genkey; RFC 5480.
// 98:0d:1a:a0:19:96:1e:ea:0a:0a:2c:9a:42:19:2b:e7
Result<std::string> fingerprint_of_public_key(std::string_view pem);

}  // namespace oxbow::control
