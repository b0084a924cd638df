#include "record/chunk_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace oxbow::record {
namespace {

constexpr std::size_t kVectorsPerWrite = 64;

std::unexpected<Error> disk_error(const char* did, const std::filesystem::path& path, int error) {
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot {} {}: {}", did, path.string(), std::strerror(error)));
}

}  // namespace

Result<ChunkFile> ChunkFile::create(std::filesystem::path path) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) return disk_error("make the folder of", path, error.value());
    const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0) return disk_error("make", path, errno);
    return ChunkFile{std::move(path), fd};
}

Result<FileRegion> ChunkFile::append(const AppendBuffer& segment) {
    std::vector<iovec> vectors;
    for (const BytesView slice : segment.slices()) {
        vectors.push_back({const_cast<std::uint8_t*>(slice.data()), slice.size()});
    }
    std::span<iovec> rest{vectors};
    std::uint64_t at = size_;  // also over what a failed write left there
    while (!rest.empty()) {
        const int count = static_cast<int>(std::min(rest.size(), kVectorsPerWrite));
        ssize_t written = ::pwritev(file_->fd(), rest.data(), count, static_cast<off_t>(at));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return disk_error("write", path_, errno);
        at += static_cast<std::uint64_t>(written);
        while (!rest.empty() && static_cast<std::size_t>(written) >= rest.front().iov_len) {
            written -= static_cast<ssize_t>(rest.front().iov_len);
            rest = rest.subspan(1);
        }
        if (written > 0) {
            rest.front().iov_base = static_cast<std::uint8_t*>(rest.front().iov_base) + written;
            rest.front().iov_len -= static_cast<std::size_t>(written);
        }
    }
    FileRegion region{file_, size_, segment.size()};
    size_ += segment.size();
    return region;
}

Result<void> ChunkFile::cut() {
    struct stat status{};
    if (::fstat(file_->fd(), &status) != 0) return disk_error("look at", path_, errno);
    if (static_cast<std::uint64_t>(status.st_size) == size_) return {};
    if (::ftruncate(file_->fd(), static_cast<off_t>(size_)) == 0) return {};
    return disk_error("cut back", path_, errno);
}

Result<void> ChunkFile::sync() {
    if (::fdatasync(file_->fd()) == 0) return {};
    return disk_error("sync", path_, errno);
}

}  // namespace oxbow::record
