#include "app/ready_file.h"

#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <boost/json.hpp>

namespace oxbow::app {

namespace {

boost::json::value or_null(const std::optional<std::string>& text) {
    return text ? boost::json::value(*text) : boost::json::value(nullptr);
}

}  // namespace

std::string ready_json(const ReadyInfo& info) {
    boost::json::value credentials = nullptr;
    if (!info.credentials.empty())
        credentials = std::filesystem::absolute(info.credentials).lexically_normal().string();
    return boost::json::serialize(boost::json::object{{"pid", ::getpid()},
                                                      {"http", info.http},
                                                      {"https", or_null(info.https)},
                                                      {"api", info.api},
                                                      {"rtmp", or_null(info.rtmp)},
                                                      {"rtmps", or_null(info.rtmps)},
                                                      {"srt", nullptr},
                                                      {"credentials", credentials}});
}

Result<void> write_atomically(const std::filesystem::path& file, const std::string& text) {
    std::filesystem::path temporary = file;
    temporary += fmt::format(".{}.tmp", ::getpid());
    std::ofstream out{temporary, std::ios::binary | std::ios::trunc};
    out << text << '\n';
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(temporary, file, error);
    if (!out || error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot write {}: {}", file.string(),
                                error ? error.message() : std::strerror(errno)));
    }
    return {};
}

void notify_systemd() {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t length = std::strlen(path);
    if (length == 0 || length >= sizeof(address.sun_path)) return;
    std::memcpy(address.sun_path, path, length);
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    constexpr std::string_view kReady = "READY=1";
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    // Nothing to do about a manager that does not listen.
    [[maybe_unused]] const auto sent = ::sendto(fd, kReady.data(), kReady.size(), MSG_NOSIGNAL,
                                                reinterpret_cast<const sockaddr*>(&address), bytes);
    ::close(fd);
}

}  // namespace oxbow::app
