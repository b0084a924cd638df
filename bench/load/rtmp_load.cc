// rtmp_load --file F.flv [--seconds 60] [--chunk-bytes 4096] URL...
//
// Publishes one FLV file to every URL, each paced in real time by the tags' timestamps like an
// encoder, over and over with rising times: one thread, the file read once and its bytes shared by
// all. A frame goes out in two sends, header and body, as ffmpeg's do. On SIGUSR1 and at the end it
// prints what was sent so far, one line of JSON:
//   {"frames": 4620, "bytes": 22500000, "late": 0, "lost": 0}
// Late is a frame more than kLateAfter behind its time; lost a connection that broke.

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flv_film.h"
#include "rtmp_publish.h"

namespace {

using namespace load;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kLateAfter{50};
constexpr std::size_t kBacklogBytesMax = 32 * 1024 * 1024;  // of one connection
constexpr std::uint32_t kExtendedTimestamp = 0xffffff;

/// One publisher: where it is in the film, and what the socket did not take yet.
class Publisher {
public:
    Publisher(const Film& film, int socket, Clock::time_point begin)
        : film_(&film), socket_(socket), begin_(begin) {}

    Clock::time_point due() const {
        return begin_ + Milliseconds{offset_ + film_->tags[next_].timestamp};
    }

    void send_next() {
        const Tag& tag = film_->tags[next_];
        if (offset_ == 0 || !tag.once) {
            if (Clock::now() - due() > kLateAfter) ++late_;
            send_tag(tag, offset_ + tag.timestamp);
        }
        if (++next_ < film_->tags.size()) return;
        next_ = 0;
        offset_ += film_->duration;
    }

    /// The socket takes bytes again, or the server has said something: nothing that matters here.
    void on_ready() {
        if (lost()) return;
        std::array<char, 4096> ignored;
        const ssize_t bytes = ::recv(socket_, ignored.data(), ignored.size(), MSG_DONTWAIT);
        if (bytes == 0 || (bytes < 0 && errno != EAGAIN)) return lose();
        if (!backlog_.empty()) send_backlog();
    }

    bool lost() const { return socket_ < 0; }
    std::uint64_t frames() const { return frames_; }
    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t late() const { return late_; }

private:
    void send_tag(const Tag& tag, std::uint32_t timestamp) {
        if (timestamp >= kExtendedTimestamp) die("a run of more than four hours");
        send_piece(header(chunk_stream_of(tag.type), tag.type, timestamp, tag.length, 1));
        send_piece(tag.wire);
        ++frames_;
    }

    void send_piece(std::string_view piece) {
        if (lost()) return;
        if (backlog_.empty()) piece.remove_prefix(send_some(piece));
        backlog_ += piece;
        if (backlog_.size() > kBacklogBytesMax) lose();
    }

    void send_backlog() {
        backlog_sent_ += send_some(std::string_view{backlog_}.substr(backlog_sent_));
        if (backlog_sent_ < backlog_.size()) return;
        backlog_.clear();
        backlog_sent_ = 0;
    }

    std::size_t send_some(std::string_view bytes) {
        const ssize_t sent =
            ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) lose();
        const auto count = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
        bytes_ += count;
        return count;
    }

    void lose() {
        ::close(socket_);
        socket_ = -1;
    }

    const Film* film_;
    int socket_;
    Clock::time_point begin_;
    std::size_t next_ = 0;
    std::uint32_t offset_ = 0;      // milliseconds that the film has run before this pass
    std::string backlog_;           // what the socket did not take
    std::size_t backlog_sent_ = 0;  // of it: taken since
    std::uint64_t frames_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t late_ = 0;
};

void print(const std::vector<Publisher>& publishers) {
    std::uint64_t frames = 0, bytes = 0, late = 0, lost = 0;
    for (const Publisher& publisher : publishers) {
        frames += publisher.frames();
        bytes += publisher.bytes();
        late += publisher.late();
        lost += publisher.lost() ? 1 : 0;
    }
    std::printf("{\"frames\": %lu, \"bytes\": %lu, \"late\": %lu, \"lost\": %lu}\n", frames, bytes,
                late, lost);
    std::fflush(stdout);
}

/// Sends every frame at its time until `end` or SIGTERM.
void run(std::vector<Publisher>& publishers, int epoll, int signals, Clock::time_point end) {
    using Due = std::pair<Clock::time_point, std::size_t>;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> queue;
    for (std::size_t i = 0; i < publishers.size(); ++i) queue.emplace(publishers[i].due(), i);
    while (Clock::now() < end) {
        const auto left = std::max(queue.top().first - Clock::now(), Clock::duration{});
        const timespec timeout{.tv_sec = left / std::chrono::seconds{1},
                               .tv_nsec = (left % std::chrono::seconds{1}).count()};
        std::array<epoll_event, 64> events;
        const int ready = ::epoll_pwait2(epoll, events.data(), events.size(), &timeout, nullptr);
        for (int i = 0; i < ready; ++i) {
            const std::uint64_t index = events[static_cast<std::size_t>(i)].data.u64;
            if (index < publishers.size()) {
                publishers[index].on_ready();
                continue;
            }
            signalfd_siginfo signal;
            if (::read(signals, &signal, sizeof signal) != sizeof signal) continue;
            if (signal.ssi_signo != SIGUSR1) return;
            print(publishers);
        }
        while (queue.top().first <= Clock::now()) {
            const std::size_t index = queue.top().second;
            queue.pop();
            publishers[index].send_next();
            queue.emplace(publishers[index].due(), index);
        }
    }
}

void watch(int epoll, int file, std::uint32_t events, std::uint64_t index) {
    epoll_event event{.events = events, .data = {.u64 = index}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event);
}

struct Options {
    const char* file = nullptr;
    int seconds = 60;
    int chunk_bytes = 4096;
    std::vector<std::string> urls;
};

Options read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (!word.starts_with("--")) {
            options.urls.emplace_back(word);
            continue;
        }
        if (++i == argc) die(std::string{word} + " needs a value");
        if (word == "--file")
            options.file = argv[i];
        else if (word == "--seconds")
            options.seconds = std::atoi(argv[i]);
        else if (word == "--chunk-bytes")
            options.chunk_bytes = std::atoi(argv[i]);
        else
            die(std::string{word} + " is no option");
    }
    if (!options.file || options.urls.empty() || options.seconds < 1 || options.chunk_bytes < 128)
        die("usage: rtmp_load --file F.flv [--seconds 60] [--chunk-bytes 4096] URL...");
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = read_options(argc, argv);
    const auto chunk_bytes = static_cast<std::size_t>(options.chunk_bytes);
    const Film film = read_film(options.file, chunk_bytes);

    sigset_t handled;
    sigemptyset(&handled);
    for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) sigaddset(&handled, signal);
    sigprocmask(SIG_BLOCK, &handled, nullptr);
    const int signals = ::signalfd(-1, &handled, SFD_CLOEXEC);
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, signals, EPOLLIN, options.urls.size());

    std::vector<int> sockets;
    for (const std::string& url : options.urls)
        sockets.push_back(publish(read_url(url), chunk_bytes));
    // The frames of many encoders do not come at the same instants: spread over one frame of 30 Hz.
    std::vector<Publisher> publishers;
    const auto begin = Clock::now();
    const auto count = static_cast<int>(sockets.size());
    for (int i = 0; i < count; ++i) {
        const int socket = sockets[static_cast<std::size_t>(i)];
        publishers.emplace_back(film, socket, begin + Milliseconds{33} * i / count);
        watch(epoll, socket, EPOLLIN | EPOLLOUT | EPOLLET, static_cast<std::uint64_t>(i));
    }
    run(publishers, epoll, signals, begin + std::chrono::seconds{options.seconds});
    print(publishers);
    return std::ranges::any_of(publishers, &Publisher::lost) ? 1 : 0;
}
