#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/shared_file.h"
#include "base/times.h"

namespace oxbow::store {

struct ObjectInfo {
    std::string
        key;  // "ivs/v1/000000000000/AsXego4U6tnj/2026/11/23/9/5/j8Z9O91ndcVs/media/hls/master.m3u8"
    std::uint64_t size = 0;
    std::string etag;  // without quotes
    WallTime last_modified;
};

/// Bytes [first, last], both included, as in an HTTP range.
struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

/// An object's file, open for reading.
struct OpenedObject {
    ObjectInfo info;
    std::shared_ptr<const SharedFile> file;
};

/// An object that was made or replaced, as an S3 ObjectCreated event tells it.
struct ObjectCreated {
    std::string bucket;
    ObjectInfo object;
    WallTime time;
    std::string sequencer;  // hex, rises with every put of this store; orders events of one key
};

/// The objects of one bucket. No object ever grows: it appears whole, or is replaced whole.
///
/// Keys: 1 to kKeyBytesMax bytes, parts between '/' not empty, not "." or "..", no control
/// characters; anything else is Malformed everywhere below. Thread-safe. All calls may block on the
/// disk or the network: never call them on a network loop.
class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    /// Errors: Unavailable  the disk or the service did not take it. The old object is still whole.
    virtual Result<ObjectInfo> put(std::string_view key, BytesView bytes) = 0;

    /// Makes a finished local file the object; the file is gone afterwards. A folder renames it.
    virtual Result<ObjectInfo> adopt(const std::filesystem::path& file, std::string_view key) = 0;

    /// Errors: NotFound; LimitExceeded (more than `bytes_max`); Unavailable.
    virtual Result<std::string> get(std::string_view key, std::size_t bytes_max = kGetBytesMax) = 0;

    /// Errors: NotFound; Unavailable; Malformed when the range is not inside the object.
    virtual Result<Bytes> get_range(std::string_view key, ByteRange range) = 0;

    virtual Result<ObjectInfo> head(std::string_view key) = 0;

    /// Every object whose key starts with `prefix`, by key.
    virtual Result<std::vector<ObjectInfo>> list(std::string_view prefix) = 0;

    /// The folders right below `prefix`, which is empty or ends in '/': "<prefix>a/", "<prefix>b/",
    /// by name. A bucket of any size can be walked so.
    virtual Result<std::vector<std::string>> folders(std::string_view prefix);

    /// An object that is not there is no error.
    virtual Result<void> remove(std::string_view key) = 0;

    /// The local file behind an object, for sendfile: it stays this object, whatever replaces or
    /// removes it meanwhile. Errors: NotFound; Unavailable; Unsupported when the store has no
    /// files; LimitExceeded when this object is too large to be made one: ask for ranges of it.
    virtual Result<OpenedObject> open(std::string_view key) const = 0;

    /// Waits until all that was put survives a power loss. A store that answers a put when it is
    /// durable has nothing to do.
    virtual Result<void> sync() { return {}; }
    /// Whether syncfs(2) of the file system of `path` does what sync() would.
    virtual bool shares_file_system(const std::filesystem::path&) const { return false; }

    /// Called after every put and adopt, on the caller's thread. Set before the first use.
    using Observer = std::function<void(const ObjectCreated&)>;
    virtual void set_observer(Observer observer) = 0;

    static constexpr std::size_t kKeyBytesMax = 1024;
    static constexpr std::size_t kGetBytesMax = 64 * 1024 * 1024;
};

}  // namespace oxbow::store
