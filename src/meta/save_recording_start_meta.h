#pragma once

#include <string_view>

#include "base/result.h"
#include "meta/stream_states.h"
#include "store/object_store.h"

namespace oxbow::meta {

/// SaveRecordingStartMeta: for every recording-started.json that appears in the bucket, whichever
/// channel it is of, writes recording-started-{CHANNEL_ID}.json to the root of the bucket: the same
/// metadata, media.hls.path made absolute, streamId added. Late, repeated and unordered events
/// never replace newer metadata (recording_started_at decides; at the same second the sequencer,
/// then the recording id, so that every order of events ends in the same file).
///
/// An event of the recording that is saved already replaces it when its recording-started.json says
/// something else now: the object is read here, so it is never older than the event. A saved
/// recording that was deleted from the bucket makes place for any other.
///
/// Thread safety: one call at a time. May block on the store.
class SaveRecordingStartMeta {
public:
    SaveRecordingStartMeta(store::ObjectStore& store, const StreamStates& streams);

    /// In:     an object's key, as in an S3 event record, decoded; the record's sequencer, "" when
    ///         there is none, as for a key that was found by listing the bucket.
    /// Out:    true: saved; false: not a recording-started.json, or nothing newer than what is
    /// saved. Errors: as the store's; Malformed when the object is not metadata, is not in a
    /// recording's
    ///         folder, or is of another channel than its key. Calling again is safe.
    Result<bool> handle(std::string_view key, std::string_view sequencer);

private:
    store::ObjectStore& store_;
    const StreamStates& streams_;
};

}  // namespace oxbow::meta
