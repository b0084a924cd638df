#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "net/test_secure_server.h"
#include "net/test_tls_client.h"

namespace oxbow::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t kFileBytes = 3'000'000;

/// A file of digits that count up.
std::shared_ptr<const SharedFile> big_file() {
    std::string text;
    for (int i = 0; text.size() < kFileBytes; ++i) text += std::to_string(i);
    text.resize(kFileBytes);
    const int fd = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    return std::make_shared<const SharedFile>(fd);
}

std::string text_of(const SharedFile& file, std::size_t offset, std::size_t length) {
    std::string out(length, '\0');
    REQUIRE(::pread(file.fd(), out.data(), length, static_cast<off_t>(offset)) ==
            static_cast<ssize_t>(length));
    return out;
}

/// HTTPS on a free loopback port. "/file" is a region of a file, "/short" one that the file does
/// not have, "/pieces" comes from memory in pieces; the rest tells how it was asked.
class SecureServer : public TestSecureServer {
public:
    explicit SecureServer(HttpServerLimits limits = {})
        : TestSecureServer(limits, [this](const HttpRequest& request) { return answer(request); }) {
    }
    ~SecureServer() { end(); }

    std::shared_ptr<const SharedFile> file = big_file();

private:
    HttpAnswer answer(const HttpRequest& request) const {
        if (request.path == "/file")
            return HttpResponse{.body = HttpBody::of_file({file, 5, kFileBytes - 10})};
        if (request.path == "/short")
            return HttpResponse{.body = HttpBody::of_file({file, 5, kFileBytes})};
        if (request.path == "/pieces") {
            HttpBody body = HttpBody::of_string(std::string(40'000, 'a'));
            body.pieces = {body.pieces[0], body.pieces[0].first(3), BytesView{},
                           body.pieces[0].first(20'000)};
            return HttpResponse{.body = std::move(body)};
        }
        return HttpResponse{
            .body = HttpBody::of_string(fmt::format("{} {} {}", request.method, request.path,
                                                    request.secure ? "secure" : "plain"))};
    }
};

/// A client that waits.
struct Client : TestTlsClient {
    explicit Client(const SecureServer& server)
        : TestTlsClient(server.connect(), {.protocols = "\10http/1.1", .waits = true}) {
        REQUIRE(handshake());
    }

    void get(std::string_view path, std::string_view more = "") {
        REQUIRE(write(fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n{}\r\n", path, more)));
    }
    /// What has come once it has so many bytes behind its head, or the server has closed.
    std::string body(std::size_t bytes) {
        std::string out;
        std::array<char, 20'000> buffer;
        while (true) {
            const std::size_t head = out.find("\r\n\r\n");
            if (head != std::string::npos && out.size() >= head + 4 + bytes)
                return out.substr(head + 4);
            const auto count = read_some(buffer);
            if (!count) return out;
            out.append(buffer.data(), *count);
        }
    }
};

}  // namespace

TEST_CASE("a request by TLS is answered by TLS, and the handler hears of it") {
    const SecureServer server;
    Client client{server};

    client.get("/one");
    CHECK(client.body(15) == "GET /one secure");
    client.get("/two");
    CHECK(client.body(15) == "GET /two secure");
    CHECK(client.protocol() == "http/1.1");
}

TEST_CASE("a file and many pieces arrive whole by TLS, in whatever records") {
    const SecureServer server;
    Client client{server};

    client.get("/file");
    CHECK(client.body(kFileBytes - 10) == text_of(*server.file, 5, kFileBytes - 10));
    client.get("/pieces");
    CHECK(client.body(60'003) == std::string(60'003, 'a'));
}

TEST_CASE("pipelined requests of one record are all answered") {
    const SecureServer server;
    Client client{server};

    REQUIRE(
        client.write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n"
                     "Connection: close\r\n\r\n"));

    std::string all = client.body(1'000);  // until it closes
    CHECK(all.contains("GET /1 secure"));
    CHECK(all.contains("GET /2 secure"));
    CHECK(client.told_of_end());
}

TEST_CASE("a file that is shorter than promised ends the connection") {
    const SecureServer server;
    Client client{server};

    client.get("/short");

    CHECK(client.body(kFileBytes).size() < kFileBytes + 500);
}

TEST_CASE("who speaks plain HTTP to the port of HTTPS is told so") {
    const SecureServer server;
    const int fd = server.connect();

    REQUIRE(::send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, 0) == 27);
    std::string answer;
    std::array<char, 4096> buffer;
    for (ssize_t count; (count = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;)
        answer.append(buffer.data(), static_cast<std::size_t>(count));
    ::close(fd);

    CHECK(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    CHECK(answer.contains("This port speaks HTTPS: ask it with https://."));
}

TEST_CASE("a handshake that does not go on is ended by its deadline") {
    const SecureServer server{{.header_deadline = 40ms}};
    const int silent = server.connect();
    const int slow = server.connect();

    REQUIRE(::send(slow, "\x16\x03\x01", 3, 0) == 3);

    char byte = 0;
    CHECK(::recv(silent, &byte, 1, 0) == 0);
    CHECK(::recv(slow, &byte, 1, 0) <= 0);  // closed over what was not read
    ::close(silent);
    ::close(slow);
}

TEST_CASE("an address that has its limit in handshakes loses the oldest to a new connection") {
    const SecureServer server{{.connections_per_address_max = 2}};
    const int first = server.connect();
    const int second = server.connect();
    Client third{server};

    third.get("/third");
    CHECK(third.body(17) == "GET /third secure");
    char byte = 0;
    CHECK(::recv(first, &byte, 1, 0) == 0);
    ::close(first);
    ::close(second);
}

TEST_CASE("connections that begin while the certificate changes have one or the other") {
    const SecureServer server;
    const TestFolder folder;
    const TestCertificate pair = TestCertificate::make();
    // Of another thread: what a renewal does is watched by ThreadSanitizer here.
    std::atomic<bool> done = false;
    std::thread renewing{[&] {
        SteadyTime now{1s};
        while (!done) {
            now += kTicketKeysMax;
            static_cast<void>(server.certificate->look(now));
        }
    }};

    int answered = 0;
    for (int i = 0; i < 20; ++i) {
        Client client{server};
        client.get("/");
        answered += client.body(12) == "GET / secure" ? 1 : 0;
    }
    done = true;
    renewing.join();

    CHECK(answered == 20);
}

}  // namespace oxbow::net
