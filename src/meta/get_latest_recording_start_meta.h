#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/text_version.h"
#include "meta/stream_states.h"
#include "store/object_store.h"

namespace oxbow::meta {

/// GetLatestRecordingStartMeta: the answer to GET /recording-started-{CHANNEL_ID}.json in every
/// state.
///
/// Thread safety: all calls from any thread.
class GetLatestRecordingStartMeta {
public:
    GetLatestRecordingStartMeta(store::ObjectStore& store, const StreamStates& streams);
    ~GetLatestRecordingStartMeta();

    /// In:     `base_url` makes playback URLs absolute: "http://127.0.0.1:8080"; `mount` stands
    ///         before every path, "/p/AQ..." in the session of a viewer of a private channel, and
    ///         then before the key, too.
    /// Out:    the JSON body; "null" for a known channel that is offline and was never recorded.
    ///         Without a mount it is the last one, while it says the same.
    /// Errors: NotFound for an unknown channel. Never blocks: the saved metadata is held in memory
    /// and
    ///         refreshed by saved().
    Result<std::shared_ptr<const TextVersion>> answer(const ChannelId& channel,
                                                      std::string_view base_url,
                                                      std::string_view mount = {});

    /// Tells that a channel's metadata was saved, or may have been: reads it again. Call it for
    /// every channel at the start, and after each SaveRecordingStartMeta. May block on the store.
    /// Errors: as the store's; Malformed when it is not saved metadata. What was held before stays.
    Result<void> saved(const ChannelId& channel);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace oxbow::meta
