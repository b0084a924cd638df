#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/journal.h"
#include "record/recording.h"

namespace oxbow::record {

/// What of a journal's segments is there.
struct WholeChunks {
    std::vector<Chunk> chunks;  // all of them objects
    std::size_t segments = 0;   // of the journal, from its first on
};

/// Makes every chunk that the journal knows an object, cut at its last whole segment, up to the
/// first segment that is not whole. In: segments from number `verify_from` on are compared with
/// their checksums.
///
/// Errors: Unavailable  the disk or the store takes nothing now.
Result<WholeChunks> whole_chunks(const RecordingPlace& place, const std::string& prefix,
                                 const JournalContent& journal, std::size_t verify_from);

/// The chunks that these segments make.
std::vector<Chunk> chunks_of(const std::vector<JournalSegment>& segments);

}  // namespace oxbow::record
