#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace oxbow::app {

/// A program that we started. It gets SIGTERM when its ChildProcess goes, and when we die without a word.
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

private:
    explicit ChildProcess(pid_t pid) : pid_(pid) {}
    pid_t pid_;
};

}  // namespace oxbow::app
