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
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kLateAfter{50};
constexpr timeval kAnswerDeadline{.tv_sec = 10, .tv_usec = 0};  // of connect and publish
constexpr std::size_t kHandshakeBytes = 1536;
constexpr std::size_t kBacklogBytesMax = 8 * 1024 * 1024;  // unsent, of one connection
constexpr std::uint32_t kExtendedTimestamp = 0xffffff;

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "rtmp_load: %s\n", why.c_str());
    std::exit(1);
}

/// The body of a message as it goes over the wire: chunks behind the first, with their headers.
struct Tag {
    std::uint8_t type;        // 8 audio, 9 video, 18 data
    std::uint32_t timestamp;  // milliseconds from the file's first tag
    std::uint32_t length;     // of the message
    std::string wire;
    bool once;  // sequence headers and metadata: not again when the file begins anew
};

struct Film {
    std::vector<Tag> tags;
    std::uint32_t duration = 0;  // milliseconds, the last frame included
};

std::uint8_t chunk_stream_of(std::uint8_t type) {
    return type == 8 ? 4 : 6;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

void append_number(std::string& out, std::uint32_t value, std::size_t count) {
    for (std::size_t i = count; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::string in_chunks(std::string_view body, std::uint8_t chunk_stream, std::size_t chunk_bytes) {
    std::string out{body.substr(0, chunk_bytes)};
    for (std::size_t at = chunk_bytes; at < body.size(); at += chunk_bytes) {
        out.push_back(static_cast<char>(0xc0 | chunk_stream));
        out += body.substr(at, chunk_bytes);
    }
    return out;
}

// Source: FLV 10.1 Annex E.4.1.
Film read_film(const char* path, std::size_t chunk_bytes) {
    std::ifstream in{path, std::ios::binary};
    const std::string file{std::istreambuf_iterator<char>{in}, {}};
    if (file.size() < 13 || file.substr(0, 3) != "FLV") die(std::string{path} + " is no FLV file");
    Film film;
    for (std::size_t at = 13; at + 11 <= file.size();) {
        const auto type = static_cast<std::uint8_t>(file[at]);
        const std::uint32_t length = number_at(file, at + 1, 3);
        const std::uint32_t time = number_at(file, at + 4, 3) | number_at(file, at + 7, 1) << 24;
        if (at + 11 + length > file.size()) break;
        const std::string_view body = std::string_view{file}.substr(at + 11, length);
        const bool media = type != 18 && length > 1;
        const bool frame = media && body[1] == 1;
        const bool last = media && body[1] == 2;  // end of sequence: there is none
        if (!last) {
            film.tags.push_back(
                {type, time, length, in_chunks(body, chunk_stream_of(type), chunk_bytes), !frame});
        }
        at += 11 + length + 4;
    }
    if (film.tags.empty()) die(std::string{path} + " holds no tag");
    const std::uint32_t first = film.tags.front().timestamp;
    std::uint32_t before = 0;
    std::uint32_t last = 0;
    for (Tag& tag : film.tags) {
        tag.timestamp -= first;
        if (tag.type == 9 && !tag.once) before = std::exchange(last, tag.timestamp);
    }
    film.duration = 2 * last - before;
    // Sound that outlasts the pictures would come late when the film begins anew.
    std::erase_if(film.tags, [&](const Tag& tag) { return tag.timestamp >= film.duration; });
    return film;
}

// AMF0, as far as a publisher's commands need it.
std::string text(std::string_view value) {
    std::string out{'\2'};
    append_number(out, static_cast<std::uint32_t>(value.size()), 2);
    return out.append(value);
}

std::string number(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    std::string out{'\0'};
    append_number(out, static_cast<std::uint32_t>(bits >> 32), 4);
    append_number(out, static_cast<std::uint32_t>(bits), 4);
    return out;
}

std::string member(std::string_view name, std::string_view value) {
    return text(name).substr(1) + text(value);
}

std::string header(std::uint8_t chunk_stream, std::uint8_t type, std::uint32_t timestamp,
                   std::uint32_t length, std::uint8_t stream) {
    std::string out{static_cast<char>(chunk_stream)};
    append_number(out, timestamp, 3);
    append_number(out, length, 3);
    out.push_back(static_cast<char>(type));
    out.push_back(static_cast<char>(stream));  // little-endian
    out.append(3, '\0');
    return out;
}

std::string command(const std::string& body, std::uint8_t stream = 0) {
    return header(3, 20, 0, static_cast<std::uint32_t>(body.size()), stream) +
           in_chunks(body, 3, 128);
}

// rtmp://127.0.0.1:1935/app/sk_...
struct Url {
    std::string app_url, app, key;
    sockaddr_in address{};
};

Url read_url(const std::string& url) {
    constexpr std::string_view kScheme = "rtmp://";
    const std::size_t colon = url.find(':', kScheme.size());
    const std::size_t app = url.find('/', kScheme.size());
    const std::size_t key = url.find('/', app + 1);
    if (!url.starts_with(kScheme) || colon > app || key == std::string::npos)
        die(url + " is not rtmp://ADDRESS:PORT/APP/KEY");
    Url out{url.substr(0, key), url.substr(app + 1, key - app - 1), url.substr(key + 1), {}};
    const std::string host = url.substr(kScheme.size(), colon - kScheme.size());
    std::uint16_t port = 0;
    std::from_chars(url.data() + colon + 1, url.data() + app, port);
    out.address.sin_family = AF_INET;
    out.address.sin_port = htons(port);
    if (inet_pton(AF_INET, host.c_str(), &out.address.sin_addr) != 1) die(host + " is no address");
    return out;
}

void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) die("the server does not take the commands");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// Reads until `until` has come, or `count` bytes.
void receive(int socket, std::size_t count, std::string_view until) {
    std::string got;
    std::array<char, 4096> buffer;
    while (until.empty() ? got.size() < count : got.find(until) == std::string::npos) {
        const std::size_t wanted =
            until.empty() ? std::min(buffer.size(), count - got.size()) : buffer.size();
        const ssize_t bytes = ::recv(socket, buffer.data(), wanted, 0);
        if (bytes <= 0) die("the server hung up, or did not answer, before " + std::string{until});
        got.append(buffer.data(), static_cast<std::size_t>(bytes));
    }
}

/// Connects, shakes hands and asks to publish, with waits: done before the first frame is due.
int publish(const Url& url, std::size_t chunk_bytes) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kAnswerDeadline, sizeof kAnswerDeadline);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&url.address), sizeof url.address) != 0)
        die("cannot connect to " + url.app_url);
    send_all(socket, '\3' + std::string(kHandshakeBytes, '\0'));
    receive(socket, 1 + 2 * kHandshakeBytes, {});
    send_all(socket, std::string(kHandshakeBytes, '\0'));
    const std::string end_of_object{"\0\0\x09", 3};
    send_all(socket, command(text("connect") + number(1) + '\3' + member("app", url.app) +
                             member("type", "nonprivate") + member("flashVer", "rtmp_load") +
                             member("tcUrl", url.app_url) + end_of_object));
    receive(socket, 0, "NetConnection.Connect.Success");
    std::string sizes = header(2, 1, 0, 4, 0);
    append_number(sizes, static_cast<std::uint32_t>(chunk_bytes), 4);
    send_all(socket, command(text("createStream") + number(2) + '\5'));
    receive(socket, 0, "_result");
    send_all(socket, command(text("publish") + number(3) + '\5' + text(url.key) + text("live"), 1));
    receive(socket, 0, "NetStream.Publish.Start");
    send_all(socket, sizes);
    return socket;
}

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
        const std::string rest = std::exchange(backlog_, {});
        if (!rest.empty()) send_piece(rest);
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
        ssize_t sent = 0;
        if (backlog_.empty())
            sent = ::send(socket_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return lose();
        sent = std::max<ssize_t>(sent, 0);
        bytes_ += static_cast<std::uint64_t>(sent);
        backlog_ += piece.substr(static_cast<std::size_t>(sent));
        if (backlog_.size() > kBacklogBytesMax) lose();
    }

    void lose() {
        ::close(socket_);
        socket_ = -1;
    }

    const Film* film_;
    int socket_;
    Clock::time_point begin_;
    std::size_t next_ = 0;
    std::uint32_t offset_ = 0;  // milliseconds that the film has run before this pass
    std::string backlog_;
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
