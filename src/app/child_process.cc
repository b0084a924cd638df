#include "app/child_process.h"

#include "base/log.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oxbow::app {
namespace {

constexpr std::chrono::milliseconds kLookEvery{10};

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0)
        return fail(ErrorCode::Unavailable, fmt::format("cannot fork: {}", std::strerror(errno)));
    if (pid == 0) {
        // Only calls that are safe between fork and exec.
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) ::_exit(kNotFound);
        const int nowhere = ::open("/dev/null", O_RDWR);
        if (nowhere < 0) ::_exit(kNotFound);
        for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
        // Asio opens sockets without CLOEXEC: a viewer's connection would stay open in the child.
        ::close_range(3, ~0U, 0);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execvp(arguments[0], arguments.data());
        ::_exit(kNotFound);
    }
    return ChildProcess{pid};
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), exit_code_(other.exit_code_) {}

bool ChildProcess::running() {
    int status = 0;
    if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return pid_ > 0;
}

bool ChildProcess::ends_within(std::chrono::milliseconds time) {
    for (auto waited = kLookEvery; running() && waited <= time; waited += kLookEvery) {
        std::this_thread::sleep_for(kLookEvery);
    }
    return !running();
}

ChildProcess::~ChildProcess() {
    if (!running()) return;
    ::kill(pid_, SIGTERM);
    if (ends_within(kTermMax)) return;
    ::kill(pid_, SIGKILL);
    if (!ends_within(kTermMax)) log::warning("[process {}] does not end, even when killed", pid_);
}

}  // namespace oxbow::app
