#include "edge/stored_timelines.h"

#include <algorithm>

#include <fmt/format.h>

#include "edge/recorded_ranges.h"

namespace oxbow::edge {
namespace {

/// Whether a URI that may have been written by others is of a playlist below its folder.
bool is_below(std::string_view uri) {
    return !uri.starts_with('/') && !uri.contains(':') && !uri.contains("..");
}

/// A recording's multivariant playlist for who is elsewhere: with `path` for the URI of the one
/// rendition that has a timeline, "<rendition>/...", and those of the others below `folder`.
std::string with_absolute_paths(std::string_view multivariant, std::string_view rendition,
                                std::string_view path, std::string_view folder) {
    std::string out;
    std::string variant;  // the tags of the next URI, which go with it
    while (!multivariant.empty()) {
        const std::size_t end = std::min(multivariant.find('\n'), multivariant.size());
        std::string_view line = multivariant.substr(0, end);
        multivariant.remove_prefix(std::min(end + 1, multivariant.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool is_uri = !line.empty() && line.front() != '#';
        const bool of_variant =
            line.starts_with("#EXT-X-STREAM-INF:") || line.starts_with("#EXT-X-MEDIA:TYPE=VIDEO");
        if (is_uri) {
            if (line.substr(0, line.rfind('/')) == rendition) {
                out += fmt::format("{}{}\n", variant, path);
            } else if (is_below(line)) {
                out += fmt::format("{}{}/{}\n", variant, folder, line);
            }
            variant.clear();
        } else if (of_variant) {
            variant += fmt::format("{}\n", line);
        } else {
            out += fmt::format("{}\n", line);
        }
    }
    return out;
}

}  // namespace

std::shared_ptr<const live::TimelineView> StoredTimelines::find(const ChannelId& channel,
                                                                const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    return find_locked({channel, recording});
}

StoredTimelines::View StoredTimelines::find_locked(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    const auto entry = found->second;
    if (entry->stale_at && clock_.steady() >= *entry->stale_at) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, entry);
    return entry->view;
}

void StoredTimelines::hold_locked(Key key, View view) {
    erase_locked(key);
    std::optional<SteadyTime> stale_at;
    if (!view->ended)
        stale_at = clock_.steady() + kOpenTimelineFresh;  // it is still growing elsewhere
    newest_first_.push_front({key, std::move(view), stale_at});
    by_key_.emplace(std::move(key), newest_first_.begin());
    if (newest_first_.size() > kTimelinesHeldMax) {
        by_key_.erase(newest_first_.back().key);
        newest_first_.pop_back();
    }
}

void StoredTimelines::erase_locked(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    newest_first_.erase(found->second);
    by_key_.erase(found);
}

void StoredTimelines::forget(const ChannelId& channel, const RecordingId& recording) {
    const Key key{channel, recording};
    const std::lock_guard lock{mutex_};
    erase_locked(key);
    loads_.erase(
        key);  // who waits for it still gets it; nobody holds it, and nobody joins it any more
}

Result<std::shared_ptr<const live::TimelineView>> StoredTimelines::load(
    const ChannelId& channel, const RecordingId& recording) {
    const Key key{channel, recording};
    std::packaged_task<Result<View>()> task{[&] { return read(channel, recording); }};
    const auto ours = std::make_shared<Load>(task.get_future().share());
    std::shared_ptr<Load> other;
    {
        const std::lock_guard lock{mutex_};
        if (auto held = find_locked(key)) return held;
        const auto [found, is_ours] = loads_.try_emplace(key, ours);
        if (!is_ours) other = found->second;
    }
    if (!other) return run_load(key, std::move(task), ours);
    if (other->wait_for(kLoadWaitMax) != std::future_status::ready) {
        return fail(ErrorCode::Timeout,
                    "the recording takes long to be read from the bucket: try again");
    }
    return other->get();
}

Result<StoredTimelines::View> StoredTimelines::run_load(const Key& key,
                                                        std::packaged_task<Result<View>()> task,
                                                        const std::shared_ptr<Load>& load) {
    task();  // an exception goes to all who wait
    const std::lock_guard lock{mutex_};
    const auto found = loads_.find(key);
    const bool wanted = found != loads_.end() && found->second == load;
    if (wanted) loads_.erase(found);
    Result<View> read = load->get();
    if (wanted && read) hold_locked(key, *read);
    return read;
}

/// Reads a recording's timeline from the bucket. Errors: as load().
Result<StoredTimelines::View> StoredTimelines::read(const ChannelId& channel,
                                                    const RecordingId& recording) {
    const auto row = catalog_.recording(recording);
    if (!row) return std::unexpected(row.error());
    if (row->channel != channel || !row->deleting.empty())
        return fail(ErrorCode::NotFound, "this channel has no such recording");
    const auto text = store_.get(rendition_playlist_key(*row));
    if (!text) return std::unexpected(text.error());
    const auto listed = read_byte_range_playlist(*text);
    if (!listed) return std::unexpected(listed.error());
    const std::string folder = fmt::format("{}/{}", row->prefix, row->layout.hls_path);
    const auto multivariant =
        store_.get(fmt::format("{}/{}", folder, row->layout.byte_range_playlist));
    if (!multivariant) return std::unexpected(multivariant.error());

    auto view = std::make_shared<live::TimelineView>();
    view->recording = recording;
    view->prefix = row->prefix;
    view->hls_path = row->layout.hls_path;
    view->rendition = row->rendition;
    view->multivariant = std::make_shared<const TextVersion>(with_absolute_paths(
        *multivariant, row->rendition,
        fmt::format("/rewind/{}/{}/{}.m3u8", channel.view(), recording.view(), row->rendition),
        "/" + folder));
    view->names = names_of(*row, naming_);
    // Who learned a name elsewhere gets the segment here, too.
    view->recorded_names = SegmentNames{row->segment_epochs};
    view->by_index = true;
    bool certain = row->status != catalog::RecordingStatus::Started;  // what they are called
    RewindPlaylist playlist{row->layout.live_target_seconds};
    GrowingList<live::ChunkRange> located;
    for (const Chunk& chunk : listed->chunks) {
        for (const ByteRangeEntry& entry : chunk.segments) {
            const auto name = view->names.of(located.size());
            const bool discontinuity = entry.offset == 0 && chunk.discontinuity;
            if (!certain && discontinuity && located.size() > 0) {
                certain = true;
                view->recorded_names.cut(located.size());
            }
            playlist.append(
                {.uri = fmt::format("{}/seg/{}/{}/{}-{}.ts", live::kRewindToRoot, channel.view(),
                                    recording.view(), name.epoch, name.number),
                 .duration = entry.duration,
                 .program_date_time = entry.program_date_time,
                 .discontinuity = discontinuity});
            located.push_back({chunk.number, entry.offset, entry.length});
        }
    }
    view->ended = listed->ended;
    if (listed->ended) playlist.end();
    const auto listing = std::make_shared<const RewindPlaylist>(std::move(playlist));
    view->playlist = live::LazyPlaylist{[listing] { return listing->version(); }};
    view->with_parts = Lazy<RewindPlaylist::LowLatency>{
        [listing] { return listing->low_latency(live::kRewindToRoot, {}); }};
    view->located = located.view();
    // Here, and not on the loop of a viewer: of a long recording it takes a tenth of a second.
    view->with_parts.get().whole->gzip();
    return view;
}

}  // namespace oxbow::edge
