#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "catalog/catalog.h"
#include "control/recording_deleter.h"
#include "record/recording.h"
#include "store/object_store.h"

namespace oxbow::app {

/// Deletes a finished recording everywhere: first from all lists, by a mark in its row, and from
/// what viewers are shown; then its objects in the order in which nothing that is left leads
/// nowhere; its row last, with the event that tells of it. What is marked is only ever completed: a
/// failure or the end of the process leaves the mark, and asking again or finish() goes on.
///
/// On a disk that is so full that the database takes no mark the objects go first, and the mark is
/// tried again with each, for every one makes room.
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
        /// All objects are gone: takes the row away and tells of it.
        std::function<void(const catalog::Recording&)> removed;
    };
    explicit RecordingRemover(Rooms rooms) : rooms_(std::move(rooms)) {}

    Result<void> delete_recording(const RecordingId& recording) override {
        return remove(recording, "requested");
    }

    /// In: `reason` as the event gives it. Errors: as delete_recording().
    Result<void> remove(const RecordingId& recording, const std::string& reason);

    /// Goes on with what an earlier process, or a failure, left half done. Out: how many were
    /// completed.
    std::size_t finish();

    /// Breaks off between two objects, for the end of the process: the next one goes on.
    void stop() { stopping_ = true; }

    /// How long the recorder may take for the steps before ours.
    static constexpr std::chrono::milliseconds kRecorderMax{5'000};

private:
    Result<void> check(const catalog::Recording& row) const;
    Result<void> hide(const catalog::Recording& row);
    Result<void> show_another(const catalog::Recording& deleted);
    Result<std::optional<catalog::Recording>> newest_finished(const ChannelId& channel,
                                                              const RecordingId& but);
    Result<bool> saved_metadata_is_of(const catalog::Recording& row);
    Result<void> remove_objects(const std::string& prefix, const std::function<void()>& after_each);

    Rooms rooms_;
    std::mutex one_at_a_time_;
    std::atomic<bool> stopping_ = false;
};

}  // namespace oxbow::app
