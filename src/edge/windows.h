#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/text_version.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "edge/recorded_ranges.h"
#include "edge/segment_naming.h"
#include "edge/wall_range.h"
#include "live/live_channel.h"
#include "packager/playlists.h"

namespace oxbow::edge {

/// A window as a viewer asks for it.
struct WindowQuery {
    ChannelId channel;
    std::optional<RecordingId> recording;  // of this recording alone; nullopt: across all
    WallRange range;
};

/// The playlist of a window at one moment; immutable.
struct WindowView {
    std::shared_ptr<const TextVersion> playlist;  // EVENT, its segments by their permanent names
    std::vector<catalog::Recording> recordings;   // that it has segments of, oldest first
    bool ended = false;                           // it has ENDLIST
    bool settled = false;                         // and nothing will ever be added
};

/// What is recorded around a range in which nothing is.
struct Neighbours {
    std::optional<WallTime> ends_at{};    // of the last segment before it
    std::optional<WallTime> begins_at{};  // of the first behind it
    bool goes_on = false;                 // what is before it is not over

    void take(const SegmentIndex& index, const WallRange& range);
};
/// NotFound, in words.
Error nothing_there(const WallRange& range, const Neighbours& neighbours);

/// Playlists of what a channel broadcast between two moments, across reconnects, recordings and
/// holes: one EVENT playlist from the segment that holds the first moment to the one that holds the
/// last, each under its permanent name, with DISCONTINUITY where another recording begins.
///
/// One whose end is in the future, or has none, grows while something is recorded: it is kept, and
/// appended to. It is right for kWindowFresh.
///
/// Thread-safe. find() never blocks; load() may, on the store, the database and the disk.
class Windows {
public:
    static constexpr std::size_t kSegmentsMax = 200'000;  // 4.6 days of 2 s

    struct Rooms {
        const catalog::Catalog& catalog;
        RecordedRanges& ranges;
        const live::ChannelViews& channels;
        const Clock& clock;
        SegmentNaming naming = SegmentNaming::AsRecorded;
        std::size_t segments_max = kSegmentsMax;
    };
    explicit Windows(Rooms rooms) : rooms_(rooms) {}

    using View = std::shared_ptr<const WindowView>;

    /// nullptr: not held, or not fresh any more; load it.
    View find(const WindowQuery& query);

    /// Errors: NotFound       nothing was recorded there; says what was, before it and after it.
    ///         LimitExceeded  more than segments_max segments or kRecordingsMax recordings;
    ///         others as the store's and the catalogue's.
    Result<View> load(const WindowQuery& query);

    /// Lets go of all windows of a channel, of which a recording was deleted.
    void forget(const ChannelId& channel);

    static constexpr std::size_t kWindowsMax = 256;
    static constexpr std::uint64_t kTextsBytesMax = 64 * 1024 * 1024;  // of all their playlists
    static constexpr std::size_t kRecordingsMax = 100;
    static constexpr std::chrono::milliseconds kWindowFresh{500};
    /// How long after its end a window may still get a segment that was on its way to the disk.
    static constexpr std::chrono::milliseconds kSettleTime{30'000};

private:
    using Timeline = std::shared_ptr<const live::TimelineView>;
    using Key = std::tuple<ChannelId, std::string, WallTime, WallTime>;

    /// A window that grows: what was listed of it so far.
    struct Growing {
        std::mutex mutex;  // who appends
        RewindPlaylist playlist{};
        std::vector<catalog::Recording> recordings{};  // of the segments, oldest first
        std::uint64_t next_index = 0;                  // in the last of them
        std::optional<WallTime> last_end{};            // of the last segment
        View shown{};                                  // under the mutex of Windows, as the next
        SteadyTime shown_at{};
    };
    using Place = std::shared_ptr<Growing>;
    struct Entry {
        Key key;
        Place window;
        std::uint64_t bytes = 0;
    };
    using Entries = std::list<Entry>;
    /// What is known of a recording behind the window's end, and of whether it goes on.
    struct Reach {
        bool beyond = false;     // a segment begins at or behind the end
        bool under_way = false;  // the newest recording has not ended
    };

    static Key key_of(const WindowQuery& query);
    Result<View> refresh(const WindowQuery& query, Growing& window);
    Result<std::vector<catalog::Recording>> recordings_of(const WindowQuery& query,
                                                          const Growing& window) const;
    Result<void> append(const WindowQuery& query, Growing& window, const catalog::Recording& row,
                        const Timeline& timeline, Reach& reach);
    Error too_much() const;
    Error nothing_there(const WindowQuery& query) const;
    void hold_locked(const Key& key, const Place& window);
    void erase_locked(Entries::iterator entry);

    Rooms rooms_;
    std::mutex mutex_;
    Entries newest_first_;
    std::map<Key, Entries::iterator> by_key_;
    std::uint64_t bytes_ = 0;
    std::uint64_t forgotten_ = 0;  // calls of forget()
};

/// /rewind/AsXego4U6tnj/window.m3u8, and from where it lies to the root.
inline constexpr std::string_view kWindowName = "window";
// ../../seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts in /rewind/AsXego4U6tnj/window.m3u8
inline constexpr std::string_view kWindowToRoot = "../..";

}  // namespace oxbow::edge
