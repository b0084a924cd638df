#include "pictures/confinement.h"

#include <cerrno>
#include <csignal>
#include <functional>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oxbow::pictures {
namespace {

/// How a process ends that does `work` once it is confined: its exit code, or 128 + the signal.
int confined(const std::function<int()>& work, ConfinementLimits limits = {}) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(confine_to_computing(limits) ? work() : 99);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int error_of(long result) {
    return result < 0 ? errno : 0;
}

TEST_CASE("a confined process computes and allocates") {
    CHECK(confined([] {
              const std::vector<int> numbers(1'000'000, 3);
              return numbers[999'999];
          }) == 3);
}

TEST_CASE("a confined process opens, sends, starts and kills nothing") {
    CHECK(confined([] { return error_of(::open("/etc/passwd", O_RDONLY)); }) == EPERM);
    CHECK(confined([] { return error_of(::socket(AF_INET, SOCK_STREAM, 0)); }) == EPERM);
    CHECK(confined([] { return error_of(::fork()); }) == EPERM);
    CHECK(confined([] { return error_of(::kill(::getppid(), 0)); }) == EPERM);
    CHECK(confined([] { return error_of(::write(0, "x", 1)); }) == EPERM);
    CHECK(confined([] {
              char* const arguments[] = {nullptr};
              return error_of(::execve("/bin/true", arguments, arguments));
          }) == EPERM);
}

TEST_CASE("a confined process gets no memory that can be executed") {
    const auto map = [](int protection) {
        void* const memory = ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return memory == MAP_FAILED ? errno : 0;
    };

    CHECK(confined([&] { return map(PROT_READ | PROT_WRITE); }) == 0);
    CHECK(confined([&] { return map(PROT_READ | PROT_EXEC); }) == EPERM);
}

TEST_CASE("a confined process that computes for ever is ended") {
    const auto end = confined(
        [] {
            for (volatile unsigned i = 0;; i = i + 1) {
            }
            return 0;
        },
        {.cpu = std::chrono::seconds{1}});

    CHECK((end == 128 + SIGKILL || end == 128 + SIGXCPU));
}

}  // namespace
}  // namespace oxbow::pictures
