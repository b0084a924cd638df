#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/shared_file.h"
#include "base/text_version.h"
#include "base/times.h"
#include "store/object_store.h"

namespace oxbow::edge {

/// An object of the bucket as viewers get it: media as an open file, texts with their gzip form.
struct OpenObject {
    store::ObjectInfo info;
    std::shared_ptr<const SharedFile> file;
    std::shared_ptr<const TextVersion> text;  // null: not a text, or one above kTextBytesMax
};

/// The objects that viewers asked for last, so that the next viewer waits for no disk: at most
/// kObjectsMax, their texts at most kTextsBytesMax. One is right for kObjectFresh, and no longer
/// than until it is put again or removed.
///
/// Thread-safe. load() may block on the store; find() never does.
class OpenObjects {
public:
    using Object = std::shared_ptr<const OpenObject>;

    OpenObjects(const store::ObjectStore& store, const Clock& clock)
        : store_(store), clock_(clock) {}

    /// nullptr: not held, or not fresh any more; load it.
    Object find(std::string_view key);

    /// Errors: as the store's.
    Result<Object> load(const std::string& key);

    /// Lets go of every object whose key starts with `prefix`, also of those that are being loaded.
    void forget(std::string_view prefix);

    static constexpr std::size_t kObjectsMax = 1024;
    static constexpr std::uint64_t kTextBytesMax = 16 * 1024 * 1024;   // of one that is compressed
    static constexpr std::uint64_t kTextsBytesMax = 64 * 1024 * 1024;  // of all, uncompressed
    static constexpr std::chrono::milliseconds kObjectFresh{1'000};

private:
    struct Entry {
        std::string key;
        Object object;
        SteadyTime stale_at;
    };
    using Place = std::list<Entry>::iterator;

    Object held(const std::string& key);
    void hold(const std::string& key, Object object, std::uint64_t changes);
    void erase_locked(Place place);
    std::shared_ptr<const TextVersion> read_text(const store::OpenedObject& opened) const;

    const store::ObjectStore& store_;
    const Clock& clock_;
    std::mutex mutex_;
    std::list<Entry> newest_first_;
    std::map<std::string, Place, std::less<>> by_key_;
    std::uint64_t text_bytes_ = 0;
    std::uint64_t changes_ = 0;  // calls of forget()
};

}  // namespace oxbow::edge
