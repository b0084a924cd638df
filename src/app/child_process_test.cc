#include "app/child_process.h"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/random.h"

using namespace oxbow;
using namespace oxbow::app;
using namespace std::chrono_literals;

namespace {

using std::chrono::steady_clock;

bool comes_true(const std::function<bool()>& condition) {
    const auto deadline = steady_clock::now() + 10s;
    while (!condition() && steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
    return condition();
}

}  // namespace

TEST_CASE("a program tells its exit code once it has ended") {
    ChildProcess child = ChildProcess::start({"sh", "-c", "exit 3"}).value();

    CHECK(comes_true([&] { return !child.running(); }));
    CHECK(child.exit_code() == 3);
}

TEST_CASE("a program that is not installed ends with the code that says so") {
    ChildProcess child = ChildProcess::start({"oxbow-no-such-program"}).value();

    CHECK(comes_true([&] { return !child.running(); }));
    CHECK(child.exit_code() == ChildProcess::kNotFound);
}

TEST_CASE("a program inherits no descriptor: who waits for our end of a connection sees it close") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    ChildProcess child = ChildProcess::start({"sleep", "60"}).value();

    ::close(ends[1]);
    pollfd closed{.fd = ends[0], .events = POLLIN, .revents = 0};
    const int ready = ::poll(&closed, 1, 10'000);

    CHECK(ready == 1);
    CHECK((closed.revents & POLLHUP) != 0);
    CHECK(child.running());
    ::close(ends[0]);
}

TEST_CASE("a program that does not care for SIGTERM is killed after two seconds") {
    const auto deaf =
        std::filesystem::temp_directory_path() / ("oxbow-deaf-" + random_alphanumeric(8));
    std::optional<ChildProcess> child =
        ChildProcess::start({"sh", "-c", "trap '' TERM; : > " + deaf.string() + "; exec sleep 60"})
            .value();
    REQUIRE(comes_true([&] { return std::filesystem::exists(deaf); }));

    const auto begun = steady_clock::now();
    child.reset();
    const auto took = steady_clock::now() - begun;

    CHECK(took >= ChildProcess::kTermMax);
    CHECK(took < 10s);
    std::filesystem::remove(deaf);
}
