#include "store/mapped_file.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "store/file_handle.h"
#include "store/folder_files.h"

namespace oxbow::store {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
    const FileHandle file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    const int error = file.open() ? 0 : errno;
    // Where it is there, and too many files are open, it can be opened later.
    if (error != 0 && error != ENOENT && error != ELOOP && error != ENOTDIR) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot open {}: {}", path.string(), describe(error)));
    }
    struct stat status{};
    if (error != 0 || ::fstat(file.fd(), &status) < 0 || !S_ISREG(status.st_mode)) {
        return fail(ErrorCode::NotFound,
                    fmt::format("cannot open {} to upload it: {}", path.string(),
                                error == 0 ? "it is no file" : describe(error)));
    }
    MappedFile out;
    if (status.st_size == 0) return out;
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd(), 0);
    if (bytes == MAP_FAILED) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot read {}: {}", path.string(), describe(errno)));
    }
    out.bytes_ = bytes;
    out.size_ = size;
    return out;
}

MappedFile::~MappedFile() {
    if (bytes_ != nullptr) ::munmap(bytes_, size_);
}

}  // namespace oxbow::store
