#include "app/recording_remover.h"

#include <algorithm>
#include <future>
#include <memory>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "ivs/recording_metadata.h"

namespace oxbow::app {
namespace {

constexpr std::size_t kRemoverPage = 100;  // read from the database at a time

/// The order in which objects go, opposite to that of their puts: a playlist before what it lists.
int order_of_removal(std::string_view key) {
    if (key.contains("/events/")) return 0;
    if (!key.ends_with(".m3u8")) return 3;
    const bool multivariant = key.substr(0, key.rfind('/')).ends_with("/media/hls");
    return multivariant ? 1 : 2;
}

}  // namespace

Result<void> RecordingRemover::check(const catalog::Recording& row) const {
    if (row.locked) return fail(ErrorCode::Conflict, "the recording is locked: unlock it first");
    if (row.status == catalog::RecordingStatus::Started) {
        return fail(ErrorCode::Conflict,
                    "the recording is under way: it can be deleted once it has ended");
    }
    return {};
}

Result<void> RecordingRemover::remove(const RecordingId& id, const std::string& reason) {
    const std::lock_guard lock{one_at_a_time_};
    auto row = rooms_.catalog.recording(id);
    if (!row) return std::unexpected(row.error());
    if (row->deleting.empty()) {
        if (auto may = check(*row); !may) return may;
    }
    Result<void> marked;
    const auto mark = [&] {
        if (!row->deleting.empty()) return;
        marked = rooms_.catalog.mark_deleting(id, reason);
        if (marked) row->deleting = reason;
    };
    mark();
    if (!marked && marked.error().code != ErrorCode::Unavailable) return marked;
    rooms_.forget(*row);
    if (auto hidden = hide(*row); !hidden) return hidden;
    const auto removed = remove_objects(row->prefix, mark);
    // A viewer may have had it read again while its playlists were still there.
    rooms_.forget(*row);
    if (!removed) return removed;
    mark();
    if (!marked) return marked;
    rooms_.removed(*row);
    return {};
}

std::size_t RecordingRemover::finish() {
    const auto rows = rooms_.catalog.deleting_recordings();
    if (!rows) {
        log::warning("half-done deletes cannot be looked for: {}", rows.error().what);
        return 0;
    }
    std::size_t done = 0;
    for (const catalog::Recording& row : *rows) {
        if (stopping_) break;
        if (const auto removed = remove(row.id, row.deleting); removed) {
            ++done;
            log::info("[channel {}] [recording {}] its delete, which was half done, is completed",
                      row.channel.view(), row.id.view());
        } else if (removed.error().code != ErrorCode::NotFound) {
            log::warning("[channel {}] [recording {}] its delete is half done: {}",
                         row.channel.view(), row.id.view(), removed.error().what);
        }
    }
    return done;
}

/// Takes the recording out of what its channel shows. Errors: Timeout; as show_another().
Result<void> RecordingRemover::hide(const catalog::Recording& row) {
    // The job outlives this call when the recorder is too slow for it, and does no harm then.
    const auto done = std::make_shared<std::promise<Result<void>>>();
    auto result = done->get_future();
    rooms_.on_recorder([this, row, done] { done->set_value(show_another(row)); });
    if (result.wait_for(kRecorderMax) != std::future_status::ready) {
        return fail(ErrorCode::Timeout,
                    "the recorder waits for the disk: try again to delete the recording");
    }
    return result.get();
}

/// Shows the newest finished recording but `deleted` where the channel shows `deleted`. On the
/// recorder's thread: no recording is announced meanwhile.
Result<void> RecordingRemover::show_another(const catalog::Recording& deleted) {
    const auto view = rooms_.recordings.get(deleted.channel);
    const bool shown = view && view->recording.id == deleted.id;
    std::optional<catalog::Recording> other;
    if (view && !shown) other = view->recording;
    if (shown) {
        auto found = newest_finished(deleted.channel, deleted.id);
        if (!found) return std::unexpected(found.error());
        other = std::move(*found);
    }
    // The saved metadata leads to what will be gone. It goes first: after a failure the view is
    // still there, and asking again comes here again.
    const Result<bool> saved = shown ? true : saved_metadata_is_of(deleted);
    if (!saved) return std::unexpected(saved.error());
    if (!*saved) return {};
    if (auto removed = rooms_.store.remove(ivs::latest_metadata_key(deleted.channel)); !removed)
        return removed;
    if (!other) {
        rooms_.recordings.publish(deleted.channel, nullptr);
        return {};
    }
    if (shown) {
        rooms_.recordings.publish(deleted.channel, std::make_shared<const record::RecordingView>(
                                                       record::RecordingView{.recording = *other}));
    }
    // Also when a newer one was being saved just now: twice does no harm.
    rooms_.save_metadata(ivs::recording_started_key(other->prefix));
    return {};
}

/// An earlier process may have shown it, and be gone before it took the metadata away.
Result<bool> RecordingRemover::saved_metadata_is_of(const catalog::Recording& row) {
    const auto text =
        rooms_.store.get(ivs::latest_metadata_key(row.channel), ivs::kMetadataBytesMax);
    if (!text && text.error().code == ErrorCode::Unavailable) return std::unexpected(text.error());
    const auto metadata = text ? ivs::read_recording_metadata(*text)
                               : Result<ivs::RecordingMetadata>{std::unexpected(text.error())};
    return metadata && metadata->hls_path.starts_with(row.prefix + "/");
}

Result<std::optional<catalog::Recording>> RecordingRemover::newest_finished(
    const ChannelId& channel, const RecordingId& but) {
    for (std::size_t offset = 0;; offset += kRemoverPage) {
        const auto rows =
            rooms_.catalog.recordings(channel, {.offset = offset, .limit = kRemoverPage});
        if (!rows) return std::unexpected(rows.error());
        const auto found = std::ranges::find_if(*rows, [&](const catalog::Recording& row) {
            // Without its beginning it cannot be shown: its own delete stopped half-way.
            return row.id != but && row.status != catalog::RecordingStatus::Started &&
                   rooms_.store.head(ivs::recording_started_key(row.prefix));
        });
        if (found != rows->end()) return *found;
        if (rows->size() < kRemoverPage) return std::nullopt;
    }
}

Result<void> RecordingRemover::remove_objects(const std::string& prefix,
                                              const std::function<void()>& after_each) {
    auto objects = rooms_.store.list(prefix + "/");
    if (!objects) return std::unexpected(objects.error());
    std::ranges::sort(*objects, {}, [](const store::ObjectInfo& object) {
        return std::pair{order_of_removal(object.key), std::string_view{object.key}};
    });
    for (const store::ObjectInfo& object : *objects) {
        if (stopping_) {
            return fail(ErrorCode::Unavailable,
                        "the server is shutting down: the delete goes on when it starts again");
        }
        if (auto removed = rooms_.store.remove(object.key); !removed) return removed;
        after_each();
    }
    return {};
}

}  // namespace oxbow::app
