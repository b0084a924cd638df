#include "net/http_transfer.h"

#include <array>
#include <cstdlib>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace oxbow::net {
namespace {

using Progress = HttpTransfer::Progress;

/// Two connected non-blocking sockets.
class SocketPair {
public:
    SocketPair() {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()) == 0);
    }
    ~SocketPair() {
        ::close(ends_[0]);
        if (ends_[1] >= 0) ::close(ends_[1]);
    }
    int near() const { return ends_[0]; }
    void close_far() { ::close(std::exchange(ends_[1], -1)); }

    std::string received() const {
        std::string out;
        std::array<char, 65536> buffer;
        for (ssize_t count = 0; (count = ::read(ends_[1], buffer.data(), buffer.size())) > 0;) {
            out.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return out;
    }

private:
    std::array<int, 2> ends_{};
};

std::shared_ptr<const SharedFile> file_of(std::string_view text) {
    const int fd = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
    REQUIRE(fd >= 0);
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    return std::make_shared<const SharedFile>(fd);
}

/// Sends all of it, with the far end reading whenever the socket is full.
std::string carried(HttpTransfer& transfer, const SocketPair& sockets) {
    std::string out;
    while (transfer.advance(sockets.near()) == Progress::Blocked) out += sockets.received();
    return out + sockets.received();
}

}  // namespace

TEST_CASE("the body follows the head") {
    SocketPair sockets;
    HttpTransfer transfer{"HEAD\r\n\r\n", HttpBody::of_string("body")};

    CHECK(transfer.left() == 12);
    CHECK(transfer.advance(sockets.near()) == Progress::Done);

    CHECK(sockets.received() == "HEAD\r\n\r\nbody");
    CHECK(transfer.left() == 0);
    CHECK(transfer.release_head() == "HEAD\r\n\r\n");
}

TEST_CASE("a body of more pieces than one call takes arrives whole and in order") {
    const auto text =
        std::make_shared<const std::string>(std::string(100, 'a') + std::string(100, 'b'));
    HttpBody body;
    body.owner = text;
    for (std::size_t i = 0; i < 200; ++i) body.pieces.push_back(as_bytes(*text).subspan(i, 1));
    SocketPair sockets;
    HttpTransfer transfer{"H\r\n\r\n", body};

    const std::string received = carried(transfer, sockets);

    CHECK(received == "H\r\n\r\n" + *text);
}

TEST_CASE("a body larger than the socket's buffer goes on where it stopped") {
    const std::string text(3'000'000, 'x');
    SocketPair sockets;
    HttpTransfer transfer{"H\r\n\r\n", HttpBody::of_string(text)};

    const Progress first = transfer.advance(sockets.near());
    const std::string received = carried(transfer, sockets);

    CHECK(first == Progress::Blocked);
    CHECK(received.size() == 3'000'005);
    CHECK(transfer.left() == 0);
}

TEST_CASE("a region of a file follows the headers") {
    SocketPair sockets;
    HttpTransfer transfer{"H\r\n\r\n", HttpBody::of_file({file_of("0123456789"), 2, 5})};

    CHECK(transfer.advance(sockets.near()) == Progress::Done);

    CHECK(sockets.received() == "H\r\n\r\n23456");
}

TEST_CASE("a file shorter than promised fails the transfer, so that the connection is closed") {
    SocketPair sockets;
    HttpTransfer transfer{"H\r\n\r\n", HttpBody::of_file({file_of("0123456789"), 2, 9})};

    CHECK(transfer.advance(sockets.near()) == Progress::Failed);
}

TEST_CASE("a peer that is gone fails the transfer without a signal") {
    SocketPair sockets;
    sockets.close_far();
    HttpTransfer transfer{"H\r\n\r\n", {}};

    CHECK(transfer.advance(sockets.near()) == Progress::Failed);
}

}  // namespace oxbow::net
