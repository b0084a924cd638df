#pragma once

#include <string_view>

#include "base/result.h"

namespace oxbow::store {

/// Whether `key` may name an object: 1 to ObjectStore::kKeyBytesMax bytes, parts between '/'
/// neither empty nor "." nor ".." nor above kKeyPartBytesMax, no control characters. Errors:
/// Malformed.
Result<void> check_key(std::string_view key);
/// The same where a part may be as long as the key: in S3 it is no file's name.
Result<void> check_s3_key(std::string_view key);

inline constexpr std::size_t kKeyPartBytesMax = 255;  // of a file name: NAME_MAX

}  // namespace oxbow::store
