#pragma once

#include <string_view>

namespace oxbow::control {

/// Whether all of this valid UTF-8 may stand in a tag: letters, digits, separators of any script,
/// and _ . : / = + - @
///
/// Source: TagKey and TagValue of the API model, [\p{L}\p{Z}\p{N}_.:/=+\-@].
bool all_tag_characters(std::string_view text);

}  // namespace oxbow::control
