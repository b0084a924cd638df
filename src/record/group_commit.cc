#include "record/group_commit.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"

namespace oxbow::record {
namespace {

std::unexpected<Error> not_synced(const std::filesystem::path& path, int error) {
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot sync {}: {}", path.string(), std::strerror(error)));
}

}  // namespace

GroupCommit::GroupCommit(Sync sync, std::chrono::milliseconds every)
    : sync_(std::move(sync)), every_(every), thread_([this] { run(); }) {}

GroupCommit::~GroupCommit() {
    stop();
}

std::uint64_t GroupCommit::note() {
    const std::lock_guard lock{mutex_};
    dirty_ = true;
    return next_;
}

void GroupCommit::remove_when_done(std::filesystem::path folder) {
    const std::lock_guard lock{mutex_};
    dirty_ = true;
    folders_.push_back(std::move(folder));
}

Result<void> GroupCommit::commit() {
    const std::lock_guard syncing{syncing_};
    std::vector<std::filesystem::path> folders;
    std::uint64_t number = 0;
    {
        const std::lock_guard lock{mutex_};
        if (!std::exchange(dirty_, false)) return {};
        number = next_++;
        folders.swap(folders_);
    }
    if (auto synced = sync_(); !synced) {
        log::error("what was recorded may not survive a power loss: {}", synced.error().what);
        const std::lock_guard lock{mutex_};
        dirty_ = true;
        trusted_ = false;
        folders_.insert(folders_.end(), folders.begin(), folders.end());
        return synced;
    }
    for (const auto& folder : folders) {
        std::error_code ignored;  // a folder that stays is only untidy; the next start removes it
        std::filesystem::remove_all(folder, ignored);
    }
    const std::lock_guard lock{mutex_};
    if (trusted_) done_ = number;
    return {};
}

void GroupCommit::run() {
    std::unique_lock lock{mutex_};
    for (bool last = false; !last;) {
        last = changed_.wait_for(lock, every_, [this] { return stopping_; });
        lock.unlock();
        static_cast<void>(commit());  // it has said why it failed, and is tried again
        lock.lock();
    }
}

void GroupCommit::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
}

Result<void> sync_all(const std::filesystem::path& spool, store::ObjectStore& store) {
    const int fd = ::open(spool.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return store.sync();  // nothing was recorded yet
    const bool synced = fd >= 0 && ::syncfs(fd) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    if (!synced) return not_synced(spool, error);
    return store.shares_file_system(spool) ? Result<void>{} : store.sync();
}

Result<void> sync_folders(const std::filesystem::path& folder) {
    for (const auto& path : {folder, folder.parent_path()}) {
        const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const bool synced = fd >= 0 && ::fsync(fd) == 0;
        const int error = errno;
        if (fd >= 0) ::close(fd);
        if (!synced) return not_synced(path, error);
    }
    return {};
}

}  // namespace oxbow::record
