#pragma once

#include <atomic>
#include <expected>
#include <filesystem>
#include <memory>
#include <shared_mutex>
#include <string>

#include "base/times.h"
#include "store/file_handle.h"
#include "store/object_store.h"

namespace oxbow::store {

/// A bucket that is a folder: an object's key is its path below the root.
///
/// A put writes a file in `.oxbow-tmp` inside the root and renames it, an adopt renames, so that an
/// object appears whole. Symbolic links below the root are never followed: an object behind one
/// does not exist. An object and a folder cannot have one name ("a" beside "a/b"): Conflict.
///
/// ETag: time of the put in nanoseconds and size, in hex, not a digest: it differs for every put
/// and costs nothing for large media. The file's modification time is the put's, from the Clock.
/// Sequencer: 16 hex digits, the same nanoseconds, strictly rising in one FolderStore.
///
/// A power loss keeps what was put before the last sync(); the killed process loses nothing.
/// Thread safety: as ObjectStore. One FolderStore per root.
class FolderStore final : public ObjectStore {
public:
    static constexpr std::string_view kTemporaryFolder = ".oxbow-tmp";
    static constexpr std::size_t kListMax = 1'000'000;  // objects in one answer

    /// Makes the folder where it is missing and removes what a killed process left unfinished.
    /// `clock` outlives the store. Errors: Unavailable.
    static Result<std::unique_ptr<FolderStore>> open(std::filesystem::path root, std::string bucket,
                                                     const Clock& clock);

    Result<ObjectInfo> put(std::string_view key, BytesView bytes) override;
    /// On another file system than the bucket's the file is copied. Errors: also NotFound (no
    /// file).
    Result<ObjectInfo> adopt(const std::filesystem::path& file, std::string_view key) override;
    Result<std::string> get(std::string_view key, std::size_t bytes_max = kGetBytesMax) override;
    /// Errors: also LimitExceeded  a range of more than kGetBytesMax.
    Result<Bytes> get_range(std::string_view key, ByteRange range) override;
    Result<ObjectInfo> head(std::string_view key) override;
    Result<std::vector<std::string>> folders(std::string_view prefix) override;
    /// Reads only the folders that can hold such keys. Errors: LimitExceeded above kListMax.
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) override;
    /// Removes the folders above that are empty then, too.
    Result<void> remove(std::string_view key) override;
    Result<OpenedObject> open(std::string_view key) const override;
    void set_observer(Observer observer) override { observer_ = std::move(observer); }

    /// Waits until all that was put survives a power loss; one call serves every put before it.
    Result<void> sync() override;
    bool shares_file_system(const std::filesystem::path& path) const override;

private:
    struct OpenObject;
    struct Temporary;
    struct Stamped;
    struct Listing;

    FolderStore(std::filesystem::path root, std::string bucket, const Clock& clock,
                FileHandle folder, FileHandle temporary);

    Result<OpenObject> open_object(std::string_view key) const;
    Result<Temporary> make_temporary(std::string_view key);
    Result<ObjectInfo> publish(const Temporary& temporary, std::string_view key);
    Result<ObjectInfo> adopt_copy(int source, std::uint64_t size, const std::filesystem::path& file,
                                  std::string_view key);
    int rename_to_key(int from_folder, const char* from_name, std::string_view key);
    ObjectInfo announce(std::string_view key, const Stamped& file);
    Result<Listing> list_folder(const std::string& folder, std::string_view prefix) const;

    std::uint64_t next_stamp();
    std::expected<Stamped, int> stamp(int fd);
    std::string place() const;  // "the bucket folder /data/bucket"
    std::unexpected<Error> unavailable(std::string_view doing, std::string_view key,
                                       int error) const;
    std::unexpected<Error> not_renamed(std::string_view key, int error) const;

    std::filesystem::path root_;
    std::string bucket_;
    const Clock& clock_;
    FileHandle folder_;     // root_
    FileHandle temporary_;  // root_/.oxbow-tmp
    std::atomic<std::uint64_t> last_stamp_{0};
    // Held by a put from the making of its folders to its rename, and alone by who removes empty
    // folders: without it, a put beside busy removes finds its folder gone again and again.
    std::shared_mutex empty_folders_;
    Observer observer_;
};

}  // namespace oxbow::store
