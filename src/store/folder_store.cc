#include "store/folder_store.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "store/folder_files.h"
#include "store/object_key.h"
#include "store/object_reads.h"

namespace oxbow::store {
namespace {

constexpr mode_t kFileMode = 0644;
// A folder that somebody else takes away between its making and the rename is made again.
constexpr int kPublishAttemptsMax = 16;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::uint64_t modified_ns(const struct stat& file) {
    return static_cast<std::uint64_t>(file.st_mtim.tv_sec) * kNanosecondsPerSecond +
           static_cast<std::uint64_t>(file.st_mtim.tv_nsec);
}

std::uint64_t size_of(const struct stat& file) {
    return static_cast<std::uint64_t>(file.st_size);
}

// {etag "17423a5b3f8e1000-dbc", last_modified 2023-02-09T22:55:41.550Z}
ObjectInfo info_of(std::string_view key, const struct stat& file) {
    const std::chrono::nanoseconds modified{modified_ns(file)};
    return {.key = std::string(key),
            .size = size_of(file),
            .etag = fmt::format("{:016x}-{:x}", modified_ns(file), size_of(file)),
            .last_modified = WallTime{std::chrono::floor<std::chrono::milliseconds>(modified)}};
}

std::string_view name_in_folder(std::string_view key) {
    return key.substr(key.rfind('/') + 1);
}

std::string_view folder_part(std::string_view key) {
    const std::size_t slash = key.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : key.substr(0, slash);
}

Result<void> check_folder_key(std::string_view key) {
    if (auto checked = check_key(key); !checked) return checked;
    if (key.substr(0, key.find('/')) == FolderStore::kTemporaryFolder) {
        return fail(ErrorCode::Malformed,
                    fmt::format("'{}' is inside {}, which is the store's own", log::printable(key),
                                FolderStore::kTemporaryFolder));
    }
    return {};
}

std::unexpected<Error> not_found(std::string_view key) {
    return fail(ErrorCode::NotFound, fmt::format("there is no object '{}'", key));
}

std::unexpected<Error> name_taken(std::string_view key) {
    return fail(ErrorCode::Conflict,
                fmt::format("'{}' cannot be an object beside those that are there: a folder bucket "
                            "has no object 'a' beside 'a/b'",
                            key));
}

void remove_files_in(const std::filesystem::path& folder) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        std::filesystem::remove(entry->path(), ignored);
    }
}

}  // namespace

struct FolderStore::OpenObject {
    FileHandle file;
    struct stat status;
};

/// A file in the temporary folder; removes itself, which does nothing once it was renamed away.
struct FolderStore::Temporary {
    Temporary(int folder_in, std::string name_in, int fd)
        : folder(folder_in), name(std::move(name_in)), file(fd) {}
    Temporary(Temporary&&) = default;
    ~Temporary() {
        if (file.open()) ::unlinkat(folder, name.c_str(), 0);
    }

    int folder;
    std::string name;
    FileHandle file;
};

struct FolderStore::Stamped {
    std::uint64_t stamp;
    struct stat status;
};

struct FolderStore::Listing {
    std::vector<ObjectInfo> objects;
    std::vector<std::string> folders;
};

FolderStore::FolderStore(std::filesystem::path root, std::string bucket, const Clock& clock,
                         FileHandle folder, FileHandle temporary)
    : root_(std::move(root)),
      bucket_(std::move(bucket)),
      clock_(clock),
      folder_(std::move(folder)),
      temporary_(std::move(temporary)) {}

Result<std::unique_ptr<FolderStore>> FolderStore::open(std::filesystem::path root,
                                                       std::string bucket, const Clock& clock) {
    const std::filesystem::path temporary_path = root / kTemporaryFolder;
    std::error_code not_made;
    std::filesystem::create_directories(temporary_path, not_made);
    int error = not_made.value();
    FileHandle folder;
    FileHandle temporary;
    if (error == 0) {
        folder = FileHandle{::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        error = folder.open() ? 0 : errno;
    }
    if (error == 0) {
        temporary = FileHandle{::openat(folder.fd(), temporary_path.filename().c_str(),
                                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        error = temporary.open() ? 0 : errno;
    }
    if (error != 0) {
        return fail(ErrorCode::Unavailable, fmt::format("cannot open the bucket folder {}: {}",
                                                        root.string(), describe(error)));
    }
    remove_files_in(temporary_path);
    return std::unique_ptr<FolderStore>{new FolderStore{std::move(root), std::move(bucket), clock,
                                                        std::move(folder), std::move(temporary)}};
}

std::unexpected<Error> FolderStore::unavailable(std::string_view doing, std::string_view key,
                                                int error) const {
    return fail(ErrorCode::Unavailable, fmt::format("cannot {} object '{}' in {}: {}", doing, key,
                                                    place(), describe(error)));
}

std::string FolderStore::place() const {
    return "the bucket folder " + root_.string();
}

std::uint64_t FolderStore::next_stamp() {
    const auto now = static_cast<std::uint64_t>(
        std::chrono::nanoseconds{clock_.wall().time_since_epoch()}.count());
    std::uint64_t last = last_stamp_.load();
    std::uint64_t next = 0;
    do {
        next = std::max(now, last + 1);
    } while (!last_stamp_.compare_exchange_weak(last, next));
    return next;
}

/// Gives a finished file its time, from which its ETag and its event's sequencer follow.
std::expected<FolderStore::Stamped, int> FolderStore::stamp(int fd) {
    Stamped out{next_stamp(), {}};
    const timespec time{.tv_sec = static_cast<time_t>(out.stamp / kNanosecondsPerSecond),
                        .tv_nsec = static_cast<long>(out.stamp % kNanosecondsPerSecond)};
    const timespec accessed_and_modified[2] = {time, time};
    if (::futimens(fd, accessed_and_modified) < 0 || ::fstat(fd, &out.status) < 0) {
        return std::unexpected(errno);
    }
    return out;
}

Result<FolderStore::OpenObject> FolderStore::open_object(std::string_view key) const {
    if (auto checked = check_folder_key(key); !checked) return std::unexpected(checked.error());
    const auto folder = open_folder_below(folder_.fd(), folder_part(key), Missing::Refuse, O_PATH);
    if (!folder && (folder.error() == ENOENT || folder.error() == ENOTDIR)) return not_found(key);
    if (!folder) return unavailable("open", key, folder.error());

    const std::string name(name_in_folder(key));
    // O_NONBLOCK: a FIFO that somebody put into the folder does not hold the caller.
    OpenObject object{FileHandle{::openat(folder->fd(), name.c_str(),
                                          O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)},
                      {}};
    if (!object.file.open()) {
        // ELOOP: a symbolic link; ENXIO: a socket.
        const bool none = errno == ENOENT || errno == ELOOP || errno == ENXIO;
        return none ? not_found(key) : unavailable("open", key, errno);
    }
    if (::fstat(object.file.fd(), &object.status) < 0) return unavailable("read", key, errno);
    if (!S_ISREG(object.status.st_mode)) return not_found(key);
    return object;
}

Result<FolderStore::Temporary> FolderStore::make_temporary(std::string_view key) {
    const std::string name = fmt::format("{:016x}", next_stamp());
    Temporary out{temporary_.fd(), name,
                  ::openat(temporary_.fd(), name.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode)};
    if (!out.file.open()) return unavailable("write", key, errno);
    return out;
}

/// Renames a finished file to its key, making folders on the way: 0, or an errno value.
int FolderStore::rename_to_key(int from_folder, const char* from_name, std::string_view key) {
    const std::string name(name_in_folder(key));
    const std::shared_lock no_folder_goes{empty_folders_};
    int error = ENOENT;
    for (int attempt = 0; attempt < kPublishAttemptsMax && error == ENOENT; ++attempt) {
        const auto folder =
            open_folder_below(folder_.fd(), folder_part(key), Missing::Make, O_PATH);
        if (!folder) {
            error = folder.error();
            continue;
        }
        const int done = ::renameat(from_folder, from_name, folder->fd(), name.c_str());
        error = done == 0 ? 0 : errno;
    }
    return error;
}

Result<ObjectInfo> FolderStore::publish(const Temporary& temporary, std::string_view key) {
    const auto stamped = stamp(temporary.file.fd());
    if (!stamped) return unavailable("write", key, stamped.error());
    const int error = rename_to_key(temporary.folder, temporary.name.c_str(), key);
    if (error != 0) return not_renamed(key, error);
    return announce(key, *stamped);
}

std::unexpected<Error> FolderStore::not_renamed(std::string_view key, int error) const {
    return error == EISDIR || error == ENOTDIR ? name_taken(key) : unavailable("put", key, error);
}

ObjectInfo FolderStore::announce(std::string_view key, const Stamped& file) {
    ObjectInfo info = info_of(key, file.status);
    if (observer_) {
        observer_({.bucket = bucket_,
                   .object = info,
                   .time = clock_.wall(),
                   .sequencer = fmt::format("{:016X}", file.stamp)});
    }
    return info;
}

Result<ObjectInfo> FolderStore::put(std::string_view key, BytesView bytes) {
    if (auto checked = check_folder_key(key); !checked) return std::unexpected(checked.error());
    const auto temporary = make_temporary(key);
    if (!temporary) return std::unexpected(temporary.error());
    if (const int error = write_all(temporary->file.fd(), bytes); error != 0) {
        return unavailable("write", key, error);
    }
    return publish(*temporary, key);
}

Result<ObjectInfo> FolderStore::adopt(const std::filesystem::path& file, std::string_view key) {
    if (auto checked = check_folder_key(key); !checked) return std::unexpected(checked.error());
    const FileHandle source{::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!source.open()) {
        return fail(ErrorCode::NotFound, fmt::format("cannot open {} to make it object '{}': {}",
                                                     file.string(), key, describe(errno)));
    }
    const auto stamped = stamp(source.fd());
    if (!stamped) return unavailable("stamp", key, stamped.error());
    if (!S_ISREG(stamped->status.st_mode)) {
        return fail(ErrorCode::NotFound,
                    fmt::format("{} is no file, so it cannot be object '{}'", file.string(), key));
    }
    const int error = rename_to_key(AT_FDCWD, file.c_str(), key);
    if (error == EXDEV) return adopt_copy(source.fd(), size_of(stamped->status), file, key);
    if (error != 0) return not_renamed(key, error);
    return announce(key, *stamped);
}

/// Adopts a file of another file system.
Result<ObjectInfo> FolderStore::adopt_copy(int source, std::uint64_t size,
                                           const std::filesystem::path& file,
                                           std::string_view key) {
    const auto temporary = make_temporary(key);
    if (!temporary) return std::unexpected(temporary.error());
    if (const int error = copy_all(source, temporary->file.fd(), size); error != 0) {
        return unavailable("copy", key, error);
    }
    auto published = publish(*temporary, key);
    if (published) ::unlink(file.c_str());
    return published;
}

Result<std::string> FolderStore::get(std::string_view key, std::size_t bytes_max) {
    const auto object = open_object(key);
    if (!object) return std::unexpected(object.error());
    return read_object(object->file.fd(), info_of(key, object->status), bytes_max, place());
}

Result<Bytes> FolderStore::get_range(std::string_view key, ByteRange range) {
    const auto object = open_object(key);
    if (!object) return std::unexpected(object.error());
    return read_object_range(object->file.fd(), info_of(key, object->status), range, place());
}

Result<ObjectInfo> FolderStore::head(std::string_view key) {
    const auto object = open_object(key);
    if (!object) return std::unexpected(object.error());
    return info_of(key, object->status);
}

/// The objects of one folder whose keys start with `prefix`, and the folders that hold more of
/// them. A folder that is gone meanwhile has none.
Result<FolderStore::Listing> FolderStore::list_folder(const std::string& folder,
                                                      std::string_view prefix) const {
    auto handle = open_folder_below(folder_.fd(), folder, Missing::Refuse, O_RDONLY);
    if (!handle && (handle.error() == ENOENT || handle.error() == ENOTDIR)) return Listing{};
    if (!handle) return unavailable("list", folder, handle.error());
    const int fd = handle->fd();
    const std::unique_ptr<DIR, decltype([](DIR* dir) { ::closedir(dir); })> entries{
        ::fdopendir(fd)};
    if (!entries) return unavailable("list", folder, errno);
    handle->release();  // now the stream's

    Listing out;
    while (const dirent* entry = ::readdir(entries.get())) {
        std::string key = folder.empty() ? entry->d_name : folder + '/' + entry->d_name;
        struct stat status{};
        if (!key.starts_with(prefix) || !check_folder_key(key) ||
            ::fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
            continue;
        }
        if (S_ISREG(status.st_mode)) out.objects.push_back(info_of(key, status));
        if (S_ISDIR(status.st_mode)) out.folders.push_back(std::move(key));
    }
    return out;
}

Result<std::vector<ObjectInfo>> FolderStore::list(std::string_view prefix) {
    const std::string_view start = folder_part(prefix);
    const auto checked = start.empty() ? Result<void>{} : check_folder_key(start);
    if (!checked) return std::unexpected(checked.error());

    std::vector<ObjectInfo> found;
    std::vector<std::string> folders{std::string(start)};
    while (!folders.empty()) {
        const std::string folder = std::move(folders.back());
        folders.pop_back();
        auto listing = list_folder(folder, prefix);
        if (!listing) return std::unexpected(listing.error());
        std::ranges::move(listing->objects, std::back_inserter(found));
        std::ranges::move(listing->folders, std::back_inserter(folders));
        if (found.size() > kListMax) {
            return fail(ErrorCode::LimitExceeded,
                        fmt::format("more than {} objects begin with '{}': list a longer prefix",
                                    kListMax, prefix));
        }
    }
    std::ranges::sort(found, {}, &ObjectInfo::key);
    return found;
}

Result<std::vector<std::string>> FolderStore::folders(std::string_view prefix) {
    const std::string folder{folder_part(prefix)};
    const auto checked = folder.empty() ? Result<void>{} : check_folder_key(folder);
    if (!checked) return std::unexpected(checked.error());
    auto listing = list_folder(folder, prefix);
    if (!listing) return std::unexpected(listing.error());
    for (std::string& found : listing->folders) found += '/';
    std::ranges::sort(listing->folders);
    return std::move(listing->folders);
}

Result<void> FolderStore::remove(std::string_view key) {
    if (auto checked = check_folder_key(key); !checked) return checked;
    int flags = 0;  // first the object, then the folders above it while they are empty
    std::unique_lock no_put_between{empty_folders_, std::defer_lock};
    for (std::string_view path = key; !path.empty(); path = folder_part(path)) {
        const auto folder =
            open_folder_below(folder_.fd(), folder_part(path), Missing::Refuse, O_PATH);
        const std::string name(name_in_folder(path));
        const int error = !folder                                             ? folder.error()
                          : ::unlinkat(folder->fd(), name.c_str(), flags) < 0 ? errno
                                                                              : 0;
        const bool gone = error == ENOENT || error == ENOTDIR || error == EISDIR;
        if (gone || (error != 0 && flags == AT_REMOVEDIR)) return {};
        if (error != 0) return unavailable("remove", key, error);
        flags = AT_REMOVEDIR;
        if (!no_put_between) no_put_between.lock();
    }
    return {};
}

Result<OpenedObject> FolderStore::open(std::string_view key) const {
    auto object = open_object(key);
    if (!object) return std::unexpected(object.error());
    return OpenedObject{.info = info_of(key, object->status),
                        .file = std::make_shared<const SharedFile>(object->file.release())};
}

bool FolderStore::shares_file_system(const std::filesystem::path& path) const {
    return is_on_file_system_of(folder_.fd(), path);
}

Result<void> FolderStore::sync() {
    if (::syncfs(folder_.fd()) == 0) return {};
    return fail(ErrorCode::Unavailable, fmt::format("cannot sync the bucket folder {}: {}",
                                                    root_.string(), describe(errno)));
}

}  // namespace oxbow::store
