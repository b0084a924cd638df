#include "store/folder_files.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oxbow::store {
namespace {

constexpr mode_t kFolderMode = 0755;
constexpr std::size_t kCopyBytes = 1024 * 1024;

std::expected<FileHandle, int> open_one(int parent, const char* name, Missing missing, int flags) {
    const int open_flags = flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = ::openat(parent, name, open_flags);
    if (fd < 0 && errno == ENOENT && missing == Missing::Make) {
        if (::mkdirat(parent, name, kFolderMode) < 0 && errno != EEXIST) {
            return std::unexpected(errno);
        }
        fd = ::openat(parent, name, open_flags);
    }
    if (fd < 0) return std::unexpected(errno == ELOOP ? ENOTDIR : errno);
    return FileHandle{fd};
}

std::string_view advice(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
            return "free space on its file system";
        case EACCES:
        case EPERM:
        case EROFS:
            return "give the server's user write access to it";
        case EMFILE:
        case ENFILE:
            return "raise the limit of open files";
        default:
            return "check the disk";
    }
}

}  // namespace

std::expected<FileHandle, int> open_folder_below(int root, std::string_view path, Missing missing,
                                                 int flags) {
    auto folder = open_one(root, ".", Missing::Refuse, flags);
    while (folder && !path.empty()) {
        const std::string part(path.substr(0, path.find('/')));
        path.remove_prefix(std::min(part.size() + 1, path.size()));
        folder = open_one(folder->fd(), part.c_str(), missing, flags);
    }
    return folder;
}

int write_all(int fd, BytesView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return 0;
}

int read_all(int fd, std::uint64_t offset, std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t count = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count == 0 ? EIO : errno;
        out = out.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return 0;
}

int copy_all(int from, int to, std::uint64_t size) {
    Bytes buffer;
    for (std::uint64_t offset = 0; offset < size; offset += buffer.size()) {
        buffer.resize(std::min<std::uint64_t>(size - offset, kCopyBytes));
        if (const int error = read_all(from, offset, buffer); error != 0) return error;
        if (const int error = write_all(to, buffer); error != 0) return error;
    }
    return 0;
}

bool is_on_file_system_of(int fd, const std::filesystem::path& path) {
    struct stat theirs{};
    struct stat ours{};
    return ::stat(path.c_str(), &theirs) == 0 && ::fstat(fd, &ours) == 0 &&
           theirs.st_dev == ours.st_dev;
}

std::string describe(int error) {
    return std::generic_category().message(error).append("; ").append(advice(error));
}

}  // namespace oxbow::store
