#include "app/recording_remover.h"

#include <algorithm>
#include <future>
#include <memory>
#include <string_view>
#include <utility>

#include "ivs/recording_metadata.h"

namespace oxbow::app {
namespace {

constexpr std::size_t kRecordingsScanned = 100;  // read from the database at a time

/// The order in which objects go, opposite to that of their puts: a playlist before what it lists.
int order_of_removal(std::string_view key) {
    if (key.contains("/events/")) return 0;
    if (!key.ends_with(".m3u8")) return 3;
    const bool multivariant = key.substr(0, key.rfind('/')).ends_with("/media/hls");
    return multivariant ? 1 : 2;
}

}  // namespace

Result<void> RecordingRemover::delete_recording(const RecordingId& id) {
    const std::lock_guard lock{one_at_a_time_};
    const auto row = rooms_.catalog.recording(id);
    if (!row) return std::unexpected(row.error());
    if (row->locked) return fail(ErrorCode::Conflict, "the recording is locked: unlock it first");
    if (row->status == catalog::RecordingStatus::Started) {
        return fail(ErrorCode::Conflict,
                    "the recording is under way: it can be deleted once it has ended");
    }
    rooms_.forget(*row);
    if (auto hidden = hide(row->channel, id); !hidden) return hidden;
    const auto removed = remove_objects(row->prefix);
    // A viewer may have had it read again while its playlists were still there.
    rooms_.forget(*row);
    if (!removed) return removed;
    return rooms_.catalog.remove_recording(id);
}

/// Takes the recording out of what its channel shows. Errors: Timeout; as show_another().
Result<void> RecordingRemover::hide(const ChannelId& channel, const RecordingId& recording) {
    // The job outlives this call when the recorder is too slow for it, and does no harm then.
    const auto done = std::make_shared<std::promise<Result<void>>>();
    auto result = done->get_future();
    rooms_.on_recorder(
        [this, channel, recording, done] { done->set_value(show_another(channel, recording)); });
    if (result.wait_for(kRecorderMax) != std::future_status::ready) {
        return fail(ErrorCode::Timeout,
                    "the recorder waits for the disk: try again to delete the recording");
    }
    return result.get();
}

/// Shows the newest finished recording but `deleted` where the channel shows `deleted`. On the
/// recorder's thread: no recording is announced meanwhile, so the saved metadata is not of a newer
/// one.
Result<void> RecordingRemover::show_another(const ChannelId& channel, const RecordingId& deleted) {
    const auto view = rooms_.recordings.get(channel);
    if (!view || view->recording.id != deleted) return {};
    const auto other = newest_finished(channel, deleted);
    if (!other) return std::unexpected(other.error());
    // The saved metadata leads to what will be gone. It goes first: after a failure the view is
    // still there, and asking again comes here again.
    if (auto removed = rooms_.store.remove(ivs::latest_metadata_key(channel)); !removed)
        return removed;
    if (!*other) {
        rooms_.recordings.publish(channel, nullptr);
        return {};
    }
    rooms_.recordings.publish(channel, std::make_shared<const record::RecordingView>(
                                           record::RecordingView{.recording = **other}));
    rooms_.save_metadata(ivs::recording_started_key((*other)->prefix));
    return {};
}

Result<std::optional<catalog::Recording>> RecordingRemover::newest_finished(
    const ChannelId& channel, const RecordingId& but) {
    for (std::size_t offset = 0;; offset += kRecordingsScanned) {
        const auto rows =
            rooms_.catalog.recordings(channel, {.offset = offset, .limit = kRecordingsScanned});
        if (!rows) return std::unexpected(rows.error());
        const auto found = std::ranges::find_if(*rows, [&](const catalog::Recording& row) {
            // Without its beginning it cannot be shown: its own delete stopped half-way.
            return row.id != but && row.status != catalog::RecordingStatus::Started &&
                   rooms_.store.head(ivs::recording_started_key(row.prefix));
        });
        if (found != rows->end()) return *found;
        if (rows->size() < kRecordingsScanned) return std::nullopt;
    }
}

Result<void> RecordingRemover::remove_objects(const std::string& prefix) {
    auto objects = rooms_.store.list(prefix + "/");
    if (!objects) return std::unexpected(objects.error());
    std::ranges::sort(*objects, {}, [](const store::ObjectInfo& object) {
        return std::pair{order_of_removal(object.key), std::string_view{object.key}};
    });
    for (const store::ObjectInfo& object : *objects) {
        if (auto removed = rooms_.store.remove(object.key); !removed) return removed;
    }
    return {};
}

}  // namespace oxbow::app
