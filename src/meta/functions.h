#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "meta/stream_states.h"
#include "store/object_store.h"

namespace oxbow::meta {

/// SaveRecordingStartMeta: for every recording-started.json that appears in the bucket, whichever
/// channel it is of, writes recording-started-{CHANNEL_ID}.json to the root of the bucket: the same
/// metadata, media.hls.path made absolute, streamId added. Late, repeated and unordered events never
/// replace newer metadata (recording_started_at decides; at the same second the sequencer, then the
/// recording id, so that every order of events ends in the same file).
///
/// Thread safety: one call at a time. May block on the store.
class SaveRecordingStartMeta {
public:
    explicit SaveRecordingStartMeta(store::ObjectStore& store, const StreamStates& streams);

    /// In:     an object's key, as in an S3 event record, decoded.
    /// Out:    true: saved; false: not a recording-started.json, or nothing newer than what is saved.
    /// Errors: as the store's; Malformed when the object is not metadata. Calling again is safe.
    Result<bool> handle(std::string_view key, std::string_view sequencer);

private:
    store::ObjectStore& store_;
    const StreamStates& streams_;
};

/// GetLatestRecordingStartMeta: the answer to GET /recording-started-{CHANNEL_ID}.json in every state.
class GetLatestRecordingStartMeta {
public:
    GetLatestRecordingStartMeta(store::ObjectStore& store, const StreamStates& streams);
    ~GetLatestRecordingStartMeta();

    /// In:     `base_url` makes playback URLs absolute: "http://127.0.0.1:8080".
    /// Out:    the JSON body; "null" for a known channel that is offline and was never recorded.
    /// Errors: NotFound for an unknown channel; as the store's. Never blocks on the network loop: the
    ///         saved metadata is held in memory and refreshed by saved().
    Result<std::string> answer(const ChannelId& channel, std::string_view base_url);

    /// Tells that a channel's metadata was saved: reads it again. May block on the store.
    Result<void> saved(const ChannelId& channel);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::meta
