#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace oxbow::app {

/// A program that we started. It gets SIGTERM when its ChildProcess goes, SIGKILL when that does
/// not end it in kTermMax, and SIGTERM when we die without a word. It inherits none of our files
/// and sockets.
///
/// Thread safety: one thread, which outlives the program: the system takes its end for ours.
class ChildProcess {
public:
    /// In:     the program's name (found by PATH) and its arguments. Its output goes nowhere.
    /// Errors: Unavailable  it cannot be started.
    static Result<ChildProcess> start(const std::vector<std::string>& command);

    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;
    ~ChildProcess();

    /// False once it has ended by itself.
    bool running();

    /// Once it is not running: its exit code, 128 + n when signal n ended it.
    int exit_code() const { return exit_code_; }

    /// The exit code of a program that is not installed.
    static constexpr int kNotFound = 127;
    static constexpr std::chrono::milliseconds kTermMax{2'000};

private:
    explicit ChildProcess(pid_t pid) : pid_(pid) {}
    bool ends_within(std::chrono::milliseconds time);

    pid_t pid_;
    int exit_code_ = 0;
};

}  // namespace oxbow::app
