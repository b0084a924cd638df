#pragma once

#include <chrono>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "edge/segment_naming.h"
#include "live/timeline.h"
#include "store/object_store.h"

namespace oxbow::edge {

/// The rewind timelines of recordings that no live channel holds any more, read back from the
/// bucket: the same URLs and numbers that they had while live. Newest uses are kept,
/// kTimelinesHeldMax of them; one that has not ended is right for kOpenTimelineFresh only.
///
/// A playlist of two days is tens of megabytes while it is read, so however many viewers ask for a
/// recording at once, one reads it and the others take what it read.
///
/// Thread-safe. load() may block on the store, the database and another load(); find() never does.
class StoredTimelines {
public:
    StoredTimelines(catalog::Catalog& catalog, store::ObjectStore& store, const Clock& clock,
                    SegmentNaming naming)
        : catalog_(catalog), store_(store), clock_(clock), naming_(naming) {}

    /// nullptr: not held for this channel; load it.
    std::shared_ptr<const live::TimelineView> find(const ChannelId& channel,
                                                   const RecordingId& recording);

    /// Errors: NotFound  no such recording of this channel;
    ///         Timeout   another load of it took longer than kLoadWaitMax; others as the store's.
    Result<std::shared_ptr<const live::TimelineView>> load(const ChannelId& channel,
                                                           const RecordingId& recording);

    /// Lets go of a deleted recording, also of one that is being loaded now.
    void forget(const ChannelId& channel, const RecordingId& recording);

    static constexpr std::size_t kTimelinesHeldMax = 64;
    static constexpr std::chrono::milliseconds kOpenTimelineFresh{1'000};
    static constexpr std::chrono::milliseconds kLoadWaitMax{10'000};

private:
    // The channel is part of it: a recording is not there under the id of another channel.
    using Key = std::pair<ChannelId, RecordingId>;
    using View = std::shared_ptr<const live::TimelineView>;
    struct Entry {
        Key key;
        View view;
        std::optional<SteadyTime> stale_at;  // nullopt: has ended, is right for ever
    };
    using Load = std::shared_future<Result<View>>;

    View find_locked(const Key& key);
    void hold_locked(Key key, View view);
    void erase_locked(const Key& key);
    Result<View> run_load(const Key& key, std::packaged_task<Result<View>()> task,
                          const std::shared_ptr<Load>& load);
    Result<View> read(const ChannelId& channel, const RecordingId& recording);

    catalog::Catalog& catalog_;
    store::ObjectStore& store_;
    const Clock& clock_;
    const SegmentNaming naming_;
    std::mutex mutex_;
    std::list<Entry> newest_first_;
    std::map<Key, std::list<Entry>::iterator> by_key_;
    std::map<Key, std::shared_ptr<Load>> loads_;  // under way, and wanted still
};

}  // namespace oxbow::edge
