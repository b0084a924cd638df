#include "catalog/process_lock.h"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "catalog/private_file.h"

namespace oxbow::catalog {
namespace {

constexpr int kAttemptsMax = 16;

std::string message(int error) {
    return std::generic_category().message(error);
}

// "1234"; empty in the moment between the holder's locking and its writing
std::string read_holder(int fd) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    std::string holder =
        log::printable({text.data(), static_cast<std::size_t>(size > 0 ? size : 0)});
    return holder.empty() ? "unknown" : holder;
}

}  // namespace

Result<ProcessLock> ProcessLock::take(const std::filesystem::path& guarded) {
    // A start that failed may remove the file between our opening and our locking it.
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        ProcessLock lock{guarded.string() + ".lock"};
        if (auto opened = lock.open(); !opened) return std::unexpected(opened.error());
        if (auto locked = lock.lock(guarded); !locked) return std::unexpected(locked.error());
        if (!lock.is_the_file_of_its_path()) continue;
        if (auto written = lock.write_holder(); !written) {
            lock.take_back();
            return std::unexpected(written.error());
        }
        return lock;
    }
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot lock {}.lock: other processes start and fail there at the same "
                            "time; try again",
                            guarded.string()));
}

Result<void> ProcessLock::open() {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    made_ = fd_ >= 0;
    if (!made_) fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0) {
        return fail(
            ErrorCode::Unavailable,
            fmt::format("cannot open the lock {}: {}; check that its folder exists and that "
                        "this user may write there",
                        path_, message(errno)));
    }
    return keep_from_others(path_);
}

Result<void> ProcessLock::lock(const std::filesystem::path& guarded) const {
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return {};
    const int error = errno;
    if (error != EWOULDBLOCK) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot lock {}: {}; put the data on a local file system", path_,
                                message(error)));
    }
    return fail(ErrorCode::Unavailable,
                fmt::format("the database {} is in use by process {}; stop it, or choose another "
                            "data folder",
                            guarded.string(), read_holder(fd_)));
}

Result<void> ProcessLock::write_holder() const {
    const std::string holder = std::to_string(::getpid());
    const auto size = static_cast<ssize_t>(holder.size());
    if (::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, holder.data(), holder.size(), 0) == size)
        return {};
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot write the lock {}: {}; free space on its file system", path_,
                            message(errno)));
}

bool ProcessLock::is_the_file_of_its_path() const {
    struct stat held{};
    struct stat named{};
    return ::fstat(fd_, &held) == 0 && ::stat(path_.c_str(), &named) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

void ProcessLock::take_back() {
    if (made_) ::unlink(path_.c_str());
    made_ = false;
}

ProcessLock::ProcessLock(ProcessLock&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      made_(std::exchange(other.made_, false)) {}

ProcessLock::~ProcessLock() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace oxbow::catalog
