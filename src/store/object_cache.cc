#include "store/object_cache.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "store/file_handle.h"
#include "store/folder_files.h"
#include "store/object_reads.h"

namespace oxbow::store {
namespace {

constexpr mode_t kFileMode = 0644;

Result<OpenedObject> opened(const std::filesystem::path& file, ObjectInfo info) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot read {}: {}", file.string(), describe(errno)));
    }
    return OpenedObject{.info = std::move(info), .file = std::make_shared<const SharedFile>(fd)};
}

}  // namespace

Result<std::unique_ptr<ObjectCache>> ObjectCache::open(ObjectCacheSettings settings,
                                                       ObjectStore& bucket, const Clock& clock) {
    std::error_code error;
    std::filesystem::remove_all(settings.folder, error);
    std::filesystem::create_directories(settings.folder, error);
    if (error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot make the cache folder {}: {}", settings.folder.string(),
                                describe(error.value())));
    }
    return std::unique_ptr<ObjectCache>{new ObjectCache{std::move(settings), bucket, clock}};
}

std::optional<ObjectCache::Entry> ObjectCache::find(std::string_view key) const {
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return *found->second;
}

bool ObjectCache::is_fresh(const Entry& entry) const {
    if (!settings_.fresh_for) return settings_.never_changes(entry.key);
    return clock_.steady() - entry.looked_at < settings_.fresh_for(entry.key);
}

void ObjectCache::looked_at_again(std::string_view key, std::string_view etag) const {
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    if (found != by_key_.end() && found->second->object.info.etag == etag)
        found->second->looked_at = clock_.steady();
}

Result<OpenedObject> ObjectCache::open(std::string_view key) const {
    auto held = find(key);
    if (held && !is_fresh(*held)) {
        const auto now = real_.head(key);
        if (!now) {
            if (now.error().code == ErrorCode::NotFound) forget(key);
            return std::unexpected(now.error());
        }
        if (now->etag != held->object.info.etag) {
            held.reset();
        } else {
            looked_at_again(key, now->etag);
        }
    }
    if (held) return std::move(held->object);

    std::promise<Result<OpenedObject>> ours;
    Fetch others;
    {
        const std::lock_guard lock{mutex_};
        const auto [fetch, is_ours] =
            fetches_.try_emplace(std::string{key}, ours.get_future().share());
        if (!is_ours) others = fetch->second;
    }
    if (others.valid()) return others.get();
    auto done = fetch(std::string{key});
    {
        const std::lock_guard lock{mutex_};
        fetches_.erase(fetches_.find(key));
    }
    ours.set_value(done);
    return done;
}

std::filesystem::path ObjectCache::new_file() const {
    const std::lock_guard lock{mutex_};
    return settings_.folder / fmt::format("{}", ++files_);
}

/// The object as a file. One that changes meanwhile would be of two versions: it is fetched again.
Result<OpenedObject> ObjectCache::fetch(const std::string& key) const {
    for (int made = 1;; ++made) {
        const auto info = real_.head(key);
        if (!info) return std::unexpected(info.error());
        auto object = fetch(key, *info);
        // Malformed: it has become shorter.
        const bool failed = !object && object.error().code != ErrorCode::Malformed;
        if (failed || settings_.never_changes(key)) return object;
        const auto now = real_.head(key);
        if (!now) return std::unexpected(now.error());
        if (now->etag == info->etag) return object;
        forget(key);
        if (made == kFetchesMax) {
            return fail(
                ErrorCode::Unavailable,
                fmt::format("object '{}' changes faster than it can be read", log::printable(key)));
        }
    }
}

/// Piece by piece: no object is in memory whole.
Result<OpenedObject> ObjectCache::fetch(const std::string& key, ObjectInfo info) const {
    if (const auto max = std::min(settings_.bytes_max, settings_.whole_max); info.size > max)
        return longer_than(key, info.size, max);
    const std::filesystem::path path = new_file();
    const FileHandle file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode)};
    if (!file.open()) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot write {}: {}", path.string(), describe(errno)));
    }
    for (std::uint64_t at = 0; at < info.size;) {
        const std::uint64_t last = std::min(at + kPieceBytes, info.size) - 1;
        const auto piece = real_.get_range(key, {at, last});
        const int error = piece ? write_all(file.fd(), *piece) : 0;
        if (!piece || error != 0) {
            ::unlink(path.c_str());
            if (!piece) return std::unexpected(piece.error());
            return fail(ErrorCode::Unavailable,
                        fmt::format("cannot write {}: {}", path.string(), describe(error)));
        }
        at = last + 1;
    }
    auto object = opened(path, std::move(info));
    if (!object) {
        ::unlink(path.c_str());
        return object;
    }
    const std::lock_guard lock{mutex_};
    hold_locked({key, *object, path, clock_.steady()});
    return object;
}

void ObjectCache::admit(const std::filesystem::path& file, const ObjectInfo& object) {
    const std::filesystem::path path = new_file();
    auto taken = object.size <= settings_.bytes_max && settings_.never_changes(object.key) &&
                         ::rename(file.c_str(), path.c_str()) == 0
                     ? opened(path, object)
                     : Result<OpenedObject>{std::unexpected(Error{})};
    if (!taken) {
        ::unlink(file.c_str());
        ::unlink(path.c_str());
        return;
    }
    const std::lock_guard lock{mutex_};
    hold_locked({object.key, *std::move(taken), path, clock_.steady()});
}

void ObjectCache::hold_locked(Entry entry) const {
    if (const auto found = by_key_.find(entry.key); found != by_key_.end())
        erase_locked(found->second);
    bytes_ += entry.object.info.size;
    newest_first_.push_front(std::move(entry));
    by_key_.emplace(newest_first_.front().key, newest_first_.begin());
    while (bytes_ > settings_.bytes_max || newest_first_.size() > settings_.objects_max)
        erase_locked(std::prev(newest_first_.end()));
}

void ObjectCache::erase_locked(Place place) const {
    ::unlink(place->file.c_str());
    bytes_ -= place->object.info.size;
    by_key_.erase(place->key);
    newest_first_.erase(place);
}

void ObjectCache::forget(std::string_view key) const {
    const std::lock_guard lock{mutex_};
    if (const auto found = by_key_.find(key); found != by_key_.end()) erase_locked(found->second);
}

void ObjectCache::forget_all(std::string_view prefix) {
    const std::lock_guard lock{mutex_};
    for (auto at = by_key_.lower_bound(prefix);
         at != by_key_.end() && at->first.starts_with(prefix);) {
        const Place place = at->second;
        ++at;
        erase_locked(place);
    }
}

Result<ObjectInfo> ObjectCache::put(std::string_view key, BytesView bytes) {
    auto done = real_.put(key, bytes);
    forget(key);
    return done;
}

Result<ObjectInfo> ObjectCache::adopt(const std::filesystem::path& file, std::string_view key) {
    auto done = real_.adopt(file, key);
    forget(key);
    return done;
}

Result<void> ObjectCache::remove(std::string_view key) {
    auto done = real_.remove(key);
    forget(key);
    return done;
}

std::uint64_t ObjectCache::bytes() const {
    const std::lock_guard lock{mutex_};
    return bytes_;
}

}  // namespace oxbow::store
