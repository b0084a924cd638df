#include "record/segment_log.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace oxbow::record {
namespace {

std::filesystem::path log_file(const std::filesystem::path& folder) {
    return folder / "segments.m3u8";
}

}  // namespace

Result<SegmentLog> SegmentLog::create(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const int fd =
        ::open(log_file(folder).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        return fail(
            ErrorCode::Unavailable,
            fmt::format("cannot make {}: {}", log_file(folder).string(), std::strerror(errno)));
    }
    SegmentLog log{fd};
    if (auto written = log.write(byte_range_header()); !written)
        return std::unexpected(written.error());
    return log;
}

SegmentLog::SegmentLog(SegmentLog&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

SegmentLog::~SegmentLog() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> SegmentLog::write(std::string_view text) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size())) return {};
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot write the log of a recording's segments: {}",
                            written < 0 ? std::strerror(errno) : "the disk is full"));
}

Result<void> SegmentLog::append(std::uint64_t chunk, const ByteRangeEntry& entry,
                                bool discontinuity) {
    return write(byte_range_lines(chunk, entry, discontinuity));
}

Result<std::vector<Chunk>> SegmentLog::read(const std::filesystem::path& folder) {
    std::ifstream file{log_file(folder), std::ios::binary};
    if (!file)
        return fail(ErrorCode::NotFound, fmt::format("there is no {}", log_file(folder).string()));
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    // An entry ends with its URI; what a killed process left behind the last one is no entry.
    const std::size_t whole = text.rfind(".ts\n");
    if (whole == std::string::npos) return std::vector<Chunk>{};
    text.resize(whole + 4);
    auto read = read_byte_range_playlist(text);
    if (!read) return std::unexpected(read.error());
    return std::move(read->chunks);
}

}  // namespace oxbow::record
