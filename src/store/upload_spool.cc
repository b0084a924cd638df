#include "store/upload_spool.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "store/folder_files.h"
#include "store/mapped_file.h"
#include "store/object_key.h"
#include "store/object_reads.h"

namespace oxbow::store {
namespace {

constexpr std::string_view kObject = ".object";
constexpr std::string_view kKey = ".key";
constexpr std::string_view kUnfinished = ".part";
constexpr mode_t kFileMode = 0644;

std::unexpected<Error> cannot(std::string_view doing, std::string_view key, std::string_view place,
                              int error) {
    return fail(ErrorCode::Unavailable, fmt::format("cannot {} object '{}' in {}: {}", doing,
                                                    log::printable(key), place, describe(error)));
}

/// "0000019ab2c3d4e5.object" -> its number; nullopt: another file.
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view ending) {
    if (!name.ends_with(ending)) return std::nullopt;
    name.remove_suffix(ending.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, 16);
    if (name.size() != 16 || error != std::errc{} || end != name.data() + name.size())
        return std::nullopt;
    return number;
}

/// Where a symbolic link points to; nullopt: it is none, or longer than a key.
std::optional<std::string> read_key(int folder, const std::string& name) {
    std::string key(ObjectStore::kKeyBytesMax + 1, '\0');
    const ssize_t count = ::readlinkat(folder, name.c_str(), key.data(), key.size());
    if (count <= 0 || static_cast<std::size_t>(count) == key.size()) return std::nullopt;
    key.resize(static_cast<std::size_t>(count));
    return key;
}

bool is_text(std::string_view key) {
    return key.ends_with(".m3u8") || key.ends_with(".json");
}

}  // namespace

/// One version of an object that waits.
struct UploadSpool::Entry {
    std::uint64_t number = 0;
    ObjectInfo info{};
    bool dropped = false;  // by a newer version, or a remove
    bool busy = false;     // being uploaded
};

UploadSpool::UploadSpool(UploadSpoolSettings settings, ObjectStore& bucket, const Clock& clock,
                         FileHandle folder)
    : settings_(std::move(settings)), bucket_(bucket), clock_(clock), folder_(std::move(folder)) {}

UploadSpool::~UploadSpool() {
    stop();
}

Result<std::unique_ptr<UploadSpool>> UploadSpool::open(UploadSpoolSettings settings,
                                                       ObjectStore& bucket, const Clock& clock) {
    std::error_code not_made;
    std::filesystem::create_directories(settings.folder, not_made);
    FileHandle folder;
    if (!not_made) {
        folder = FileHandle{::open(settings.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    }
    if (!folder.open()) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot open the upload spool {}: {}", settings.folder.string(),
                                describe(not_made ? not_made.value() : errno)));
    }
    std::unique_ptr<UploadSpool> spool{
        new UploadSpool{std::move(settings), bucket, clock, std::move(folder)}};
    if (auto taken = spool->take_over(); !taken) return std::unexpected(taken.error());
    return spool;
}

std::string UploadSpool::place() const {
    return "the upload spool " + settings_.folder.string();
}

std::filesystem::path UploadSpool::object_file(const Entry& entry) const {
    return settings_.folder / fmt::format("{:016x}{}", entry.number, kObject);
}

std::filesystem::path UploadSpool::key_file(const Entry& entry) const {
    return settings_.folder / fmt::format("{:016x}{}", entry.number, kKey);
}

/// What is half there was never acknowledged, or is uploaded already.
Result<void> UploadSpool::take_over() {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator file{settings_.folder, error}, end;
         !error && file != end; file.increment(error)) {
        names.push_back(file->path().filename().string());
    }
    if (error) return cannot("list", "", place(), error.value());
    std::ranges::sort(names);  // by number: "N.key" before "N.object"
    std::string last_key_name;
    for (const std::string& name : names) {
        const auto number = number_of(name, kObject);
        if (!number) {
            if (number_of(name, kKey)) {
                if (!last_key_name.empty()) ::unlinkat(folder_.fd(), last_key_name.c_str(), 0);
                last_key_name = name;
            } else if (name.ends_with(kUnfinished)) {
                ::unlinkat(folder_.fd(), name.c_str(), 0);
            }
            continue;
        }
        auto entry = std::make_shared<Entry>(Entry{.number = *number});
        const bool has_key = last_key_name == key_file(*entry).filename().string();
        const auto key = has_key ? read_key(folder_.fd(), last_key_name) : std::nullopt;
        if (!has_key && !last_key_name.empty()) ::unlinkat(folder_.fd(), last_key_name.c_str(), 0);
        last_key_name.clear();
        struct stat status{};
        const bool there = ::fstatat(folder_.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        if (!key || !there || !check_s3_key(*key)) {
            remove_files(*entry);
            continue;
        }
        last_number_ = std::max(last_number_, *number);
        const auto put_at =
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds{*number});
        entry->info = {.key = *key,
                       .size = static_cast<std::uint64_t>(status.st_size),
                       .etag = fmt::format("{:016x}-{:x}", *number, status.st_size),
                       .last_modified = WallTime{put_at}};
        const std::lock_guard lock{mutex_};
        enqueue_locked(entry);
    }
    if (!last_key_name.empty()) ::unlinkat(folder_.fd(), last_key_name.c_str(), 0);
    if (counts_.objects > 0)
        log::info("{} objects wait for the bucket since the last run", counts_.objects);
    return {};
}

void UploadSpool::start() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = false;
    }
    for (std::size_t i = 0; i < settings_.uploads; ++i) threads_.emplace_back([this] { work(); });
}

void UploadSpool::finish(std::chrono::milliseconds patience) {
    std::unique_lock lock{mutex_};
    if (threads_.empty()) return;
    changed_.wait_for(lock, patience, [this] { return counts_.objects == 0; });
}

void UploadSpool::stop() {
    {
        const std::lock_guard lock{mutex_};
        if (counts_.objects > 0 && !stopping_) {
            log::warning("{} objects wait for the bucket: they go there after the next start",
                         counts_.objects);
        }
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

// --- In ------------------------------------------------------------------------------------------

std::uint64_t UploadSpool::next_number() {
    const auto now = static_cast<std::uint64_t>(
        std::chrono::nanoseconds{clock_.wall().time_since_epoch()}.count());
    const std::lock_guard lock{mutex_};
    last_number_ = std::max(now, last_number_ + 1);
    return last_number_;
}

/// In: what may be taken beyond bytes_max.
Result<void> UploadSpool::check_room(std::string_view key, std::uint64_t bytes,
                                     std::uint64_t reserve) const {
    if (auto checked = check_s3_key(key); !checked) return checked;
    const UploadBacklog now = backlog();
    // One that is larger than all that may wait waits alone: else it would never be taken.
    if (now.bytes > 0 && now.bytes + bytes > settings_.bytes_max + reserve) {
        return fail(
            ErrorCode::Unavailable,
            fmt::format("{} bytes wait for the bucket, as many as store.backlog_max allows: "
                        "{}",
                        now.bytes, now.trouble.empty() ? "it is too slow" : now.trouble));
    }
    if (reserve == 0 && now.age > settings_.age_max) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("the bucket has not taken what waits for it for longer than "
                                "store.backlog_max_age: {}",
                                now.trouble));
    }
    return {};
}

/// A link that points to no file but is there with its key or not at all, also after a power loss,
/// and before the object that is renamed behind it: no sync is needed.
Result<void> UploadSpool::write_key(const Entry& entry) const {
    if (::symlink(entry.info.key.c_str(), key_file(entry).c_str()) == 0) return {};
    return cannot("write", entry.info.key, place(), errno);
}

Result<ObjectInfo> UploadSpool::put(std::string_view key, BytesView bytes) {
    const std::uint64_t reserve = is_text(key) ? settings_.bytes_max / kTextsReserve : 0;
    if (auto room = check_room(key, bytes.size(), reserve); !room)
        return std::unexpected(room.error());
    auto entry = std::make_shared<Entry>(Entry{.number = next_number()});
    entry->info.key = key;
    entry->info.size = bytes.size();
    const std::filesystem::path unfinished =
        settings_.folder / fmt::format("{:016x}{}", entry->number, kUnfinished);
    int error = 0;
    {
        const FileHandle file{::open(
            unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode)};
        error = file.open() ? write_all(file.fd(), bytes) : errno;
    }
    Result<void> written;
    if (error == 0) written = write_key(*entry);
    if (error == 0 && written && ::rename(unfinished.c_str(), object_file(*entry).c_str()) != 0)
        error = errno;
    if (error == 0 && written) return enqueue(std::move(entry));
    ::unlink(unfinished.c_str());
    remove_files(*entry);
    if (!written) return std::unexpected(written.error());
    return cannot("write", key, place(), error);
}

Result<ObjectInfo> UploadSpool::adopt(const std::filesystem::path& file, std::string_view key) {
    struct stat status{};
    if (::lstat(file.c_str(), &status) < 0 || !S_ISREG(status.st_mode)) {
        return fail(ErrorCode::NotFound, fmt::format("{} is no file, so it cannot be object '{}'",
                                                     file.string(), log::printable(key)));
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (auto room = check_room(key, size, 0); !room) return std::unexpected(room.error());
    auto entry = std::make_shared<Entry>(Entry{.number = next_number()});
    entry->info.key = key;
    entry->info.size = size;
    if (auto written = write_key(*entry); !written) return std::unexpected(written.error());
    if (::rename(file.c_str(), object_file(*entry).c_str()) == 0) return enqueue(std::move(entry));
    const int error = errno;
    remove_files(*entry);
    if (error != EXDEV) return cannot("take", key, place(), error);
    // From another file system: its bytes.
    const auto mapped = MappedFile::open(file);
    if (!mapped) return std::unexpected(mapped.error());
    auto done = put(key, mapped->bytes());
    if (done) ::unlink(file.c_str());
    return done;
}

Result<ObjectInfo> UploadSpool::enqueue(EntryPtr entry) {
    entry->info.etag = fmt::format("{:016x}-{:x}", entry->number, entry->info.size);
    entry->info.last_modified = clock_.wall();
    const ObjectInfo info = entry->info;
    {
        const std::lock_guard lock{mutex_};
        enqueue_locked(entry);
    }
    changed_.notify_all();
    if (observer_) {
        observer_({.bucket = settings_.bucket,
                   .object = info,
                   .time = info.last_modified,
                   .sequencer = fmt::format("{:016X}", entry->number)});
    }
    return info;
}

void UploadSpool::enqueue_locked(const EntryPtr& entry) {
    auto& versions = by_key_[entry->info.key];
    // Between the first, which what follows may name, and the newest nobody misses one.
    if (versions.size() >= 2) {
        const EntryPtr middle = versions.back();
        if (!middle->busy) drop_locked(middle);
    }
    by_key_[entry->info.key].push_back(entry);
    waiting_.emplace(entry->number, entry->info.last_modified);
    bytes_ += entry->info.size;
    ++counts_.objects;
    lanes_[settings_.lane_of ? settings_.lane_of(entry->info.key) : std::string{}]
        .entries.push_back(entry);
}

/// It waits no more; its place in the lane is passed over.
void UploadSpool::drop_locked(const EntryPtr& entry) {
    entry->dropped = true;
    const auto found = by_key_.find(entry->info.key);
    std::erase(found->second, entry);
    if (found->second.empty()) by_key_.erase(found);
    waiting_.erase(entry->number);
    bytes_ -= entry->info.size;
    --counts_.objects;
    remove_files(*entry);
}

void UploadSpool::remove_files(const Entry& entry) const {
    // The key first: an object without one was never acknowledged, or is uploaded.
    ::unlink(key_file(entry).c_str());
    ::unlink(object_file(entry).c_str());
}

// --- Out: to the bucket --------------------------------------------------------------------------

/// The oldest entry of a lane that nobody works on and that may be tried now.
std::pair<UploadSpool::Lane*, UploadSpool::EntryPtr> UploadSpool::next_locked(SteadyTime now,
                                                                              SteadyTime& wake_at) {
    std::pair<Lane*, EntryPtr> oldest;
    for (auto& [name, lane] : lanes_) {
        while (!lane.entries.empty() && lane.entries.front()->dropped && !lane.busy)
            lane.entries.pop_front();
        if (lane.busy || lane.entries.empty()) continue;
        if (lane.not_before > now) {
            wake_at = std::min(wake_at, lane.not_before);
            continue;
        }
        const EntryPtr& front = lane.entries.front();
        if (!oldest.second || front->number < oldest.second->number) oldest = {&lane, front};
    }
    return oldest;
}

void UploadSpool::work() {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        const SteadyTime now = clock_.steady();
        SteadyTime wake_at = now + std::chrono::hours{1};
        const auto [lane, entry] = next_locked(now, wake_at);
        if (!entry) {
            changed_.wait_for(lock, wake_at - now);
            continue;
        }
        lane->busy = true;
        entry->busy = true;
        lock.unlock();
        const auto done = upload(*entry);
        settle(*lane, entry, done);
        lock.lock();
    }
}

Result<ObjectInfo> UploadSpool::upload(const Entry& entry) {
    const auto file = MappedFile::open(object_file(entry));
    if (!file) return std::unexpected(file.error());
    auto done = bucket_.put(entry.info.key, file->bytes());
    // Only a file that is gone is gone for ever. That there is nothing may also be said by whoever
    // stands before the bucket, and passes.
    if (!done && done.error().code == ErrorCode::NotFound)
        return fail(ErrorCode::Unavailable, std::move(done.error().what));
    return done;
}

void UploadSpool::settle(Lane& lane, const EntryPtr& entry, const Result<ObjectInfo>& done) {
    if (done && settings_.uploaded) {
        ::unlink(key_file(*entry).c_str());
        settings_.uploaded(object_file(*entry), *done);
    }
    const std::lock_guard lock{mutex_};
    lane.busy = false;
    entry->busy = false;
    if (!done && done.error().code == ErrorCode::NotFound) {
        // Somebody took its file away: the lane goes on without.
        log::error("an object is lost before it was uploaded: {}", done.error().what);
        drop_locked(entry);
    } else if (done) {
        ++counts_.uploaded;
        counts_.uploaded_bytes += entry->info.size;
        if (!counts_.trouble.empty()) log::info("the bucket takes uploads again");
        counts_.trouble.clear();
        lane.failures = 0;
        drop_locked(entry);
    } else if (!stopping_) {
        ++counts_.failures;
        if (counts_.trouble.empty()) log::warning("an upload has to wait: {}", done.error().what);
        counts_.trouble = done.error().what;
        const auto pause = std::min(kRetryMax, kRetryFirst * (1 << std::min(lane.failures++, 10)));
        const auto by_chance =
            static_cast<std::int64_t>(random_fraction() * static_cast<double>(pause.count()) / 2);
        lane.not_before = clock_.steady() + pause / 2 + std::chrono::milliseconds{by_chance};
    }
    changed_.notify_all();
}

// --- Reads ---------------------------------------------------------------------------------------

UploadSpool::EntryPtr UploadSpool::pending(std::string_view key) const {
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : found->second.back();
}

/// The newest version that waits, open; nullopt: none does, or it was uploaded this moment.
std::optional<OpenedObject> UploadSpool::open_pending(std::string_view key) const {
    const EntryPtr entry = pending(key);
    if (!entry) return std::nullopt;
    const int fd = ::open(object_file(*entry).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    return OpenedObject{.info = entry->info, .file = std::make_shared<const SharedFile>(fd)};
}

Result<OpenedObject> UploadSpool::open(std::string_view key) const {
    if (auto waits = open_pending(key)) return *std::move(waits);
    return bucket_.open(key);
}

Result<std::string> UploadSpool::get(std::string_view key, std::size_t bytes_max) {
    const auto waits = open_pending(key);
    if (!waits) return bucket_.get(key, bytes_max);
    return read_object(waits->file->fd(), waits->info, bytes_max, place());
}

Result<Bytes> UploadSpool::get_range(std::string_view key, ByteRange range) {
    const auto waits = open_pending(key);
    if (!waits) return bucket_.get_range(key, range);
    return read_object_range(waits->file->fd(), waits->info, range, place());
}

Result<ObjectInfo> UploadSpool::head(std::string_view key) {
    if (const EntryPtr entry = pending(key)) return entry->info;
    return bucket_.head(key);
}

Result<std::vector<ObjectInfo>> UploadSpool::list(std::string_view prefix) {
    // The spool first: what leaves it meanwhile is seen twice rather than not at all.
    std::map<std::string, ObjectInfo> found;
    {
        const std::lock_guard lock{mutex_};
        for (auto at = by_key_.lower_bound(prefix);
             at != by_key_.end() && at->first.starts_with(prefix); ++at) {
            found.emplace(at->first, at->second.back()->info);
        }
    }
    auto listed = bucket_.list(prefix);
    if (!listed) return listed;
    for (ObjectInfo& object : *listed) {
        std::string key = object.key;
        found.emplace(std::move(key), std::move(object));
    }
    std::vector<ObjectInfo> out;
    for (auto& [key, object] : found) out.push_back(std::move(object));
    return out;
}

Result<std::vector<std::string>> UploadSpool::folders(std::string_view prefix) {
    std::vector<std::string> out;
    {
        const std::lock_guard lock{mutex_};
        for (auto at = by_key_.lower_bound(prefix);
             at != by_key_.end() && at->first.starts_with(prefix); ++at) {
            const std::size_t slash = at->first.find('/', prefix.size());
            if (slash != std::string::npos) out.push_back(at->first.substr(0, slash + 1));
        }
    }
    auto listed = bucket_.folders(prefix);
    if (!listed) return listed;
    out.insert(out.end(), listed->begin(), listed->end());
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

Result<void> UploadSpool::remove(std::string_view key) {
    {
        std::unique_lock lock{mutex_};
        // What is on its way arrives first: it would be back behind the remove.
        const bool arrived = changed_.wait_for(lock, settings_.remove_wait_max, [&] {
            const auto found = by_key_.find(key);
            return found == by_key_.end() ||
                   std::ranges::none_of(found->second, [](const auto& one) { return one->busy; });
        });
        if (!arrived) {
            return fail(ErrorCode::Timeout,
                        fmt::format("object '{}' is not removed: it is on its way to the bucket, "
                                    "which has not taken it within {} ms",
                                    log::printable(key), settings_.remove_wait_max.count()));
        }
        while (true) {
            const auto found = by_key_.find(key);
            if (found == by_key_.end()) break;
            drop_locked(EntryPtr{found->second.front()});
        }
    }
    changed_.notify_all();
    return bucket_.remove(key);
}

Result<void> UploadSpool::sync() {
    if (::syncfs(folder_.fd()) == 0) return {};
    return fail(ErrorCode::Unavailable, fmt::format("cannot sync the upload spool {}: {}",
                                                    settings_.folder.string(), describe(errno)));
}

bool UploadSpool::shares_file_system(const std::filesystem::path& path) const {
    return is_on_file_system_of(folder_.fd(), path);
}

UploadBacklog UploadSpool::backlog() const {
    const std::lock_guard lock{mutex_};
    UploadBacklog out = counts_;
    out.bytes = bytes_;
    if (!waiting_.empty())
        out.age = std::max(std::chrono::milliseconds{0}, clock_.wall() - waiting_.begin()->second);
    return out;
}

}  // namespace oxbow::store
