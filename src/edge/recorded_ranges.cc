#include "edge/recorded_ranges.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::edge {
namespace {

constexpr std::size_t kMakingTidyAt = 64;

/// The text of `playlist` from byte `start` on.
std::string tail_of(const TextVersion& playlist, std::uint64_t start) {
    std::string out;
    for (const TextVersion::Piece& piece : playlist.pieces()) {
        const std::string& text = piece->text();
        if (start >= text.size()) {
            start -= text.size();
            continue;
        }
        out.append(text, start);
        start = 0;
    }
    return out;
}

}  // namespace

std::string rendition_playlist_key(const catalog::Recording& recording) {
    return fmt::format("{}/{}/{}/{}", recording.prefix, recording.layout.hls_path,
                       recording.rendition, recording.layout.rendition_playlist);
}

Result<RecordedRanges::Index> RecordedRanges::index(const catalog::Recording& recording) {
    if (const auto open = rooms_.open_playlist(rendition_playlist_key(recording)))
        return open_index(recording, *open);
    const auto has_ended = [](const Entry& entry) { return entry.playlist_bytes == 0; };
    if (auto found = held(recording.id); found && has_ended(*found)) return found->index;
    const auto making = making_of(recording.id);
    const std::lock_guard one_at_a_time{*making};
    // Another may have made it meanwhile.
    if (auto found = held(recording.id); found && has_ended(*found)) return found->index;
    return ended_index(recording);
}

std::shared_ptr<std::mutex> RecordedRanges::making_of(const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    if (making_.size() >= kMakingTidyAt)
        std::erase_if(making_, [](const auto& entry) { return entry.second.expired(); });
    auto& known = making_[recording];
    auto making = known.lock();
    if (!making) known = making = std::make_shared<std::mutex>();
    return making;
}

Result<RecordedRanges::Whole> RecordedRanges::read_whole(const std::string& key) {
    may_make_.acquire();
    const auto give_back = [this](const void*) { may_make_.release(); };
    const std::unique_ptr<const void, decltype(give_back)> place{this, give_back};
    const auto text = rooms_.store.get(key);
    if (!text) return std::unexpected(text.error());
    const auto listed = read_byte_range_playlist(*text);
    if (!listed) return std::unexpected(listed.error());
    auto index = std::make_shared<SegmentIndex>();
    index->append(listed->chunks);
    return Whole{.index = std::move(index), .ended = listed->ended};
}

Result<RecordedRanges::Index> RecordedRanges::ended_index(const catalog::Recording& recording) {
    const std::string key = rendition_playlist_key(recording);
    std::uint64_t forgotten = 0;
    {
        const std::lock_guard lock{mutex_};
        forgotten = forgotten_;
    }
    const auto playlist = rooms_.store.head(key);
    if (!playlist) return std::unexpected(playlist.error());
    Index index = read_file(recording.id, playlist->etag);
    bool ended = true;
    if (!index) {
        auto made = read_whole(key);
        if (!made) return std::unexpected(made.error());
        index = std::move(made->index);
        ended = made->ended;
        if (ended) write_file(recording.id, *index, playlist->etag);
    }
    const std::lock_guard lock{mutex_};
    if (ended && forgotten == forgotten_) hold({recording.id, index, 0});
    return index;
}

Result<RecordedRanges::Index> RecordedRanges::open_index(const catalog::Recording& recording,
                                                         const TextVersion& playlist) {
    const auto making = making_of(recording.id);
    const std::lock_guard one_at_a_time{*making};
    const auto found = held(recording.id);
    const bool goes_on =
        found && found->playlist_bytes > 0 && found->playlist_bytes <= playlist.size();
    if (goes_on && found->playlist_bytes == playlist.size()) return found->index;
    const std::string text =
        goes_on ? "#EXTM3U\n" + tail_of(playlist, found->playlist_bytes) : playlist.str();
    const auto listed = read_byte_range_playlist(text);
    if (!listed) return std::unexpected(listed.error());
    auto made = std::make_shared<SegmentIndex>(goes_on ? *found->index : SegmentIndex{});
    made->append(listed->chunks);
    const std::lock_guard lock{mutex_};
    hold({recording.id, made, playlist.size()});
    return made;
}

std::optional<RecordedRanges::Entry> RecordedRanges::held(const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    const auto found = by_id_.find(recording);
    if (found == by_id_.end()) return std::nullopt;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return *found->second;
}

/// Under the mutex.
void RecordedRanges::hold(Entry entry) {
    erase_locked(entry.recording);
    bytes_ += entry.index->bytes();
    newest_first_.push_front(std::move(entry));
    by_id_[newest_first_.front().recording] = newest_first_.begin();
    while (bytes_ > kIndexBytesMax && newest_first_.size() > 1)
        erase_locked(RecordingId{newest_first_.back().recording});
}

void RecordedRanges::erase_locked(const RecordingId& recording) {
    const auto found = by_id_.find(recording);
    if (found == by_id_.end()) return;
    bytes_ -= found->second->index->bytes();
    newest_first_.erase(found->second);
    by_id_.erase(found);
}

void RecordedRanges::forget(const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    ++forgotten_;
    erase_locked(recording);
    std::error_code untidy;
    std::filesystem::remove(file_of(recording), untidy);
}

// oxbow-data/index/j8Z9O91ndcVs
std::filesystem::path RecordedRanges::file_of(const RecordingId& recording) const {
    return rooms_.folder / recording.str();
}

RecordedRanges::Index RecordedRanges::read_file(const RecordingId& recording,
                                                std::string_view etag) const {
    std::ifstream in{file_of(recording), std::ios::binary | std::ios::ate};
    const auto size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
    // A longer one is none of ours.
    if (size < 0 || static_cast<std::size_t>(size) > kEntriesMax * SegmentIndex::kEntryBytes * 2)
        return nullptr;
    Bytes bytes(static_cast<std::size_t>(size));
    in.seekg(0);
    in.read(reinterpret_cast<char*>(bytes.data()), size);
    if (!in) return nullptr;
    auto index = SegmentIndex::decode(bytes, etag);
    return index ? std::make_shared<const SegmentIndex>(std::move(*index)) : nullptr;
}

/// What cannot be written is made again when it is asked for.
void RecordedRanges::write_file(const RecordingId& recording, const SegmentIndex& index,
                                std::string_view etag) const {
    std::error_code error;
    std::filesystem::create_directories(rooms_.folder, error);
    std::filesystem::path part = file_of(recording);
    part += ".part";
    const Bytes bytes = index.encode(etag);
    std::ofstream out{part, std::ios::binary | std::ios::trunc};
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (out) std::filesystem::rename(part, file_of(recording), error);
    if (!out || error) {
        std::filesystem::remove(part, error);
        log::debug("[recording {}] its index cannot be kept in {}", recording.view(),
                   rooms_.folder.string());
    }
}

}  // namespace oxbow::edge
