#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "catalog/catalog.h"
#include "control/recording_deleter.h"
#include "record/recording.h"
#include "store/object_store.h"

namespace oxbow::app {

/// Deletes a finished recording everywhere: first from what viewers are shown, then its objects in
/// the order in which nothing that is left leads nowhere, its row last. A failure leaves the row,
/// so that asking again goes on where it stopped.
///
/// What a channel shows as its newest recording belongs to the recorder's thread: it is changed
/// there, between two steps of recordings, and one that is under way is never taken away.
/// Thread-safe; blocks on the store, the database and the recorder.
class RecordingRemover final : public control::RecordingDeleter {
public:
    struct Rooms {
        catalog::Catalog& catalog;
        store::ObjectStore& store;
        record::RecordingViews& recordings;
        /// Runs a job on the recorder's thread.
        std::function<void(std::function<void()>)> on_recorder;
        /// Tells live and edge to let go of the recording's timeline and objects.
        std::function<void(const catalog::Recording&)> forget;
        /// Saves the channel's metadata anew from this recording-started.json.
        std::function<void(const std::string& key)> save_metadata;
    };
    explicit RecordingRemover(Rooms rooms) : rooms_(std::move(rooms)) {}

    Result<void> delete_recording(const RecordingId& recording) override;

    /// How long the recorder may take for the steps before ours.
    static constexpr std::chrono::milliseconds kRecorderMax{5'000};

private:
    Result<void> hide(const ChannelId& channel, const RecordingId& recording);
    Result<void> show_another(const ChannelId& channel, const RecordingId& deleted);
    Result<std::optional<catalog::Recording>> newest_finished(const ChannelId& channel,
                                                              const RecordingId& but);
    Result<void> remove_objects(const std::string& prefix);

    Rooms rooms_;
    std::mutex one_at_a_time_;
};

}  // namespace oxbow::app
