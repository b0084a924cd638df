#include "edge/stored_timelines.h"

#include <algorithm>

#include <fmt/format.h>

namespace oxbow::edge {
namespace {

/// The one URI line of a recording's multivariant playlist, replaced by `path`.
std::string with_rendition_path(std::string_view multivariant, std::string_view path) {
    std::string out;
    while (!multivariant.empty()) {
        const std::size_t end = std::min(multivariant.find('\n'), multivariant.size());
        const std::string_view line = multivariant.substr(0, end);
        multivariant.remove_prefix(std::min(end + 1, multivariant.size()));
        const bool is_uri = !line.empty() && line.front() != '#';
        out += is_uri ? path : line;
        out += '\n';
    }
    return out;
}

}  // namespace

std::shared_ptr<const live::TimelineView> StoredTimelines::find(const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    const auto found = by_recording_.find(recording);
    if (found == by_recording_.end()) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return *found->second;
}

void StoredTimelines::hold(Entry entry) {
    const std::lock_guard lock{mutex_};
    if (by_recording_.contains(entry->recording)) return;
    newest_first_.push_front(entry);
    by_recording_.emplace(entry->recording, newest_first_.begin());
    if (newest_first_.size() > kTimelinesHeldMax) {
        by_recording_.erase(newest_first_.back()->recording);
        newest_first_.pop_back();
    }
}

void StoredTimelines::forget(const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    const auto found = by_recording_.find(recording);
    if (found == by_recording_.end()) return;
    newest_first_.erase(found->second);
    by_recording_.erase(found);
}

Result<std::shared_ptr<const live::TimelineView>> StoredTimelines::load(const ChannelId& channel,
                                                                        const RecordingId& recording) {
    const auto row = catalog_.recording(recording);
    if (!row) return std::unexpected(row.error());
    if (row->channel != channel) return fail(ErrorCode::NotFound, "this channel has no such recording");
    const std::string folder = row->prefix + "/media/hls/";
    const auto text = store_.get(fmt::format("{}{}/byte-range-variant.m3u8", folder, row->rendition));
    if (!text) return std::unexpected(text.error());
    const auto listed = read_byte_range_playlist(*text);
    if (!listed) return std::unexpected(listed.error());
    const auto multivariant = store_.get(folder + "master.m3u8");
    if (!multivariant) return std::unexpected(multivariant.error());

    auto view = std::make_shared<live::TimelineView>();
    view->recording = recording;
    view->prefix = row->prefix;
    view->rendition = row->rendition;
    view->multivariant = with_rendition_path(
        *multivariant, fmt::format("/rewind/{}/{}/{}.m3u8", channel.view(), recording.view(), row->rendition));
    view->epochs = live::SegmentEpochs{row->segment_epochs};
    RewindPlaylist playlist;
    GrowingList<live::ChunkRange> located;
    for (const Chunk& chunk : listed->chunks) {
        for (const ByteRangeEntry& entry : chunk.segments) {
            const std::uint64_t number = located.size();
            const bool begins_chunk = entry.offset == 0;
            playlist.append({.uri = fmt::format("/seg/{}/{}/{}-{}.ts", channel.view(), recording.view(),
                                                view->epochs.of(number), number),
                             .duration = entry.duration,
                             .program_date_time = entry.program_date_time,
                             .discontinuity = begins_chunk && chunk.discontinuity});
            located.push_back({chunk.number, entry.offset, entry.length});
        }
    }
    view->ended = listed->ended;
    if (listed->ended) playlist.end();
    view->playlist = playlist.text();
    view->located = located.view();
    // An open one is still growing elsewhere: what was read is right for now only.
    if (view->ended) hold(view);
    return view;
}

}  // namespace oxbow::edge
