#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/times.h"
#include "store/forwarding_store.h"

namespace oxbow::store {

/// Files of a cache: each is open.
inline constexpr std::size_t kCacheObjectsMax = 4'096;

struct ObjectCacheSettings {
    std::filesystem::path folder;                     // its own
    std::uint64_t bytes_max = 1024ULL * 1024 * 1024;  // of the files
    std::uint64_t whole_max = 32ULL * 1024 * 1024;    // larger objects are not fetched whole
    std::size_t objects_max = kCacheObjectsMax;
    /// Whether an object of this key never changes: it is not asked for again. Every other one is
    /// looked at in the bucket whenever it is opened.
    std::function<bool(std::string_view key)> never_changes;
    /// How long an object that was looked at need not be looked at again; without it, for ever
    /// where it never changes, and not at all where it may.
    std::function<std::chrono::seconds(std::string_view key)> fresh_for = {};
};

/// A bucket without files, with those of its objects that were read last as files: open() fetches
/// an object once, however many ask for it at a time. All else goes to the bucket as it is.
///
/// A file that left the cache stays readable for who has it open. The folder is emptied at the
/// start. Thread safety: as ObjectStore.
class ObjectCache final : public ForwardingStore {
public:
    /// `bucket` and `clock` outlive the cache. Errors: Unavailable.
    static Result<std::unique_ptr<ObjectCache>> open(ObjectCacheSettings settings,
                                                     ObjectStore& bucket, const Clock& clock);

    /// Errors: as the bucket's; LimitExceeded above whole_max or bytes_max: ask for ranges of it.
    Result<OpenedObject> open(std::string_view key) const override;
    /// Takes a file that is this object, so that it need not be fetched; it is gone afterwards.
    void admit(const std::filesystem::path& file, const ObjectInfo& object);

    /// Lets go of all whose keys begin so; who has one open still reads it.
    void forget_all(std::string_view prefix);

    Result<ObjectInfo> put(std::string_view key, BytesView bytes) override;
    Result<ObjectInfo> adopt(const std::filesystem::path& file, std::string_view key) override;
    Result<void> remove(std::string_view key) override;

    std::uint64_t bytes() const;

    static constexpr int kFetchesMax = 3;  // of an object that changes while it is fetched
    static constexpr std::uint64_t kPieceBytes = 16 * 1024 * 1024;  // fetched at a time

private:
    struct Entry {
        std::string key;
        OpenedObject object;
        std::filesystem::path file;
        SteadyTime looked_at{};  // in the bucket
    };
    using Place = std::list<Entry>::iterator;
    using Fetch = std::shared_future<Result<OpenedObject>>;

    ObjectCache(ObjectCacheSettings settings, ObjectStore& bucket, const Clock& clock)
        : ForwardingStore(bucket), settings_(std::move(settings)), clock_(clock) {}

    std::optional<Entry> find(std::string_view key) const;
    bool is_fresh(const Entry& entry) const;
    void looked_at_again(std::string_view key, std::string_view etag) const;
    Result<OpenedObject> fetch(const std::string& key) const;
    Result<OpenedObject> fetch(const std::string& key, ObjectInfo info) const;
    std::filesystem::path new_file() const;
    void hold_locked(Entry entry) const;
    void erase_locked(Place place) const;
    void forget(std::string_view key) const;

    ObjectCacheSettings settings_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    mutable std::list<Entry> newest_first_;
    mutable std::map<std::string, Place, std::less<>> by_key_;
    mutable std::map<std::string, Fetch, std::less<>> fetches_;
    mutable std::uint64_t bytes_ = 0;
    mutable std::uint64_t files_ = 0;  // made so far: their names
};

}  // namespace oxbow::store
