#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "flv_film.h"

// What a publisher says before its first frame.

namespace load {

constexpr timeval kAnswerDeadline{.tv_sec = 10, .tv_usec = 0};  // of connect and publish
constexpr std::size_t kHandshakeBytes = 1536;

// AMF0, as far as a publisher's commands need it.
inline std::string text(std::string_view value) {
    std::string out{'\2'};
    append_number(out, static_cast<std::uint32_t>(value.size()), 2);
    return out.append(value);
}

inline std::string number(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    std::string out{'\0'};
    append_number(out, static_cast<std::uint32_t>(bits >> 32), 4);
    append_number(out, static_cast<std::uint32_t>(bits), 4);
    return out;
}

inline std::string member(std::string_view name, std::string_view value) {
    return text(name).substr(1) + text(value);
}

inline std::string header(std::uint8_t chunk_stream, std::uint8_t type, std::uint32_t timestamp,
                          std::uint32_t length, std::uint8_t stream) {
    std::string out{static_cast<char>(chunk_stream)};
    append_number(out, timestamp, 3);
    append_number(out, length, 3);
    out.push_back(static_cast<char>(type));
    out.push_back(static_cast<char>(stream));  // little-endian
    out.append(3, '\0');
    return out;
}

inline std::string command(const std::string& body, std::uint8_t stream = 0) {
    return header(3, 20, 0, static_cast<std::uint32_t>(body.size()), stream) +
           in_chunks(body, 3, 128);
}

// rtmp://127.0.0.1:1935/app/sk_...
struct Url {
    std::string app_url, app, key;
    sockaddr_in address{};
};

inline Url read_url(const std::string& url) {
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

inline void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) die("the server does not take the commands");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// Reads until `until` has come, or `count` bytes.
inline void receive(int socket, std::size_t count, std::string_view until) {
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
inline int publish(const Url& url, std::size_t chunk_bytes) {
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
    send_all(socket, command(text("createStream") + number(2) + '\5'));
    receive(socket, 0, "_result");
    send_all(socket, command(text("publish") + number(3) + '\5' + text(url.key) + text("live"), 1));
    receive(socket, 0, "NetStream.Publish.Start");
    std::string sizes = header(2, 1, 0, 4, 0);
    append_number(sizes, static_cast<std::uint32_t>(chunk_bytes), 4);
    send_all(socket, sizes);
    return socket;
}

}  // namespace load
