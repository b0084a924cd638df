#pragma once

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
#include "store/object_store.h"

namespace oxbow::store {

struct ObjectCacheSettings {
    std::filesystem::path folder;                     // its own
    std::uint64_t bytes_max = 1024ULL * 1024 * 1024;  // of the files
    /// Whether an object of this key never changes: it is not asked for again. Every other one is
    /// looked at in the bucket whenever it is opened.
    std::function<bool(std::string_view key)> never_changes;
};

/// A bucket without files, with those of its objects that were read last as files: open() fetches
/// an object once, however many ask for it at a time. All else goes to the bucket as it is.
///
/// A file that left the cache stays readable for who has it open. The folder is emptied at the
/// start. Thread safety: as ObjectStore.
class ObjectCache final : public ObjectStore {
public:
    /// `bucket` and `clock` outlive the cache. Errors: Unavailable.
    static Result<std::unique_ptr<ObjectCache>> open(ObjectCacheSettings settings,
                                                     ObjectStore& bucket);

    /// Errors: as the bucket's; LimitExceeded above bytes_max.
    Result<OpenedObject> open(std::string_view key) const override;
    /// Takes a file that is this object, so that it need not be fetched; it is gone afterwards.
    void admit(const std::filesystem::path& file, const ObjectInfo& object);

    Result<ObjectInfo> put(std::string_view key, BytesView bytes) override;
    Result<ObjectInfo> adopt(const std::filesystem::path& file, std::string_view key) override;
    Result<std::string> get(std::string_view key, std::size_t bytes_max = kGetBytesMax) override {
        return bucket_.get(key, bytes_max);
    }
    Result<Bytes> get_range(std::string_view key, ByteRange range) override {
        return bucket_.get_range(key, range);
    }
    Result<ObjectInfo> head(std::string_view key) override { return bucket_.head(key); }
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) override {
        return bucket_.list(prefix);
    }
    Result<std::vector<std::string>> folders(std::string_view prefix) override {
        return bucket_.folders(prefix);
    }
    Result<void> remove(std::string_view key) override;
    void set_observer(Observer observer) override { bucket_.set_observer(std::move(observer)); }

    std::uint64_t bytes() const;

    static constexpr std::uint64_t kPieceBytes = 16 * 1024 * 1024;  // fetched at a time

private:
    struct Entry {
        std::string key;
        OpenedObject object;
        std::filesystem::path file;
    };
    using Place = std::list<Entry>::iterator;
    using Fetch = std::shared_future<Result<OpenedObject>>;

    ObjectCache(ObjectCacheSettings settings, ObjectStore& bucket)
        : settings_(std::move(settings)), bucket_(bucket) {}

    std::optional<OpenedObject> find(std::string_view key) const;
    Result<OpenedObject> fetch(const std::string& key) const;
    std::filesystem::path new_file() const;
    void hold_locked(Entry entry) const;
    void erase_locked(Place place) const;
    void forget(std::string_view key) const;

    ObjectCacheSettings settings_;
    ObjectStore& bucket_;
    mutable std::mutex mutex_;
    mutable std::list<Entry> newest_first_;
    mutable std::map<std::string, Place, std::less<>> by_key_;
    mutable std::map<std::string, Fetch, std::less<>> fetches_;
    mutable std::uint64_t bytes_ = 0;
    mutable std::uint64_t files_ = 0;  // made so far: their names
};

}  // namespace oxbow::store
