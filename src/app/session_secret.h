#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace oxbow::app {

/// The secret that signs the sessions of private channels' viewers: read from `file`, or made
/// there, readable by its owner only, where there is none. Without the file all sessions are over.
///
/// Errors: Malformed    the file holds something else.
///         Unavailable  it cannot be read or written, or kept from others.
Result<std::string> load_or_make_session_secret(const std::filesystem::path& file);

}  // namespace oxbow::app
