#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "base/times.h"
#include "edge/request_line.h"
#include "net/http_server.h"

namespace oxbow::edge {

enum class LogMode { Off, Sampled, On };
enum class LogFormat { Common, Json };

struct RequestLogSettings {
    LogMode mode = LogMode::Off;
    LogFormat format = LogFormat::Common;
    std::uint32_t one_in = 100;  // where it is sampled
    std::filesystem::path file;  // "": stderr
};

/// Writes a line for each answer to viewers. Who answers puts its line into a queue of
/// kLogQueueBytesMax, behind a lock that is held for no more than that, and never waits: what does
/// not fit, or the file does not take, is counted and lost. A thread of its own writes; it opens
/// the file again when it was moved, and when it is told to.
///
/// Thread-safe.
class RequestLog {
public:
    /// `clock` outlives it. Errors: Unavailable  the file cannot be written: names it.
    static Result<std::unique_ptr<RequestLog>> open(RequestLogSettings settings,
                                                    const Clock& clock);
    ~RequestLog() { stop(); }
    RequestLog(const RequestLog&) = delete;
    RequestLog& operator=(const RequestLog&) = delete;

    void note(const net::HttpRequest& request, const net::HttpOutcome& outcome,
              std::string_view behaviour);

    /// For who has moved the file, and does not want to wait until that is seen.
    void reopen();
    /// Writes what is queued, for kLogLastWritesMax at most, and ends. Once.
    void stop();

    std::uint64_t lost() const { return lost_; }

private:
    RequestLog(RequestLogSettings settings, const Clock& clock)
        : settings_(std::move(settings)), clock_(clock) {}

    Result<int> open_file() const;
    std::string name() const;
    void complain(std::string_view what);
    void write_all();
    void write_queued();
    bool write_lines(std::string_view lines);
    void open_again_if_moved(bool asked);
    void lose(std::string_view lines);

    const RequestLogSettings settings_;
    const Clock& clock_;
    int file_ = -1;  // of the writer
    std::atomic<std::uint64_t> seen_{0};
    std::atomic<std::uint64_t> lost_{0};
    std::mutex mutex_;
    std::condition_variable told_;  // to stop, or to open the file again; not of lines
    std::string queued_;
    bool reopen_ = false;
    bool stopping_ = false;
    SteadyTime give_up_at_{};  // once it stops
    std::string writing_;      // of the writer
    SteadyTime looked_at_{};   // where the file is
    std::optional<SteadyTime> complained_at_;
    std::thread writer_;
};

inline constexpr std::size_t kLogQueueBytesMax = 4 * 1024 * 1024;
inline constexpr std::chrono::milliseconds kLogWriteEvery{100};
inline constexpr std::chrono::milliseconds kLogLookEvery{1'000};  // whether the file was moved
inline constexpr std::chrono::milliseconds kLogLastWritesMax{1'000};

}  // namespace oxbow::edge
