#include "edge/request_log.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::edge {
namespace {

constexpr mode_t kLogFileMode = 0640;
/// As much as a pipe takes at once when it takes anything.
constexpr std::size_t kWriteBytes = 4'096;
constexpr int kWaitMs = 100;
constexpr std::chrono::seconds kComplainEvery{10};

std::string text_of_errno() {
    return std::generic_category().message(errno);
}

bool is_file(int fd, const std::filesystem::path& path) {
    struct stat open{};
    struct stat named{};
    if (::fstat(fd, &open) != 0 || ::stat(path.c_str(), &named) != 0) return false;
    return open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

}  // namespace

Result<std::unique_ptr<RequestLog>> RequestLog::open(RequestLogSettings settings,
                                                     const Clock& clock) {
    std::unique_ptr<RequestLog> log{new RequestLog{std::move(settings), clock}};
    if (log->settings_.mode == LogMode::Off) return log;
    const auto file = log->open_file();
    if (!file) return std::unexpected(file.error());
    log->file_ = *file;
    log->looked_at_ = clock.steady();
    // All there will ever be: no line waits for memory.
    log->queued_.reserve(kLogQueueBytesMax);
    log->writing_.reserve(kLogQueueBytesMax);
    log->writer_ = std::thread{[log = log.get()] { log->write_all(); }};
    return log;
}

Result<int> RequestLog::open_file() const {
    // A pipe without a reader is refused, not waited for.
    const int fd =
        settings_.file.empty()
            ? ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
            : ::open(settings_.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK,
                     kLogFileMode);
    if (fd >= 0) return fd;
    return fail(ErrorCode::Unavailable,
                fmt::format("cannot write the request log {}: {}; name another file with "
                            "edge.request_log_file",
                            name(), text_of_errno()));
}

std::string RequestLog::name() const {
    return settings_.file.empty() ? "stderr" : settings_.file.string();
}

/// Not for each line: a disk that is full stays so for a while.
void RequestLog::complain(std::string_view what) {
    const SteadyTime now = clock_.steady();
    if (complained_at_ && now - *complained_at_ < kComplainEvery) return;
    complained_at_ = now;
    log::warning("{}", what);
}

void RequestLog::note(const net::HttpRequest& request, const net::HttpOutcome& outcome,
                      std::string_view behaviour) {
    if (settings_.mode == LogMode::Off) return;
    if (settings_.mode == LogMode::Sampled &&
        seen_.fetch_add(1, std::memory_order_relaxed) % settings_.one_in != 0)
        return;
    static thread_local std::string line;
    line.clear();
    const LoggedAnswer answer{request, outcome, behaviour, clock_.wall()};
    settings_.format == LogFormat::Json ? append_json_line(line, answer)
                                        : append_combined_line(line, answer);
    const std::lock_guard lock{mutex_};
    if (stopping_ || queued_.size() + line.size() > kLogQueueBytesMax) {
        ++lost_;
    } else {
        queued_ += line;
    }
}

void RequestLog::reopen() {
    {
        const std::lock_guard lock{mutex_};
        reopen_ = true;
    }
    told_.notify_one();
}

void RequestLog::stop() {
    if (!writer_.joinable()) return;
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        give_up_at_ = clock_.steady() + kLogLastWritesMax;
    }
    told_.notify_one();
    writer_.join();
    ::close(file_);
    file_ = -1;
}

void RequestLog::write_all() {
    bool ends = false;
    while (!ends) {
        bool asked = false;
        {
            std::unique_lock lock{mutex_};
            told_.wait_for(lock, kLogWriteEvery, [this] { return stopping_ || reopen_; });
            asked = std::exchange(reopen_, false);
            ends = stopping_;
            std::swap(queued_, writing_);
        }
        // What was written before it was moved belongs to the old file.
        if (!asked) open_again_if_moved(false);
        write_queued();
        if (asked) open_again_if_moved(true);
    }
}

void RequestLog::write_queued() {
    std::string_view left{writing_};
    while (!left.empty()) {
        // Whole lines: what others write to the same place stands between them.
        std::size_t size = std::min(left.size(), kWriteBytes);
        size = left.substr(0, size).rfind('\n') + 1;
        if (!write_lines(left.substr(0, size))) {
            lose(left);
            break;
        }
        left.remove_prefix(size);
    }
    writing_.clear();
}

/// False when they cannot be written, or not in time once it stops.
bool RequestLog::write_lines(std::string_view lines) {
    while (!lines.empty()) {
        pollfd ready{.fd = file_, .events = POLLOUT, .revents = 0};
        if (::poll(&ready, 1, kWaitMs) == 0) {
            const std::lock_guard lock{mutex_};
            if (stopping_ && clock_.steady() >= give_up_at_) return false;
            continue;
        }
        const ssize_t count = ::write(file_, lines.data(), lines.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) {
            complain(fmt::format("the request log {} is not written, its lines are lost: {}",
                                 name(), text_of_errno()));
            return false;
        }
        lines.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void RequestLog::lose(std::string_view lines) {
    lost_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
}

void RequestLog::open_again_if_moved(bool asked) {
    const SteadyTime now = clock_.steady();
    if (settings_.file.empty() || (!asked && now - looked_at_ < kLogLookEvery)) return;
    looked_at_ = now;
    if (is_file(file_, settings_.file)) return;
    const auto file = open_file();
    if (!file) {
        complain(fmt::format("{}; it goes on in the old file", file.error().what));
        return;
    }
    ::close(std::exchange(file_, *file));
}

}  // namespace oxbow::edge
