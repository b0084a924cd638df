#include "catalog/private_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace oxbow::catalog {
namespace {

constexpr mode_t kPrivateMode = 0600;
constexpr mode_t kRightsOfOthers = 0077;

std::unexpected<Error> failed(const char* doing, const std::filesystem::path& file, int error) {
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot {} {}: {}; check that this user owns it, that its folder "
                            "exists and that it can be written",
                            doing, file.string(), std::generic_category().message(error)));
}

}  // namespace

Result<void> keep_from_others(const std::filesystem::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) < 0) {
        if (errno == ENOENT) return {};
        return failed("read the rights of", file, errno);
    }
    if ((status.st_mode & kRightsOfOthers) == 0) return {};
    if (::chmod(file.c_str(), kPrivateMode) < 0) {
        return failed("keep others from reading", file, errno);
    }
    return {};
}

Result<void> make_private_file(const std::filesystem::path& file) {
    // Before anything stands in it: rights that are narrowed later come too late for a secret.
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kPrivateMode);
    if (fd < 0) return failed("open", file, errno);
    ::close(fd);
    return keep_from_others(file);
}

}  // namespace oxbow::catalog
