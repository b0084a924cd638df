#pragma once

#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/text_version.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "packager/segment_index.h"
#include "store/object_store.h"

namespace oxbow::edge {

/// Which segments a recording has, and when each was: an index that is made from the byte-range
/// playlist, once. That of an ended recording is kept as a file, so that the next process need not
/// read the playlist again; that of an open one is read on from where it ended. Newest uses stay in
/// memory, up to kIndexBytesMax.
///
/// The files are a cache: each names the playlist that it was made from, and any of them may be
/// removed at any time.
///
/// Thread-safe. All calls but forget() may block on the store and the disk.
class RecordedRanges {
public:
    struct Rooms {
        store::ObjectStore& store;
        /// The playlist `key` of an open recording; nullptr: the bucket has the last word.
        std::function<std::shared_ptr<const TextVersion>(std::string_view key)> open_playlist;
        std::filesystem::path folder;  // of the files; made where it lacks
    };
    explicit RecordedRanges(Rooms rooms) : rooms_(std::move(rooms)) {}

    /// The index of a recording as it is now. Errors: as the store's; Malformed  its playlist.
    Result<std::shared_ptr<const SegmentIndex>> index(const catalog::Recording& recording);

    /// Lets go of a deleted recording, and of its file.
    void forget(const RecordingId& recording);

    static constexpr std::size_t kIndexBytesMax = 64 * 1024 * 1024;
    /// Whole playlists that are read at once, each of tens of megabytes. One recording's index is
    /// made once, however many ask for it; no other waits for it.
    static constexpr int kMakingMax = 8;

private:
    using Index = std::shared_ptr<const SegmentIndex>;
    struct Entry {
        RecordingId recording;
        Index index;
        std::uint64_t playlist_bytes = 0;  // read of an open recording's; 0: has ended
    };
    using Place = std::list<Entry>::iterator;
    struct Whole {
        Index index;
        bool ended;
    };

    /// Held by who makes the index of a recording.
    std::shared_ptr<std::mutex> making_of(const RecordingId& recording);
    Result<Index> ended_index(const catalog::Recording& recording);
    Result<Whole> read_whole(const std::string& key);
    Result<Index> open_index(const catalog::Recording& recording, const TextVersion& playlist);
    std::optional<Entry> held(const RecordingId& recording);
    void hold(Entry entry);
    void erase_locked(const RecordingId& recording);
    Index read_file(const RecordingId& recording, std::string_view etag) const;
    void write_file(const RecordingId& recording, const SegmentIndex& index,
                    std::string_view etag) const;
    std::filesystem::path file_of(const RecordingId& recording) const;

    Rooms rooms_;
    std::counting_semaphore<kMakingMax> may_make_{kMakingMax};
    std::mutex mutex_;
    std::map<RecordingId, std::weak_ptr<std::mutex>> making_;
    std::list<Entry> newest_first_;
    std::map<RecordingId, Place> by_id_;
    std::size_t bytes_ = 0;
    std::uint64_t forgotten_ = 0;  // calls of forget()
};

/// The byte-range playlist of the recording's rendition.
// ivs/v1/000000000000/AsXego4U6tnj/2026/11/23/9/5/j8Z9O91ndcVs/media/hls/720p30/byte-range-variant.m3u8
std::string rendition_playlist_key(const catalog::Recording& recording);

}  // namespace oxbow::edge
