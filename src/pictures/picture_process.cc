#include "pictures/picture_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pictures/helper.h"

namespace oxbow::pictures {
namespace {

/// How often a wait looks whether it was cancelled.
constexpr std::chrono::milliseconds kLookEvery{100};
constexpr const char* kCancelled = "no more thumbnails are made";

/// Each picture is made in fresh memory, by a process of its own: in pages of 2 MB, where the
/// system has them, that is half of the time.
constexpr const char* kTunables =
    "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:"
    "glibc.malloc.top_pad=67108864";

/// What the helper is told of our environment, which may hold secrets: where its libraries are, and
/// what sanitizers are to do.
bool is_for_helper(std::string_view variable) {
    const std::string_view name = variable.substr(0, variable.find('='));
    return name == "LD_LIBRARY_PATH" || name.ends_with("SAN_OPTIONS");
}

std::vector<char*> environment_of_helper() {
    std::vector<char*> out;
    for (char** each = environ; *each != nullptr; ++each) {
        if (is_for_helper(*each)) out.push_back(*each);
    }
    return out;
}

std::unexpected<Error> unavailable(std::string_view what) {
    return fail(ErrorCode::Unavailable,
                fmt::format("the helper that makes thumbnails {}: {}", what, std::strerror(errno)));
}

std::unexpected<Error> gone() {
    return fail(ErrorCode::Unavailable, "the helper that makes thumbnails has ended");
}

/// What a failed picture is called for the operator.
Result<void> told(Outcome outcome) {
    switch (outcome) {
        case Outcome::Done:
            return {};
        case Outcome::Undecodable:
            return fail(ErrorCode::Malformed, "the key frame cannot be decoded, or is damaged");
        case Outcome::TooLarge:
            return fail(ErrorCode::LimitExceeded,
                        fmt::format("its JPEG has more than {} bytes", kJpegBytesMax));
        case Outcome::Crashed:
            return fail(ErrorCode::Unavailable,
                        "the process that decoded the key frame crashed, or was ended by its "
                        "limits");
        case Outcome::NoLibraries:
            return fail(ErrorCode::Unsupported,
                        "FFmpeg's libraries are not installed (Debian: libavcodec59, libswscale6)");
        case Outcome::NotConfined:
            return fail(ErrorCode::Unsupported,
                        "this system does not let a process give up its rights (seccomp), and "
                        "without that no key frame is decoded");
    }
    return {};
}

/// The actions of posix_spawn, freed.
struct SpawnOptions {
    SpawnOptions() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    SpawnOptions(const SpawnOptions&) = delete;
    SpawnOptions& operator=(const SpawnOptions&) = delete;
    ~SpawnOptions() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

/// Its socket, nothing else of ours, no signal blocked or ignored, and a group of its own, so that
/// it hears no Ctrl-C and is ended together with the processes that it starts.
void describe(SpawnOptions& options, int socket) {
    ::posix_spawn_file_actions_addopen(&options.actions, 0, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&options.actions, 0, 1);
    ::posix_spawn_file_actions_adddup2(&options.actions, socket, kHelperSocket);
    ::posix_spawn_file_actions_addclosefrom_np(&options.actions, kHelperSocket + 1);
    sigset_t all;
    ::sigfillset(&all);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&options.attributes, &all);
    ::posix_spawnattr_setsigmask(&options.attributes, &none);
    ::posix_spawnattr_setpgroup(&options.attributes, 0);
    ::posix_spawnattr_setflags(&options.attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                        POSIX_SPAWN_SETPGROUP);
}

}  // namespace

PictureProcess::PictureProcess(std::vector<std::string> command, const Clock& clock,
                               PictureTimes times)
    : command_(std::move(command)), clock_(clock), times_(times) {}

PictureProcess::~PictureProcess() {
    end();
}

Result<Bytes> PictureProcess::jpeg_of(BytesView access_unit, PictureSize size) {
    if (access_unit.empty() || access_unit.size() > kAccessUnitBytesMax) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("the key frame has more than {} bytes", kAccessUnitBytesMax));
    }
    if (socket_ < 0) {
        if (clock_.steady() < not_before_) {
            return fail(ErrorCode::Unavailable,
                        "the helper that makes thumbnails has failed, and is left alone a while");
        }
        if (auto started = start(); !started) {
            failed();
            return std::unexpected(started.error());
        }
    }
    return ask(access_unit, size);
}

Result<Bytes> PictureProcess::ask(BytesView access_unit, PictureSize size) {
    const SteadyTime deadline = clock_.steady() + times_.answer_max;
    const Request request{.access_unit_bytes = static_cast<std::uint32_t>(access_unit.size()),
                          .size = size};
    std::array<std::uint8_t, kAnswerBytes> header{};
    auto done = send(to_bytes(request), deadline);
    if (done) done = send(access_unit, deadline);
    if (done) done = receive(header, deadline);
    auto answer = done ? read_answer(header) : std::unexpected(done.error());
    Bytes jpeg(answer ? answer->jpeg_bytes : 0);
    if (answer && !jpeg.empty()) {
        if (auto received = receive(jpeg, deadline); !received)
            answer = std::unexpected(received.error());
    }
    if (answer && answer->outcome == Outcome::Done) {
        if (auto right = check_jpeg(jpeg, size); !right) {
            answer = fail(ErrorCode::Unavailable,
                          "the helper that makes thumbnails has made none: " + right.error().what);
        }
    }
    if (!answer) {
        failed();
        if (answer.error().code == ErrorCode::Timeout) return std::unexpected(answer.error());
        return fail(ErrorCode::Unavailable, answer.error().what);
    }
    rest_ = std::chrono::milliseconds{0};
    if (auto made = told(answer->outcome); !made) return std::unexpected(made.error());
    return jpeg;
}

// --- The process ---------------------------------------------------------------------------------

Result<void> PictureProcess::start() {
    if (auto ended = await_end_of_former(); !ended) return ended;
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0)
        return unavailable("cannot be connected");
    socket_ = ends[0];
    std::vector<char*> arguments;
    arguments.reserve(command_.size() + 1);
    for (std::string& word : command_) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::string tunables = kTunables;
    std::vector<char*> environment = environment_of_helper();
    environment.push_back(tunables.data());
    environment.push_back(nullptr);
    SpawnOptions options;
    // dup2 of a number to itself would leave it to be closed at exec.
    const int above = ::fcntl(ends[1], F_DUPFD_CLOEXEC, kHelperSocket + 1);
    ::close(ends[1]);
    if (above < 0) return unavailable("cannot be connected");
    describe(options, above);
    // Not fork: that would copy the page tables of a server with gigabytes of media.
    const int error = ::posix_spawn(&pid_, arguments[0], &options.actions, &options.attributes,
                                    arguments.data(), environment.data());
    ::close(above);
    if (error != 0) {
        pid_ = -1;
        errno = error;
        return unavailable("cannot be started");
    }
    return await_ready();
}

Result<void> PictureProcess::await_ready() {
    std::array<std::uint8_t, kAnswerBytes> bytes{};
    const auto received = receive(bytes, clock_.steady() + times_.start_max);
    if (!received) return received;
    const auto answer = read_answer(bytes);
    if (!answer) return fail(ErrorCode::Unavailable, answer.error().what);
    if (answer->jpeg_bytes != 0)
        return fail(ErrorCode::Unavailable, "the helper that makes thumbnails talks nonsense");
    return told(answer->outcome);
}

void PictureProcess::end() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    if (pid_ < 0) return;
    ::kill(-pid_, SIGKILL);  // and what it has started
    ::kill(pid_, SIGKILL);   // before it has a group of its own
    // Its end takes the time of a busy machine, which does not give it much: nobody waits for that.
    former_ = std::exchange(pid_, -1);
    static_cast<void>(former_has_ended());
}

bool PictureProcess::former_has_ended() {
    if (former_ < 0) return true;
    const pid_t ended = ::waitpid(former_, nullptr, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return false;
    former_ = -1;
    return true;
}

/// So there is never more than one that has not ended yet.
Result<void> PictureProcess::await_end_of_former() {
    const SteadyTime deadline = clock_.steady() + times_.start_max;
    while (!former_has_ended()) {
        if (cancelled_) return fail(ErrorCode::Unavailable, kCancelled);
        if (clock_.steady() >= deadline)
            return fail(ErrorCode::Timeout, "the helper that makes thumbnails does not end");
        ::poll(nullptr, 0, static_cast<int>(kLookEvery.count()) / 10);
    }
    return {};
}

void PictureProcess::failed() {
    end();
    rest_ = std::clamp(2 * rest_, times_.rest_min, times_.rest_max);
    not_before_ = clock_.steady() + rest_;
}

// --- Its socket ----------------------------------------------------------------------------------

Result<void> PictureProcess::await(short events, SteadyTime deadline) const {
    while (true) {
        if (cancelled_) return fail(ErrorCode::Unavailable, kCancelled);
        const auto left = std::min(deadline - clock_.steady(), kLookEvery);
        pollfd waiting{.fd = socket_, .events = events, .revents = 0};
        const int ready =
            left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return unavailable("cannot be heard");
        if (ready > 0) return {};
        if (clock_.steady() < deadline) continue;
        return fail(ErrorCode::Timeout, "the helper that makes thumbnails took too long");
    }
}

Result<void> PictureProcess::send(BytesView bytes, SteadyTime deadline) const {
    while (!bytes.empty()) {
        if (auto ready = await(POLLOUT, deadline); !ready) return ready;
        const ssize_t count =
            ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return gone();
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> PictureProcess::receive(std::span<std::uint8_t> out, SteadyTime deadline) const {
    while (!out.empty()) {
        if (auto ready = await(POLLIN, deadline); !ready) return ready;
        const ssize_t count = ::recv(socket_, out.data(), out.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) return gone();
        out = out.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

}  // namespace oxbow::pictures
