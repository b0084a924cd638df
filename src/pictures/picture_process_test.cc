#include "pictures/picture_process.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "pictures/test_key_frame.h"

namespace oxbow::pictures {
namespace {

using namespace std::chrono_literals;

constexpr PictureSize kSize{64, 48};
const std::string kReady = R"(printf '\0\0\0\0\0\0\0\0' >&3; )";

/// A helper that does what a line of shell says.
std::vector<std::string> shell(const std::string& line) {
    return {"/bin/sh", "-c", line};
}

/// A clock that a test moves on, beside the real one that deadlines need.
struct MovedClock final : Clock {
    WallTime wall() const override { return real.wall(); }
    SteadyTime steady() const override { return real.steady() + moved; }
    SystemClock real;
    std::chrono::milliseconds moved{0};
};

/// What is in a file, which is removed.
std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream{file};
    std::string text{std::istreambuf_iterator<char>{stream}, {}};
    std::filesystem::remove(file);
    return text;
}

Error failure(const std::string& line, PictureTimes times = {}) {
    const SystemClock clock;
    PictureProcess process{shell(line), clock, times};
    return process.jpeg_of(kRedKeyFrame, kSize).error();
}

TEST_CASE("a helper that ends at once costs the picture") {
    const Error error = failure("exit 1");

    CHECK(error.code == ErrorCode::Unavailable);
    CHECK(error.what.contains("has ended"));
}

TEST_CASE("a helper that ends while it is asked costs the picture") {
    CHECK(failure(kReady + "exit 0").code == ErrorCode::Unavailable);
    CHECK(failure(kReady + "kill -9 $$").code == ErrorCode::Unavailable);
}

TEST_CASE("a helper that says nothing is ended at its deadline") {
    CHECK(failure("sleep 100", {.start_max = 50ms}).code == ErrorCode::Timeout);
    CHECK(failure(kReady + "sleep 100", {.answer_max = 50ms}).code == ErrorCode::Timeout);
}

TEST_CASE("a picture that is under way fails at once when all are cancelled") {
    const SystemClock clock;
    PictureProcess process{shell(kReady + "sleep 100"), clock};
    std::thread other{[&] { process.cancel(); }};

    const auto error = process.jpeg_of(kRedKeyFrame, kSize).error();
    other.join();

    CHECK(error.what == "no more thumbnails are made");
}

TEST_CASE("a helper that was ended is gone before the next one starts") {
    MovedClock clock;
    const auto file = std::filesystem::temp_directory_path() / "oxbow-former-helper";
    const std::string look = R"sh(
        if [ -s "$0" ]; then
            [ -e "/proc/$(cat "$0")" ] && echo there > "$0" || echo gone > "$0"
        else
            echo $$ > "$0"
        fi; )sh";
    std::vector<std::string> command = shell(look + kReady + "exec sleep 100");
    command.push_back(file.string());
    PictureProcess process{std::move(command), clock, {.answer_max = 50ms, .rest_min = 10'000ms}};

    CHECK(process.jpeg_of(kRedKeyFrame, kSize).error().code == ErrorCode::Timeout);
    clock.moved += 10'000ms;
    CHECK(process.jpeg_of(kRedKeyFrame, kSize).error().code == ErrorCode::Timeout);

    CHECK(text_of(file) == "gone\n");
}

TEST_CASE("what a helper says is believed only as far as it makes sense") {
    CHECK(failure("echo nonsense >&3; sleep 100").what.contains("not an answer"));
    CHECK(failure(kReady + "cat /bin/sh >&3; sleep 100").code == ErrorCode::Unavailable);
    CHECK(failure(kReady + R"(printf '\0\0\0\0\377\377\377\377' >&3; sleep 100)")
              .what.contains("more than"));
    CHECK(failure(kReady + R"(printf '\0\0\0\0\0\0\0\004html' >&3; sleep 100)")
              .what.contains("not a picture"));
}

TEST_CASE("a helper says why there is no picture") {
    const auto said = [](char outcome) {
        return failure(kReady + fmt::format(R"(printf '\0\0\0\{:03o}\0\0\0\0' >&3; sleep 100)",
                                            static_cast<int>(outcome)));
    };

    CHECK(said(1).code == ErrorCode::Malformed);
    CHECK(said(2).code == ErrorCode::LimitExceeded);
    CHECK(said(3).code == ErrorCode::Unavailable);
    CHECK(failure(R"(printf '\0\0\0\004\0\0\0\0' >&3; sleep 100)").code == ErrorCode::Unsupported);
    CHECK(failure(R"(printf '\0\0\0\005\0\0\0\0' >&3; sleep 100)").code == ErrorCode::Unsupported);
}

TEST_CASE("a helper that failed is left alone, twice as long after each failure") {
    MovedClock clock;
    PictureProcess process{shell("exit 1"), clock, {.rest_min = 10'000ms, .rest_max = 15'000ms}};
    const auto what = [&] { return process.jpeg_of(kRedKeyFrame, kSize).error().what; };

    CHECK(what().contains("has ended"));
    CHECK(what().contains("left alone"));
    clock.moved += 10'000ms;
    CHECK(what().contains("has ended"));
    clock.moved += 14'000ms;
    CHECK(what().contains("left alone"));
    clock.moved += 1'000ms;
    CHECK(what().contains("has ended"));
}

/// What a helper sees that runs a line of shell, which writes it to the file "$0".
std::string seen_by_helper(const std::string& line) {
    const auto file = std::filesystem::temp_directory_path() / "oxbow-seen-by-helper";
    const SystemClock clock;
    std::vector<std::string> command = shell(line);
    command.push_back(file.string());
    PictureProcess process{std::move(command), clock};

    CHECK_FALSE(process.jpeg_of(kRedKeyFrame, kSize));

    return text_of(file);
}

TEST_CASE("a helper has none of our files, and its own socket alone") {
    // Neither a pipe nor a redirection, for which a shell has files of its own for a moment.
    CHECK(seen_by_helper(R"(find /proc/$$/fd -type l -fprintf "$0" '%f '; true)") == "0 1 2 3 ");
}

TEST_CASE("a helper sees nothing of our environment, which may hold secrets") {
    ::setenv("OXBOW_TEST_SECRET", "wJalrXUtnFEMI", 1);

    const std::string seen = seen_by_helper(R"(cat /proc/$$/environ > "$0")");

    CHECK(seen.starts_with("GLIBC_TUNABLES="));
    CHECK_FALSE(seen.contains("wJalrXUtnFEMI"));
    ::unsetenv("OXBOW_TEST_SECRET");
}

TEST_CASE("a key frame of more than kAccessUnitBytesMax is not shown to a helper") {
    const SystemClock clock;
    PictureProcess process{shell("exit 1"), clock};
    const auto code = [&](std::size_t bytes) {
        return process.jpeg_of(Bytes(bytes), kSize).error().code;
    };

    CHECK(code(kAccessUnitBytesMax + 1) == ErrorCode::LimitExceeded);
    CHECK(code(0) == ErrorCode::LimitExceeded);
    CHECK(code(kAccessUnitBytesMax) == ErrorCode::Unavailable);
}

}  // namespace
}  // namespace oxbow::pictures
