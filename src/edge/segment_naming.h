#pragma once

#include "catalog/catalog.h"
#include "packager/segment_names.h"

namespace oxbow::edge {

/// How playlists that are made from the bucket call the segments of a recording.
enum class SegmentNaming {
    /// As its recorder did: the catalogue is the recorder's.
    AsRecorded,
    /// As its recorder did, once it has ended; by index before. The bucket says how an open
    /// recording's first segments were called, and of what came behind a restart or a hole only
    /// when it has ended: names guessed until then would be those of other segments later.
    OnceEnded,
    /// By index, so that a playlist goes on as it began.
    ByIndex,
};

inline SegmentNames names_of(const catalog::Recording& row, SegmentNaming naming) {
    const bool open = row.status == catalog::RecordingStatus::Started;
    const bool by_index =
        naming == SegmentNaming::ByIndex || (naming == SegmentNaming::OnceEnded && open);
    return by_index ? SegmentNames::by_index() : SegmentNames{row.segment_epochs};
}

}  // namespace oxbow::edge
