#include "record/journal.h"

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

std::filesystem::path journal_file(const std::filesystem::path& folder) {
    return folder / "journal";
}

std::unexpected<Error> journal_error(const char* did, const std::filesystem::path& path,
                                     int error) {
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot {} {}: {}", did, path.string(), std::strerror(error)));
}

}  // namespace

Result<Journal> Journal::create(const std::filesystem::path& folder, const JournalHead& head) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const auto path = journal_file(folder);
    const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return journal_error("make", path, errno);
    Journal journal{fd, 0};
    if (auto written = journal.append(journal_head(head)); !written) {
        ::unlink(path.c_str());  // so that it can be made again
        return std::unexpected(written.error());
    }
    return journal;
}

Result<Journal> Journal::open(const std::filesystem::path& folder, std::uint64_t whole_bytes) {
    const auto path = journal_file(folder);
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) return journal_error("open", path, errno);
    Journal journal{fd, whole_bytes};
    if (::ftruncate(fd, static_cast<off_t>(whole_bytes)) != 0)
        return journal_error("cut back", path, errno);
    return journal;
}

Result<JournalContent> Journal::read(const std::filesystem::path& folder) {
    const auto path = journal_file(folder);
    std::ifstream file{path, std::ios::binary};
    if (!file) return fail(ErrorCode::NotFound, fmt::format("there is no {}", path.string()));
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (file.bad()) return fail(ErrorCode::Unavailable, "cannot read " + path.string());
    return read_journal(text);
}

Journal::Journal(Journal&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

Journal::~Journal() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> Journal::append(std::string_view records) {
    // What stood behind a torn record would never be read.
    if (torn_ && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0) {
        return fail(
            ErrorCode::Unavailable,
            fmt::format("cannot cut back the journal of a recording: {}", std::strerror(errno)));
    }
    torn_ = false;
    const ssize_t written = ::write(fd_, records.data(), records.size());
    if (written == static_cast<ssize_t>(records.size())) {
        size_ += records.size();
        return {};
    }
    const int error = written < 0 ? errno : ENOSPC;
    torn_ = ::ftruncate(fd_, static_cast<off_t>(size_)) != 0;
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot write the journal of a recording: {}", std::strerror(error)));
}

Result<void> Journal::sync() {
    if (::fdatasync(fd_) == 0) return {};
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot sync the journal of a recording: {}", std::strerror(errno)));
}

std::string boot_of_machine() {
    std::ifstream file{"/proc/sys/kernel/random/boot_id"};
    std::string boot;
    file >> boot;
    return boot.empty() ? "-" : boot;
}

}  // namespace oxbow::record
