#include "edge/request_log.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/random.h"
#include "net/test_request.h"

using namespace oxbow;
using namespace oxbow::edge;

namespace {

struct LogFolder {
    LogFolder()
        : path(std::filesystem::temp_directory_path() / ("oxbow-log-" + random_alphanumeric(12))) {
        std::filesystem::create_directory(path);
    }
    ~LogFolder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

std::string content(const std::filesystem::path& file) {
    std::ostringstream out;
    out << std::ifstream{file}.rdbuf();
    return out.str();
}

void note(RequestLog& log, std::string path) {
    const net::TestRequest request{.path = std::move(path), .peer = "192.0.2.7:1"};
    log.note(request, {.status = 200, .protocol = "HTTP/1.1"}, "page");
}

const SystemClock kClock;

}  // namespace

TEST_CASE("what was told is in the file when the log has ended") {
    const LogFolder folder;
    auto log = RequestLog::open({.mode = LogMode::On, .file = folder.path / "requests.log"}, kClock)
                   .value();

    note(*log, "/one");
    note(*log, "/two");
    log->stop();

    const std::string text = content(folder.path / "requests.log");
    CHECK(std::ranges::count(text, '\n') == 2);
    CHECK(text.find("GET /one ") < text.find("GET /two "));
    CHECK(log->lost() == 0);
    struct stat info{};
    REQUIRE(::stat((folder.path / "requests.log").c_str(), &info) == 0);
    CHECK((info.st_mode & 0137) == 0);
}

TEST_CASE("one in so many is written of a sampled log, none of one that is off") {
    const LogFolder folder;
    auto sampled = RequestLog::open({.mode = LogMode::Sampled,
                                     .format = LogFormat::Json,
                                     .one_in = 10,
                                     .file = folder.path / "sampled.log"},
                                    kClock)
                       .value();
    auto off =
        RequestLog::open({.mode = LogMode::Off, .file = folder.path / "off.log"}, kClock).value();

    for (int i = 0; i < 35; ++i) {
        note(*sampled, fmt::format("/{}", i));
        note(*off, "/");
    }
    sampled->stop();
    off->stop();

    const std::string text = content(folder.path / "sampled.log");
    CHECK(std::ranges::count(text, '\n') == 4);
    CHECK(text.contains("\"target\":\"/30\""));
    CHECK_FALSE(std::filesystem::exists(folder.path / "off.log"));
}

TEST_CASE("a log whose file was moved goes on in a new one when it is told to") {
    const LogFolder folder;
    const auto file = folder.path / "requests.log";
    const auto old = folder.path / "requests.log.1";
    auto log = RequestLog::open({.mode = LogMode::On, .file = file}, kClock).value();
    note(*log, "/before");

    std::filesystem::rename(file, old);
    log->reopen();
    while (!std::filesystem::exists(file)) ::usleep(1'000);
    note(*log, "/behind");
    log->stop();

    CHECK(content(old).contains("GET /before "));
    CHECK_FALSE(content(old).contains("GET /behind "));
    CHECK(content(file).contains("GET /behind "));
}

TEST_CASE("a file that cannot be written is told at the start, by its name") {
    const LogFolder folder;
    const auto log = RequestLog::open({.mode = LogMode::On, .file = folder.path}, kClock);

    REQUIRE_FALSE(log.has_value());
    CHECK(log.error().what ==
          fmt::format("cannot write the request log {}: Is a directory; name another file with "
                      "edge.request_log_file",
                      folder.path.string()));
}

TEST_CASE(
    "what a pipe that nobody reads does not take is lost, counted, and waited for by nobody") {
    const LogFolder folder;
    const auto pipe = folder.path / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_FALSE(RequestLog::open({.mode = LogMode::On, .file = pipe}, kClock).has_value());
    const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    auto log = RequestLog::open({.mode = LogMode::On, .file = pipe}, kClock).value();

    // More than the pipe, what is being written and the queue hold together.
    const std::string path = "/" + std::string(1'900, 'a');
    const std::size_t lines = (2 * kLogQueueBytesMax + 1'024 * 1'024) / path.size();
    for (std::size_t i = 0; i < lines; ++i) note(*log, path);
    CHECK(log->lost() > 0);
    log->stop();

    std::string read(1'024 * 1'024, '\0');
    const ssize_t count = ::read(reader, read.data(), read.size());
    REQUIRE(count > 0);
    const auto written = std::ranges::count(read.substr(0, static_cast<std::size_t>(count)), '\n');
    CHECK(log->lost() + static_cast<std::uint64_t>(written) == lines);
    ::close(reader);
}
