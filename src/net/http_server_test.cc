#include "net/http_server.h"

#include <array>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/loops.h"

namespace oxbow::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Where a handler waits until the test lets it go on.
struct Gate {
    explicit Gate(asio::io_context& loop) : timer(loop, asio::steady_timer::time_point::max()) {}
    asio::steady_timer timer;
    std::promise<void> reached;
};

/// Two pieces of its own, and then `more` times a megabyte.
class Pieces final : public HttpStream {
public:
    explicit Pieces(int more) : more_(more) {}
    asio::awaitable<std::optional<std::string>> next() override {
        ++given_;
        if (given_ == 1) co_return "one ";
        if (given_ == 2) co_return "two";
        if (given_ <= 2 + more_) co_return std::string(1'000'000, 'x');
        co_return std::nullopt;
    }

private:
    int given_ = 0;
    int more_;
};

/// Shows its end, or that it was cut.
class Growing final : public HttpStream {
public:
    explicit Growing(bool cut) : cut_(cut) {}
    asio::awaitable<std::optional<std::string>> next() override {
        if (given_++ == 0) co_return "a piece of 20 bytes.";
        co_return std::nullopt;
    }
    bool shows_its_end() const override { return true; }
    bool was_cut() const override { return cut_; }

private:
    int given_ = 0;
    bool cut_;
};

/// Echoes what it was asked; "/big" has three megabytes, "/huge" thirty, "/file" a region of a
/// file, "/stream" a body that goes on in pieces, "/endless" one that does not end, "/gate" waits.
asio::awaitable<HttpResponse> echo(const HttpRequest& request, std::shared_ptr<Gate> gate,
                                   std::shared_ptr<const SharedFile> file) {
    if (request.path == "/throw") throw std::runtime_error("on purpose");
    if (request.path == "/big") {
        co_return HttpResponse{.body = HttpBody::of_string(std::string(3'000'000, 'x'))};
    }
    if (request.path == "/huge") {
        co_return HttpResponse{.body = HttpBody::of_string(std::string(30'000'000, 'x'))};
    }
    if (request.path == "/file") {
        co_return HttpResponse{.body = HttpBody::of_file({file, 2, 5})};
    }
    if (request.path == "/stream" || request.path == "/endless") {
        co_return HttpResponse{
            .body = HttpBody::of_string("zero "),
            .stream = std::make_shared<Pieces>(request.path == "/stream" ? 0 : 1'000'000)};
    }
    if (request.path == "/growing" || request.path == "/cut")
        co_return HttpResponse{.stream = std::make_shared<Growing>(request.path == "/cut")};
    if (request.path == "/gate") {
        gate->reached.set_value();
        const auto [ignored] = co_await gate->timer.async_wait(asio::as_tuple(asio::use_awaitable));
        static_cast<void>(ignored);
    }
    co_return HttpResponse{.extra_headers = "X-Test: 1\r\n",
                           .body = HttpBody::of_string(fmt::format("{} {} {}", request.method,
                                                                   request.path, request.body))};
}

std::shared_ptr<const SharedFile> digits_file() {
    const int fd = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
    REQUIRE(::write(fd, "0123456789", 10) == 10);
    return std::make_shared<const SharedFile>(fd);
}

/// A server on a free loopback port with its own thread.
class TestServer {
public:
    explicit TestServer(HttpServerLimits limits = {}, HttpObserver observer = {})
        : gate(std::make_shared<Gate>(loops_.at(0))) {
        server_.emplace(
            loops_.at(0), asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0},
            [gate = gate, file = digits_file()](const HttpRequest& request) {
                return echo(request, gate, file);
            },
            limits, nullptr, std::move(observer));
        port = server_->address().port();
        loops_.start();
    }
    ~TestServer() {
        loops_.stop();
        loops_.join();
    }

    void stop_and_wait() {
        on_loop([this] { server_->stop(); });
    }
    std::size_t connections() {
        std::size_t count = 0;
        on_loop([&] { count = server_->connections(); });
        return count;
    }
    void open_gate() {
        on_loop([this] { gate->timer.cancel(); });
    }

    std::uint16_t port = 0;

private:
    template <typename Work>
    void on_loop(Work work) {
        std::promise<void> done;
        asio::post(loops_.at(0), [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    Loops loops_{1};

public:
    std::shared_ptr<Gate> gate;

private:
    std::optional<HttpServer> server_;
};

/// A blocking client that gives up after five seconds.
class TestClient {
public:
    explicit TestClient(const TestServer& server) : TestClient(server.port) {}
    explicit TestClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const timeval patience{.tv_sec = 5, .tv_usec = 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const int receive_bytes = 64 * 1024;
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    ~TestClient() { ::close(fd_); }

    void send(std::string_view text) {
        REQUIRE(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(text.size()));
    }
    /// The server may close before it has taken all.
    void send_what_is_taken(std::string_view text) const {
        static_cast<void>(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
    }
    void finish_sending() { ::shutdown(fd_, SHUT_WR); }

    /// What has come once it ends with `ending`, or the server has closed.
    std::string until(std::string_view ending) {
        std::string out;
        std::array<char, 65536> buffer;
        while (!out.ends_with(ending)) {
            const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (count <= 0) break;
            out.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return out;
    }
    /// What comes next.
    std::string some() {
        std::array<char, 4096> buffer;
        const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }
    /// Everything until the server closes; "timeout" stands at the end when it does not.
    std::string rest() {
        std::string out;
        std::array<char, 65536> buffer;
        while (true) {
            const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (count < 0 && errno == EAGAIN) return out + "timeout";
            if (count <= 0) return out;
            out.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }

    /// Waits, without reading, until the server has reset the connection.
    bool is_reset() const {
        pollfd waiting{.fd = fd_, .events = 0, .revents = 0};
        return ::poll(&waiting, 1, 5'000) == 1 && (waiting.revents & POLLERR) != 0;
    }

    /// Reads so many bytes every 10 ms; true when the server resets the connection before its end.
    bool reads_until_reset(std::size_t bytes) const {
        std::string buffer(bytes, '\0');
        pollfd pause{.fd = -1, .events = 0, .revents = 0};
        while (true) {
            const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (count <= 0) return count < 0 && errno == ECONNRESET;
            ::poll(&pause, 1, 10);
        }
    }

    bool connected = false;

private:
    int fd_;
};

constexpr std::string_view kClosing = " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

std::string asked(const TestServer& server, std::string_view request) {
    TestClient client{server};
    client.send_what_is_taken(request);
    return client.rest();
}

std::string body_of(const std::string& response) {
    return response.substr(std::min(response.size(), response.find("\r\n\r\n") + 4));
}

}  // namespace

TEST_CASE("a request is answered with status, date, length, the handler's headers and its body") {
    TestServer server;

    const std::string response = asked(server, "GET /a?b" + std::string{kClosing});

    CHECK(response.starts_with("HTTP/1.1 200 OK\r\nDate: "));
    CHECK(response.contains(
        " GMT\r\nContent-Length: 7\r\nConnection: close\r\nX-Test: 1\r\n\r\nGET /a "));
}

TEST_CASE("one connection serves request after request") {
    TestServer server;
    TestClient client{server};

    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string first = client.until("GET /a ");
    client.send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string second = client.until("GET /b ");

    CHECK(first.ends_with("GET /a "));
    CHECK_FALSE(first.contains("Connection:"));
    CHECK(second.ends_with("GET /b "));
}

TEST_CASE("pipelined requests are answered in order") {
    TestServer server;

    const std::string responses =
        asked(server, "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\nGET /c" +
                          std::string{kClosing});

    const std::size_t a = responses.find("GET /a ");
    const std::size_t b = responses.find("GET /b ");
    const std::size_t c = responses.find("GET /c ");
    REQUIRE(c != std::string::npos);
    CHECK(a < b);
    CHECK(b < c);
}

TEST_CASE("HEAD has the length of the body and not the body") {
    TestServer server;

    const std::string response = asked(server, "HEAD /big" + std::string{kClosing});

    CHECK(response.contains("Content-Length: 3000000\r\n"));
    CHECK(body_of(response).empty());
}

TEST_CASE("a large body arrives whole") {
    TestServer server;

    const std::string response = asked(server, "GET /big" + std::string{kClosing});

    CHECK(body_of(response) == std::string(3'000'000, 'x'));
}

TEST_CASE("a region of a file arrives") {
    TestServer server;

    CHECK(body_of(asked(server, "GET /file" + std::string{kClosing})) == "23456");
}

TEST_CASE("a stream has no length, follows the body, and ends with the connection") {
    TestServer server;
    TestClient client{server};
    client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");

    const std::string answer = client.rest();

    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.contains("Connection: close\r\n"));
    CHECK_FALSE(answer.contains("Content-Length"));
    CHECK(answer.ends_with("\r\n\r\nzero one two"));
}

TEST_CASE("a stream that shows its end goes out in chunks, to a peer of HTTP/1.0 as it is") {
    TestServer server;

    const std::string answer = asked(server, "GET /growing" + std::string{kClosing});
    CHECK(answer.contains("\r\nTransfer-Encoding: chunked\r\n"));
    CHECK(answer.ends_with("\r\n\r\n14\r\na piece of 20 bytes.\r\n0\r\n\r\n"));
    const std::string plain = asked(server, "GET /growing HTTP/1.0\r\n\r\n");
    CHECK_FALSE(plain.contains("chunked"));
    CHECK(plain.ends_with("\r\n\r\na piece of 20 bytes."));
}

TEST_CASE("a stream that was cut is reset, and its last chunk never sent") {
    TestServer server;
    TestClient client{server};
    client.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n");

    CHECK(client.is_reset());
}

TEST_CASE("HEAD of a stream has its headers alone") {
    TestServer server;
    TestClient client{server};
    client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");

    CHECK(client.rest().ends_with("Connection: close\r\n\r\n"));
}

TEST_CASE("a reader of a stream that stops reading is cut off after the write deadline") {
    TestServer server{{.write_deadline = 50ms}};
    TestClient client{server};
    client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");

    CHECK(client.is_reset());
}

TEST_CASE("a reader of a stream that takes a little now and then is cut off as well") {
    // 300 ms for a piece of a megabyte: this reader takes longer over it.
    TestServer server{{.write_deadline = 300ms, .answer_bytes_per_second_min = 30'000'000'000}};
    TestClient client{server};
    client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");

    CHECK(client.reads_until_reset(8 * 1024));
}

TEST_CASE("a stream has its place among the connections of its address until it ends") {
    TestServer server{{.connections_per_address_max = 1}};
    TestClient reader{server};
    reader.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(reader.some().starts_with("HTTP/1.1 200 OK\r\n"));

    CHECK(asked(server, "GET /a" + std::string{kClosing}).starts_with("HTTP/1.1 503 "));
}

TEST_CASE("a peer that has finished sending still gets its answer") {
    TestServer server;
    TestClient client{server};

    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    client.finish_sending();

    CHECK(client.rest().ends_with("GET /a "));
}

TEST_CASE("a malformed request is answered 400 with its reason, and closed") {
    TestServer server;

    const std::string response = asked(server, "GET / HTTP/1.1\r\nHost : h\r\n\r\n");

    CHECK(response.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    CHECK(response.contains("Connection: close\r\n"));
    CHECK(response.contains("Content-Type: application/json\r\n"));
    CHECK(response.contains("Access-Control-Allow-Origin: *\r\n"));
    CHECK(body_of(response) ==
          R"({"error":"BadRequest","message":"A header is not a name, a colon and a value."})");
}

TEST_CASE("a request line of a megabyte is answered 414, a bomb of headers 431") {
    TestServer server;

    const std::string line = asked(server, "GET /" + std::string(1024 * 1024, 'a'));
    const std::string bomb =
        asked(server, "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(1024 * 1024, 'a'));

    CHECK(line.starts_with("HTTP/1.1 414 "));
    CHECK(bomb.starts_with("HTTP/1.1 431 "));
}

TEST_CASE(
    "a POST with a body is refused as a POST where none is taken, else read up to the limit") {
    TestServer without;
    TestServer with{{.body_bytes_max = 4}};
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ";

    const std::string refused = asked(without, head + "4\r\n\r\nabcd");

    CHECK(refused.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
    CHECK(refused.contains("Allow: GET, HEAD, OPTIONS\r\n"));
    CHECK(refused.contains("Connection: close\r\n"));
    CHECK(body_of(refused).starts_with(R"({"error":"MethodNotAllowed",)"));
    CHECK(body_of(asked(with, head + "4\r\n\r\nabcd")) == "POST / abcd");
    CHECK(asked(with, head + "5\r\n\r\nabcde").starts_with("HTTP/1.1 413 "));
}

TEST_CASE("a peer that expects 100-continue is invited before it sends the body") {
    TestServer server{{.body_bytes_max = 4}};
    TestClient client{server};

    client.send(
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n"
        "Connection: close\r\n\r\n");
    const std::string invitation = client.until("\r\n\r\n");
    client.send("abcd");

    CHECK(invitation == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(body_of(client.rest()) == "POST / abcd");
}

TEST_CASE("a handler that throws is answered 500") {
    TestServer server;

    const std::string response = asked(server, "GET /throw" + std::string{kClosing});

    CHECK(response.starts_with("HTTP/1.1 500 "));
    CHECK(body_of(response).starts_with(R"({"error":"InternalError",)"));
}

TEST_CASE("a quiet connection is closed after the idle deadline") {
    TestServer server{{.idle_deadline = 40ms}};

    CHECK(asked(server, "") == "");
}

TEST_CASE("a request that trickles is answered 408 after the header deadline") {
    TestServer server{{.header_deadline = 40ms}};

    const std::string response = asked(server, "GET / HT");

    CHECK(response.starts_with("HTTP/1.1 408 "));
    CHECK(body_of(response).starts_with(R"({"error":"RequestTimeout",)"));
}

TEST_CASE("a reader that stops reading is cut off after the write deadline") {
    TestServer server{{.write_deadline = 40ms}};
    TestClient client{server};

    // More than both sockets' buffers hold.
    for (int i = 0; i < 8; ++i) client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");

    CHECK(client.is_reset());
}

TEST_CASE("one connection more than the limit is turned away with 503") {
    TestServer server{{.connections_max = 1}};
    TestClient first{server};
    first.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(first.until("GET /a ").ends_with("GET /a "));

    TestClient second{server};

    const std::string turned_away = second.rest();
    CHECK(turned_away.starts_with("HTTP/1.1 503 "));
    CHECK(turned_away.contains("Retry-After: 1\r\n"));
    CHECK(body_of(turned_away).starts_with(R"({"error":"ServiceUnavailable",)"));
}

TEST_CASE(
    "an address has so many connections and no more, but a trusted proxy as many as it likes") {
    Networks loopback;
    REQUIRE(loopback.add("127.0.0.0/8"));
    TestServer counted{{.connections_per_address_max = 1}};
    TestServer trusting{{.connections_per_address_max = 1, .trusted_proxies = loopback}};
    const auto second_of = [](TestServer& server) {
        TestClient first{server};
        first.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
        server.gate->reached.get_future().wait();
        return asked(server, "GET /b" + std::string{kClosing});
    };

    const std::string turned_away = second_of(counted);

    CHECK(turned_away.starts_with("HTTP/1.1 503 "));
    CHECK(turned_away.contains("Retry-After: 1\r\n"));
    CHECK(second_of(trusting).ends_with("GET /b "));
}

TEST_CASE("at the limit of an address its longest idle connection makes room for a new one") {
    TestServer server{{.connections_per_address_max = 2}};
    TestClient first{server};
    first.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(first.until("GET /a ").ends_with("GET /a "));
    TestClient second{server};
    second.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
    server.gate->reached.get_future().wait();

    const std::string third = asked(server, "GET /c" + std::string{kClosing});
    const std::string rest_of_first = first.rest();
    server.open_gate();

    CHECK(third.ends_with("GET /c "));
    CHECK(rest_of_first == "");
    CHECK(second.until("GET /gate ").ends_with("GET /gate "));
}

TEST_CASE("a request that is refused behind a good one, by a peer that stays, is no trouble") {
    TestServer server{{.idle_deadline = 40ms}};  // swept every 10 ms
    TestClient client{server};
    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(client.until("GET /a ").ends_with("GET /a "));

    client.send("GET\n");

    CHECK(client.rest().starts_with("HTTP/1.1 400 "));
    CHECK(asked(server, "GET /b" + std::string{kClosing}).ends_with("GET /b "));
}

TEST_CASE("a connection is closed behind the last request that it may bring") {
    TestServer server{{.requests_per_connection_max = 2}};
    TestClient client{server};

    client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string first = client.until("GET /a ");
    client.send("GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string last = client.rest();

    CHECK_FALSE(first.contains("Connection:"));
    CHECK(last.contains("Connection: close\r\n"));
    CHECK(last.ends_with("GET /b "));
}

TEST_CASE(
    "a reader that takes a little now and then is cut off when the whole answer took too long") {
    // 300 ms for the whole: at the pace of this reader it takes four times as long.
    TestServer server{{.write_deadline = 300ms, .answer_bytes_per_second_min = 30'000'000'000}};
    TestClient client{server};

    client.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");

    CHECK(client.reads_until_reset(256 * 1024));
}

TEST_CASE("more pipelined requests than one turn has are all answered") {
    TestServer server;
    std::string requests;
    for (int i = 0; i < 100; ++i) requests += "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    TestClient client{server};

    client.send(requests + "GET /last" + std::string{kClosing});

    CHECK(client.rest().ends_with("GET /last "));
}

TEST_CASE("a handler that answers without a wait needs no coroutine") {
    Loops loops{1};
    HttpServer server{loops.at(0),
                      {asio::ip::make_address("127.0.0.1"), 0},
                      [](const HttpRequest&) { return HttpResponse{.status = 204}; },
                      {}};
    TestClient client{server.address().port()};
    loops.start();

    client.send("GET /" + std::string{kClosing});

    CHECK(client.rest().starts_with("HTTP/1.1 204 No Content\r\n"));
    loops.stop();
    loops.join();
}

TEST_CASE("a body that trickles is answered 408 after the body deadline") {
    TestServer server{{.body_bytes_max = 4, .body_deadline = 40ms}};

    const std::string response =
        asked(server, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");

    CHECK(response.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("stopping finishes the answer under way, closes idle connections and accepts no more") {
    TestServer server;
    TestClient busy{server};
    TestClient idle{server};
    idle.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(idle.until("GET /a ").ends_with("GET /a "));
    busy.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
    server.gate->reached.get_future().wait();

    server.stop_and_wait();
    const std::string nothing = idle.rest();
    const std::size_t open = server.connections();
    server.open_gate();
    const std::string answer = busy.rest();

    CHECK(nothing == "");
    CHECK(open == 1);
    CHECK(server.connections() == 0);
    CHECK(answer.contains("Connection: close\r\n"));
    CHECK(answer.ends_with("GET /gate "));
    CHECK_FALSE(TestClient{server}.connected);
}

TEST_CASE("two servers of two loops share one port") {
    Loops loops{2};
    const auto handler = [](const HttpRequest&) -> asio::awaitable<HttpResponse> {
        co_return HttpResponse{};
    };
    const HttpServer first{loops.at(0), {asio::ip::make_address("127.0.0.1"), 0}, handler, {}};

    const HttpServer second{loops.at(1), first.address(), handler, {}};

    CHECK(second.address() == first.address());
}

TEST_CASE("an address that cannot be listened on is a failed start") {
    asio::io_context loop;

    CHECK_THROWS_WITH_AS((HttpServer{loop, {asio::ip::make_address("192.0.2.1"), 80}, {}, {}}),
                         "cannot listen on 192.0.2.1:80: Cannot assign requested address",
                         std::system_error);
}

namespace {

/// What an observer was told, as texts.
class Told {
public:
    HttpObserver observer(bool in_full) {
        return {.answered =
                    [this](const HttpRequest& request, const HttpOutcome& outcome) {
                        const std::lock_guard lock{mutex_};
                        told_.push_back(fmt::format("{} {} {} {} {} {}", request.method,
                                                    request.path, outcome.status, outcome.bytes,
                                                    outcome.complete, outcome.protocol));
                        took_ = took_ || outcome.took > 0ns;
                    },
                .in_full = in_full};
    }
    /// Once there are so many.
    std::vector<std::string> wait_for(std::size_t count) {
        for (int i = 0; i < 5'000; ++i) {
            {
                const std::lock_guard lock{mutex_};
                if (told_.size() >= count) return told_;
            }
            std::this_thread::sleep_for(1ms);
        }
        return {};
    }
    bool took() {
        const std::lock_guard lock{mutex_};
        return took_;
    }

private:
    std::mutex mutex_;
    std::vector<std::string> told_;
    bool took_ = false;
};

}  // namespace

TEST_CASE("an observer is told of every answer, also a refused one, and what went out of it") {
    Told told;
    TestServer server{{}, told.observer(true)};

    asked(server, "GET /a" + std::string{kClosing});
    asked(server, "HEAD /a" + std::string{kClosing});
    asked(server, "GET /big HTTP/1.0\r\nHost: h\r\n\r\n");
    asked(server, "GET /stream" + std::string{kClosing});
    asked(server, "GET / HTTP/1.1\r\nHost : h\r\n\r\n");
    asked(server, "GET /throw" + std::string{kClosing});

    const auto list = told.wait_for(6);
    REQUIRE(list.size() == 6);
    CHECK(list[0] == "GET /a 200 7 true HTTP/1.1");
    CHECK(list[1] == "HEAD /a 200 0 true HTTP/1.1");
    CHECK(list[2] == "GET /big 200 3000000 true HTTP/1.0");
    CHECK(list[3] == "GET /stream 200 12 true HTTP/1.1");
    CHECK(list[4].starts_with("  400 "));
    CHECK(list[5].starts_with("GET /throw 500 "));
    CHECK(told.took());
}

TEST_CASE("of a reader that leaves the observer hears what it took, of a stream no request") {
    Told told;
    TestServer server{{}, told.observer(false)};

    {
        TestClient client{server};
        client.send("GET /huge HTTP/1.1\r\nHost: h\r\n\r\n");
        client.some();
    }
    const auto left = told.wait_for(1);
    {
        TestClient client{server};
        client.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n");
        client.some();
    }
    const auto list = told.wait_for(2);

    REQUIRE(list.size() == 2);
    CHECK(left[0].starts_with("GET /huge 200 "));
    CHECK(left[0].ends_with(" false HTTP/1.1"));
    CHECK_FALSE(left[0].contains(" 30000000 "));
    CHECK(list[1].starts_with("  200 "));
    CHECK(list[1].ends_with(" false HTTP/1.1"));
    CHECK_FALSE(told.took());
}

}  // namespace oxbow::net
