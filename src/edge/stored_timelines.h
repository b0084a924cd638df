#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/ids.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "live/timeline.h"
#include "store/object_store.h"

namespace oxbow::edge {

/// The rewind timelines of recordings that no live channel holds any more, read back from the bucket:
/// the same URLs and numbers that they had while live. Newest uses are kept, kTimelinesHeldMax of them.
///
/// Thread-safe. load() may block on the store and the database; find() never does.
class StoredTimelines {
public:
    StoredTimelines(catalog::Catalog& catalog, store::ObjectStore& store) : catalog_(catalog), store_(store) {}

    /// nullptr: not held; load it.
    std::shared_ptr<const live::TimelineView> find(const RecordingId& recording);

    /// Errors: NotFound  no such recording of this channel; others as the store's.
    Result<std::shared_ptr<const live::TimelineView>> load(const ChannelId& channel, const RecordingId& recording);

    /// Lets go of a deleted recording.
    void forget(const RecordingId& recording);

    static constexpr std::size_t kTimelinesHeldMax = 64;

private:
    using Entry = std::shared_ptr<const live::TimelineView>;
    void hold(Entry entry);

    catalog::Catalog& catalog_;
    store::ObjectStore& store_;
    std::mutex mutex_;
    std::list<Entry> newest_first_;
    std::unordered_map<RecordingId, std::list<Entry>::iterator> by_recording_;
};

}  // namespace oxbow::edge
