#include "app/recording_remover.h"

#include "ivs/recording_metadata.h"

namespace oxbow::app {

Result<void> RecordingRemover::delete_recording(const RecordingId& id) {
    const auto row = rooms_.catalog.recording(id);
    if (!row) return std::unexpected(row.error());
    if (row->locked) return fail(ErrorCode::Conflict, "the recording is locked: unlock it first");
    if (row->status == catalog::RecordingStatus::Started) {
        return fail(ErrorCode::Conflict, "the recording is under way: it can be deleted once it has ended");
    }
    if (auto removed = rooms_.catalog.remove_recording(id); !removed) return removed;
    rooms_.forget(row->channel, id);
    if (auto shown = show_newest_of(row->channel, row->prefix); !shown) return shown;

    const auto objects = rooms_.store.list(row->prefix + "/");
    if (!objects) return std::unexpected(objects.error());
    for (const store::ObjectInfo& object : *objects) {
        if (auto removed = rooms_.store.remove(object.key); !removed) return removed;
    }
    return {};
}

Result<void> RecordingRemover::show_newest_of(const ChannelId& channel, const std::string& deleted_prefix) {
    const auto view = rooms_.recordings.get(channel);
    const bool was_newest = view && view->recording.prefix == deleted_prefix;
    if (!was_newest) return {};

    const auto remaining = rooms_.catalog.recordings(channel, {.offset = 0, .limit = 1});
    if (!remaining) return std::unexpected(remaining.error());
    // The saved metadata leads to what is gone, and an older recording would not replace it.
    if (auto removed = rooms_.store.remove(ivs::latest_metadata_key(channel)); !removed) return removed;
    if (remaining->empty()) {
        rooms_.recordings.publish(channel, nullptr);
        return {};
    }
    rooms_.recordings.publish(channel, std::make_shared<const record::RecordingView>(
                                           record::RecordingView{.recording = remaining->front()}));
    rooms_.save_metadata(ivs::recording_started_key(remaining->front().prefix));
    return {};
}

}  // namespace oxbow::app
