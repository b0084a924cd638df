// watch_load: many low-latency viewers of some live playlists, each on a connection of its own.
//
//   watch_load --port 8080 --seconds 60 --viewers 40 PATH...     (40 of each path)
//
// A viewer reloads its playlist, each time with _HLS_msn and _HLS_part of what comes next, and then
// fetches every part that is new, as players do. One thread, bare epoll; media is thrown away in
// the kernel. Out: one line of JSON: reloads, parts, bytes of media, errors (what is no 200, a
// reload that lacks what it asked for, a connection that ended), and the longest time that a viewer
// was without a new part, in seconds, counted from its first one.

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytesMax = 1024 * 1024;
constexpr std::uint32_t kViewersPerAddress = 500;  // the server takes 1,000 from one

struct Totals {
    std::uint64_t reloads = 0;
    std::uint64_t parts = 0;
    std::uint64_t media_bytes = 0;
    std::uint64_t errors = 0;
    double longest_without = 0;
};

/// What a viewer needs of a playlist.
struct Reach {
    std::uint64_t segment = 0;  // that comes next, or is open
    std::uint64_t part = 0;     // of it, that comes next
    std::vector<std::string_view> parts;
};

std::uint64_t number_behind(std::string_view text, std::string_view name) {
    std::uint64_t out = 0;
    const std::size_t at = text.find(name);
    if (at != std::string_view::npos)
        std::from_chars(text.data() + at + name.size(), text.data() + text.size(), out);
    return out;
}

Reach read(std::string_view text) {
    Reach out;
    out.segment = number_behind(text, "#EXT-X-MEDIA-SEQUENCE:");
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.starts_with("#EXT-X-PART:")) {
            const std::size_t from = line.find("URI=\"") + 5;
            out.parts.push_back(line.substr(from, line.find('"', from) - from));
            ++out.part;
        } else if (!line.empty() && line[0] != '#') {
            ++out.segment;
            out.part = 0;
        }
    }
    return out;
}

class Viewer {
public:
    Viewer(std::uint16_t port, std::string path, std::uint32_t number, Totals& totals)
        : port_(port), path_(std::move(path)), number_(number), totals_(totals) {}
    ~Viewer() {
        if (fd_ >= 0) ::close(fd_);
    }
    Viewer(const Viewer&) = delete;
    Viewer& operator=(const Viewer&) = delete;

    bool connect(int epoll) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number_ / kViewersPerAddress);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port_);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
            ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
            return false;
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = this;
        return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event) == 0 && ask(path_);
    }

    /// Reads what is there. False: it is an error, and this viewer is through.
    bool readable() {
        static std::array<char, kReadBytesMax> buffer;
        const bool thrown_away = in_media_ && body_left_;
        const std::size_t wanted =
            thrown_away ? std::min(*body_left_, buffer.size()) : buffer.size();
        const ssize_t count =
            ::recv(fd_, buffer.data(), wanted, MSG_DONTWAIT | (thrown_away ? MSG_TRUNC : 0));
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        if (count == 0) return false;
        if (!thrown_away) text_.append(buffer.data(), static_cast<std::size_t>(count));
        if (!body_left_ && !head()) return text_.find("\r\n\r\n") == std::string::npos;
        const std::size_t more =
            thrown_away ? static_cast<std::size_t>(count) : std::exchange(unread_, 0);
        if (thrown_away || in_media_) {
            *body_left_ -= std::min(*body_left_, more);
            return *body_left_ > 0 || part_is_there();
        }
        return text_.size() < *body_left_ || playlist_is_there();
    }

    double without(Clock::time_point now) const {
        return newest_ ? std::chrono::duration<double>(now - *newest_).count() : 0;
    }

private:
    bool ask(std::string_view target) {
        text_.clear();
        body_left_.reset();
        const std::string request = "GET " + std::string{target} +
                                    " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
                                    "\r\nUser-Agent: watch_load\r\nAccept: */*\r\n\r\n";
        return ::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(request.size());
    }

    /// Takes the head away, so that text_ is the body. False: it is not whole, or no 200.
    bool head() {
        const std::size_t end = text_.find("\r\n\r\n");
        if (end == std::string::npos || !text_.starts_with("HTTP/1.1 200 ")) return false;
        body_left_ = number_behind(std::string_view{text_}.substr(0, end), "Content-Length: ");
        if (in_media_) totals_.media_bytes += *body_left_;
        text_.erase(0, end + 4);
        unread_ = text_.size();
        return true;
    }

    bool playlist_is_there() {
        ++totals_.reloads;
        const Reach now = read(text_);
        const bool moved = now.segment > segment_ || (now.segment == segment_ && now.part > part_);
        if (!moved) return false;
        segment_ = now.segment;
        part_ = now.part;
        // What is newer than the newest one fetched; at first the newest alone.
        auto from = std::find(now.parts.begin(), now.parts.end(), last_);
        from = from == now.parts.end() ? now.parts.end() - (now.parts.empty() ? 0 : 1) : from + 1;
        for (; from != now.parts.end(); ++from) wanted_.emplace_back(*from);
        return next();
    }

    bool part_is_there() {
        const auto now = Clock::now();
        totals_.longest_without = std::max(totals_.longest_without, without(now));
        newest_ = now;
        ++totals_.parts;
        return next();
    }

    bool next() {
        in_media_ = !wanted_.empty();
        if (!in_media_) {
            return ask(path_ + "?_HLS_msn=" + std::to_string(segment_) +
                       "&_HLS_part=" + std::to_string(part_));
        }
        last_ = wanted_.front();
        wanted_.pop_front();
        std::string_view target = last_;
        while (target.starts_with("../")) target.remove_prefix(3);  // they lead to the root
        return ask("/" + std::string{target});
    }

    std::uint16_t port_;
    std::string path_;
    std::uint32_t number_;
    Totals& totals_;
    int fd_ = -1;
    std::string text_;
    std::optional<std::size_t> body_left_;
    std::size_t unread_ = 0;  // of the body, in text_
    bool in_media_ = false;
    std::uint64_t segment_ = 0;
    std::uint64_t part_ = 0;
    std::string last_;
    std::deque<std::string> wanted_;
    std::optional<Clock::time_point> newest_;
};

struct Options {
    std::uint16_t port = 0;
    double seconds = 60;
    std::uint32_t viewers = 1;
    std::vector<std::string> paths;
};

bool read_options(int count, char** words, Options& options) {
    for (int i = 1; i < count; ++i) {
        const std::string_view name = words[i];
        if (name.starts_with("/")) {
            options.paths.emplace_back(name);
            continue;
        }
        if (i + 1 == count) return false;
        const char* const value = words[++i];
        if (name == "--port") {
            options.port = static_cast<std::uint16_t>(std::atoi(value));
        } else if (name == "--seconds") {
            options.seconds = std::atof(value);
        } else if (name == "--viewers") {
            options.viewers = static_cast<std::uint32_t>(std::atoi(value));
        } else {
            return false;
        }
    }
    return options.port != 0 && !options.paths.empty();
}

}  // namespace

int main(int count, char** words) {
    Options options;
    if (!read_options(count, words, options)) {
        std::fputs("watch_load --port PORT [--seconds S] [--viewers N] PATH...\n", stderr);
        return 2;
    }
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    Totals totals;
    std::vector<std::unique_ptr<Viewer>> viewers;
    for (std::uint32_t i = 0; i < options.viewers; ++i) {
        for (const std::string& path : options.paths) {
            const auto number = static_cast<std::uint32_t>(viewers.size());
            viewers.push_back(std::make_unique<Viewer>(options.port, path, number, totals));
            if (!viewers.back()->connect(epoll)) {
                std::perror("watch_load: cannot connect");
                return 1;
            }
        }
    }
    const auto started = Clock::now();
    const auto end = started + std::chrono::duration<double>(options.seconds);
    std::array<epoll_event, 64> events;
    while (Clock::now() < end) {
        const int ready = ::epoll_wait(epoll, events.data(), events.size(), 100);
        for (int i = 0; i < ready; ++i) {
            auto* const viewer = static_cast<Viewer*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (viewer->readable()) continue;
            ++totals.errors;
            std::erase_if(viewers, [&](const auto& one) { return one.get() == viewer; });
        }
    }
    // Who waits in vain has no newer part that would tell.
    for (const auto& viewer : viewers)
        totals.longest_without = std::max(totals.longest_without, viewer->without(Clock::now()));
    std::printf(
        "{\"viewers\": %zu, \"reloads\": %llu, \"parts\": %llu, \"bytes\": %llu, \"errors\": %llu, "
        "\"longest_without\": %.2f}\n",
        viewers.size(), static_cast<unsigned long long>(totals.reloads),
        static_cast<unsigned long long>(totals.parts),
        static_cast<unsigned long long>(totals.media_bytes),
        static_cast<unsigned long long>(totals.errors), totals.longest_without);
    return 0;
}
