#pragma once

#include <filesystem>

#include "base/result.h"

namespace oxbow::catalog {

/// Takes the rights of other users from a file, where they have any; a file that is not there is
/// passed over.
///
/// Errors: Unavailable  its rights cannot be read or changed, as for a file of another user.
Result<void> keep_from_others(const std::filesystem::path& file);

/// Makes an empty file that only its owner may read, or keeps the one that is there from others.
///
/// Errors: Unavailable  it cannot be made, or cannot be kept from others.
Result<void> make_private_file(const std::filesystem::path& file);

}  // namespace oxbow::catalog
