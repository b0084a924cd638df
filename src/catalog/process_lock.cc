#include "catalog/process_lock.h"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "catalog/private_file.h"

namespace oxbow::catalog {
namespace {

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
    const std::string path = guarded.string() + ".lock";
    ProcessLock lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (lock.fd_ < 0) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot open the lock {}: {}; check that its "
                                "folder exists and can be written",
                                path, message(errno)));
    }
    if (auto kept = keep_from_others(path); !kept) return std::unexpected(kept.error());
    if (::flock(lock.fd_, LOCK_EX | LOCK_NB) < 0) {
        const int error = errno;
        if (error != EWOULDBLOCK) {
            return fail(ErrorCode::Unavailable, fmt::format("cannot lock {}: {}; put the data on a "
                                                            "local file system",
                                                            path, message(error)));
        }
        return fail(
            ErrorCode::Unavailable,
            fmt::format("the database {} is in use by process {}; stop it, or choose another "
                        "data folder",
                        guarded.string(), read_holder(lock.fd_)));
    }
    const std::string holder = std::to_string(::getpid());
    const auto size = static_cast<ssize_t>(holder.size());
    if (::ftruncate(lock.fd_, 0) < 0 ||
        ::pwrite(lock.fd_, holder.data(), holder.size(), 0) != size) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot write the lock {}: {}; free space on "
                                "its file system",
                                path, message(errno)));
    }
    return lock;
}

ProcessLock::ProcessLock(ProcessLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ProcessLock::~ProcessLock() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace oxbow::catalog
