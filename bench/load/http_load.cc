// http_load: asks one URL over and over, or several at random, on keep-alive connections, as many
// times as the server can answer.
//
//   http_load --port 8080 --path /x [--path /y]... [--connections 32] [--seconds 3]
//   [--header "Name: value"]... [--status 200]
//
// One thread, bare epoll; large bodies are thrown away in the kernel (MSG_TRUNC), so that the
// client costs little beside what it measures. Out: one line of JSON: requests, bytes of bodies,
// errors, seconds.

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kHeadBytesMax = 16 * 1024;
constexpr std::size_t kThrowAwayBytes = 4 * 1024 * 1024;

struct Options {
    std::uint16_t port = 0;
    std::vector<std::string> paths;
    std::size_t connections = 32;
    double seconds = 3;
    std::vector<std::string> headers;
    int status = 200;
};

struct Totals {
    std::uint64_t requests = 0;
    std::uint64_t body_bytes = 0;
    std::uint64_t errors = 0;
};

/// What a browser sends with every request of a player.
std::string request_of(const Options& options, const std::string& path) {
    std::string out = "GET " + path + " HTTP/1.1\r\n" +
                      "Host: 127.0.0.1:" + std::to_string(options.port) + "\r\n" +
                      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like "
                      "Gecko) Chrome/126.0.0.0 Safari/537.36\r\n"
                      "Accept: */*\r\n"
                      "Accept-Language: en-GB,en;q=0.9\r\n"
                      "Origin: https://example.org\r\n"
                      "Referer: https://example.org/watch\r\n"
                      "Connection: keep-alive\r\n"
                      "Sec-Fetch-Dest: empty\r\n"
                      "Sec-Fetch-Mode: cors\r\n"
                      "Sec-Fetch-Site: cross-site\r\n";
    for (const std::string& header : options.headers) out += header + "\r\n";
    return out + "\r\n";
}

/// One keep-alive connection: sends the request, reads the answer, sends it again.
class Connection {
public:
    Connection(const Options& options, const std::vector<std::string>& requests, Totals& totals)
        : options_(options), requests_(requests), totals_(totals) {}
    ~Connection() { disconnect(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    bool connect(int epoll) {
        disconnect();
        head_.clear();
        body_left_ = 0;
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(options_.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            return false;
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = this;
        return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event) == 0 && ask();
    }

    /// Reads what is there. False: the connection is of no use any more.
    bool readable() {
        static std::array<char, kThrowAwayBytes> buffer;
        if (body_left_ > 0) {
            const std::size_t wanted = body_left_ < buffer.size() ? body_left_ : buffer.size();
            const ssize_t count = ::recv(fd_, buffer.data(), wanted, MSG_TRUNC | MSG_DONTWAIT);
            if (count < 0) return errno == EAGAIN || errno == EINTR;
            if (count == 0) return false;
            return body(static_cast<std::size_t>(count));
        }
        const ssize_t count = ::recv(fd_, buffer.data(), kHeadBytesMax, MSG_DONTWAIT);
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        if (count == 0) return false;
        head_.append(buffer.data(), static_cast<std::size_t>(count));
        const std::size_t end = head_.find("\r\n\r\n");
        if (end == std::string::npos) return head_.size() < kHeadBytesMax;
        return head(std::string_view{head_}.substr(0, end + 2), head_.size() - end - 4);
    }

private:
    void disconnect() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

    bool ask() {
        static std::minstd_rand random{7};
        const std::string& request = requests_[random() % requests_.size()];
        return ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(request.size());
    }

    bool head(std::string_view lines, std::size_t body_read) {
        int status = 0;
        if (lines.size() < 12) return false;
        std::from_chars(lines.data() + 9, lines.data() + 12, status);
        if (status != options_.status) return false;
        std::size_t length = 0;
        const std::size_t field = lines.find("\r\nContent-Length: ");
        if (field != std::string_view::npos) {
            const char* const digits = lines.data() + field + 18;
            std::from_chars(digits, lines.data() + lines.size(), length);
        }
        if (body_read > length) return false;
        body_left_ = length;
        return body(body_read);
    }

    bool body(std::size_t count) {
        body_left_ -= count;
        totals_.body_bytes += count;
        if (body_left_ > 0) return true;
        ++totals_.requests;
        head_.clear();
        return ask();
    }

    const Options& options_;
    const std::vector<std::string>& requests_;
    Totals& totals_;
    int fd_ = -1;
    std::string head_;
    std::size_t body_left_ = 0;
};

bool read_options(int count, char** words, Options& options) {
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view name = words[i];
        const char* const value = words[i + 1];
        if (name == "--port") {
            options.port = static_cast<std::uint16_t>(std::atoi(value));
        } else if (name == "--path") {
            options.paths.emplace_back(value);
        } else if (name == "--connections") {
            options.connections = static_cast<std::size_t>(std::atoi(value));
        } else if (name == "--seconds") {
            options.seconds = std::atof(value);
        } else if (name == "--header") {
            options.headers.emplace_back(value);
        } else if (name == "--status") {
            options.status = std::atoi(value);
        } else {
            return false;
        }
    }
    return count % 2 == 1 && options.port != 0 && !options.paths.empty();
}

}  // namespace

int main(int count, char** words) {
    Options options;
    if (!read_options(count, words, options)) {
        std::fputs(
            "http_load --port PORT --path PATH... [--connections N] [--seconds S] "
            "[--header LINE]... [--status CODE]\n",
            stderr);
        return 2;
    }
    std::vector<std::string> requests;
    for (const std::string& path : options.paths) requests.push_back(request_of(options, path));
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    Totals totals;
    std::vector<std::unique_ptr<Connection>> connections;
    for (std::size_t i = 0; i < options.connections; ++i) {
        connections.push_back(std::make_unique<Connection>(options, requests, totals));
        if (!connections.back()->connect(epoll)) {
            std::fprintf(stderr, "http_load: cannot connect to port %u: %s\n", options.port,
                         std::strerror(errno));
            return 1;
        }
    }
    const auto started = Clock::now();
    const auto end = started + std::chrono::duration<double>(options.seconds);
    std::array<epoll_event, 64> events;
    while (Clock::now() < end) {
        const int ready = ::epoll_wait(epoll, events.data(), events.size(), 100);
        for (int i = 0; i < ready; ++i) {
            auto* const connection =
                static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (connection->readable()) continue;
            ++totals.errors;
            if (!connection->connect(epoll)) break;
        }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
    std::printf("{\"requests\": %llu, \"bytes\": %llu, \"errors\": %llu, \"seconds\": %.3f}\n",
                static_cast<unsigned long long>(totals.requests),
                static_cast<unsigned long long>(totals.body_bytes),
                static_cast<unsigned long long>(totals.errors), seconds);
    return 0;
}
