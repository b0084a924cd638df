#pragma once

#include <functional>

#include "catalog/catalog.h"
#include "control/recording_deleter.h"
#include "record/recording.h"
#include "store/object_store.h"

namespace oxbow::app {

/// Deletes a finished recording everywhere: from the lists first, then its objects, so that nothing is
/// listed that cannot be fetched. Thread-safe; blocks on the store.
class RecordingRemover final : public control::RecordingDeleter {
public:
    struct Rooms {
        catalog::Catalog& catalog;
        store::ObjectStore& store;
        record::RecordingViews& recordings;
        /// Tells live and edge to let go of the recording's timeline.
        std::function<void(const ChannelId&, const RecordingId&)> forget;
        /// Saves the channel's metadata anew from this recording-started.json.
        std::function<void(const std::string& key)> save_metadata;
    };
    explicit RecordingRemover(Rooms rooms) : rooms_(std::move(rooms)) {}

    Result<void> delete_recording(const RecordingId& recording) override;

private:
    Result<void> show_newest_of(const ChannelId& channel, const std::string& deleted_prefix);

    Rooms rooms_;
};

}  // namespace oxbow::app
