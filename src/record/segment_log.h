#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "packager/playlists.h"

namespace oxbow::record {

/// Reads what version 1 kept of an open recording: DATA/spool/{recordingId}/segments.m3u8, a
/// byte-range playlist of every segment written, up to its last whole entry. Nothing writes it any
/// more.
///
/// Errors: NotFound   there is none.
///         Malformed  it is not such a list.
Result<std::vector<Chunk>> read_segment_log(const std::filesystem::path& folder);

}  // namespace oxbow::record
