#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/times.h"
#include "store/file_handle.h"
#include "store/object_store.h"

namespace oxbow::store {

struct UploadSpoolSettings {
    std::filesystem::path folder;  // its own; on the file system of the files that are adopted
    std::string bucket;
    std::size_t uploads = 4;  // at a time
    std::uint64_t bytes_max = 100ULL * 1024 * 1024 * 1024;
    std::chrono::seconds age_max{7 * 24 * 3600};  // of what waits longest
    /// How long remove() waits for an upload of its object that is under way.
    std::chrono::milliseconds remove_wait_max{30'000};
    /// Keys of one lane are uploaded in the order in which they were put. Lanes do not wait for
    /// each other.
    std::function<std::string(std::string_view key)> lane_of;
    /// Hears of a file that is an object now, and may take it away; else it is removed.
    std::function<void(const std::filesystem::path& file, const ObjectInfo& object)> uploaded;
};

/// What waits in an UploadSpool.
struct UploadBacklog {
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;
    std::chrono::milliseconds age{};  // of what waits longest
    std::uint64_t uploaded = 0;       // objects since the start
    std::uint64_t uploaded_bytes = 0;
    std::uint64_t failures = 0;  // uploads that have to be tried again
    std::string trouble;         // why the last upload failed; empty: it did not
};

/// A bucket far away, behind a queue on the disk: a put is durable here first, and goes to the
/// bucket as soon as that takes it, in the order of its lane; until then reads see it from here.
/// Neither a bucket that is away nor a killed process loses or reorders anything.
///
/// Of an object that is put again and again while it waits, the first and the newest version are
/// uploaded: the first in its place, because what follows may name it, the newest behind all it
/// names.
///
/// In the folder: NUMBER.key (a symbolic link whose text is the key) and, once it is whole,
/// NUMBER.object (the bytes); numbers rise with every put.
///
/// Errors of put and adopt: also Unavailable  more than bytes_max wait, or something waits longer
/// than age_max. Of remove: also Timeout  the object is on its way to the bucket for too long; it
/// stays. Thread safety: as ObjectStore.
class UploadSpool final : public ObjectStore {
public:
    /// Takes over what an earlier process left. `bucket` and `clock` outlive the spool. Uploads
    /// nothing before start(). Errors: Unavailable.
    static Result<std::unique_ptr<UploadSpool>> open(UploadSpoolSettings settings,
                                                     ObjectStore& bucket, const Clock& clock);
    ~UploadSpool() override;

    void start();
    /// Waits until nothing waits, at most `patience`.
    void finish(std::chrono::milliseconds patience);
    /// Stops uploading. What is left goes on at the next start.
    void stop();

    Result<ObjectInfo> put(std::string_view key, BytesView bytes) override;
    Result<ObjectInfo> adopt(const std::filesystem::path& file, std::string_view key) override;
    Result<std::string> get(std::string_view key, std::size_t bytes_max = kGetBytesMax) override;
    Result<Bytes> get_range(std::string_view key, ByteRange range) override;
    Result<ObjectInfo> head(std::string_view key) override;
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) override;
    Result<std::vector<std::string>> folders(std::string_view prefix) override;
    Result<void> remove(std::string_view key) override;
    Result<OpenedObject> open(std::string_view key) const override;
    Result<void> sync() override;
    bool shares_file_system(const std::filesystem::path& path) const override;
    void set_observer(Observer observer) override { observer_ = std::move(observer); }

    UploadBacklog backlog() const;

    static constexpr std::chrono::milliseconds kRetryFirst{500};
    static constexpr std::chrono::milliseconds kRetryMax{15'000};
    /// Texts are taken beyond bytes_max by this share of it, so that recordings can end in order.
    static constexpr std::uint64_t kTextsReserve = 16;

private:
    struct Entry;
    using EntryPtr = std::shared_ptr<Entry>;
    struct Lane {
        std::deque<EntryPtr> entries;
        bool busy = false;
        SteadyTime not_before{};
        int failures = 0;
    };

    UploadSpool(UploadSpoolSettings settings, ObjectStore& bucket, const Clock& clock,
                FileHandle folder);

    Result<void> take_over();
    Result<void> check_room(std::string_view key, std::uint64_t bytes, std::uint64_t reserve) const;
    std::uint64_t next_number();
    Result<ObjectInfo> enqueue(EntryPtr entry);
    void drop_locked(const EntryPtr& entry);
    void enqueue_locked(const EntryPtr& entry);
    EntryPtr pending(std::string_view key) const;
    std::filesystem::path object_file(const Entry& entry) const;
    std::filesystem::path key_file(const Entry& entry) const;
    Result<void> write_key(const Entry& entry) const;
    void remove_files(const Entry& entry) const;
    std::optional<OpenedObject> open_pending(std::string_view key) const;
    std::string place() const;  // "the upload spool /data/uploads"

    void work();
    std::pair<Lane*, EntryPtr> next_locked(SteadyTime now, SteadyTime& wake_at);
    Result<ObjectInfo> upload(const Entry& entry);
    void settle(Lane& lane, const EntryPtr& entry, const Result<ObjectInfo>& done);

    UploadSpoolSettings settings_;
    ObjectStore& bucket_;
    const Clock& clock_;
    FileHandle folder_;
    Observer observer_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t last_number_ = 0;
    std::map<std::string, Lane> lanes_;  // never erased while threads run
    std::map<std::string, std::vector<EntryPtr>, std::less<>> by_key_;  // versions, the newest last
    std::map<std::uint64_t, WallTime> waiting_;                         // by number: since when
    std::uint64_t bytes_ = 0;
    UploadBacklog counts_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace oxbow::store
