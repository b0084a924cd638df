#include <array>
#include <atomic>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/event_feed.h"
#include "net/test_http2_client.h"
#include "net/test_secure_server.h"
#include "net/test_tls_client.h"

namespace oxbow::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t kLarge = 3'000'000;

/// A server by TLS on a free loopback port. "/large" is memory, "/held" waits for an hour or for
/// nobody to wait any more, "/short" for a moment, "/events" has what `feed` has.
class Server : public TestSecureServer {
public:
    explicit Server(HttpServerLimits limits = {})
        : TestSecureServer(limits, [this](const HttpRequest& request) { return answer(request); }) {
    }
    ~Server() { end(); }

    void wait_for_held(int count) const {
        REQUIRE(comes_true([&] { return held == count; }));
    }

    std::atomic<int> held = 0;   // requests that wait
    std::atomic<int> begun = 0;  // that ever did
    EventFeed feed{{}};

private:
    HttpAnswer answer(const HttpRequest& request) {
        if (request.path == "/large")
            return HttpResponse{.body = HttpBody::of_string(std::string(kLarge, 'x'))};
        if (request.path == "/held") return hold(1h);
        if (request.path == "/short") return hold(20ms);
        if (request.path == "/events")
            return HttpResponse{.stream = feed.read(executor(), {.position = 0})};
        return HttpResponse{
            .body = HttpBody::of_string(fmt::format("{} {} {}", request.method, request.path,
                                                    request.secure ? "secure" : "plain"))};
    }

    asio::awaitable<HttpResponse> hold(std::chrono::milliseconds time) {
        struct Held {
            std::atomic<int>& count;
            explicit Held(std::atomic<int>& held) : count(held) { ++count; }
            ~Held() { --count; }
        } guard{held};
        ++begun;
        const auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer{executor, time};
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        co_return HttpResponse{.body = HttpBody::of_string("held")};
    }
};

/// A client that waits.
struct Client : TestHttp2Client {
    explicit Client(const Server& server)
        : tls(server.connect(), {.protocols = "\2h2\10http/1.1", .waits = true}) {
        REQUIRE(tls.handshake());
        REQUIRE(tls.protocol() == "h2");
    }

    void say() {
        const std::string said = take();
        if (!said.empty()) REQUIRE(tls.write(said));
    }
    /// Until `done`, or the server has closed. False then.
    bool talk_until(auto done) {
        std::array<char, 20'000> buffer;
        say();
        while (!done()) {
            const auto count = tls.read_some(buffer);
            if (!count) return false;
            give({buffer.data(), *count});
            say();
        }
        return true;
    }
    Answer& whole(std::int32_t stream) {
        CHECK(talk_until([&] { return answer(stream).ended; }));
        return answer(stream);
    }

    TestTlsClient tls;
};

}  // namespace

TEST_CASE("requests by HTTP/2 are answered beside each other, large and held ones too") {
    Server server;
    Client client{server};
    const auto held = client.get("/short");
    const auto large = client.get("/large");
    const auto small = client.get("/one");

    CHECK(client.whole(small).body == "GET /one secure");
    CHECK(client.whole(large).body == std::string(kLarge, 'x'));
    CHECK(client.whole(held).body == "held");
}

TEST_CASE("RST_STREAM ends a request that waits, and so does the end of its connection") {
    Server server;
    std::optional<Client> client{std::in_place, server};
    const auto first = client->get("/held");
    client->get("/held");
    client->say();
    server.wait_for_held(2);

    client->reset(first);
    client->say();
    server.wait_for_held(1);
    const auto other = client->get("/");
    CHECK(client->whole(other).body == "GET / secure");
    client.reset();
    server.wait_for_held(0);
}

TEST_CASE("a server may go while requests wait and events are read") {
    std::optional<Server> server{std::in_place};
    Client client{*server};
    client.get("/held");
    client.get("/events");
    client.say();
    server->wait_for_held(1);

    server.reset();

    CHECK_FALSE(client.talk_until([] { return false; }));
}

TEST_CASE("events by HTTP/2 come as they happen, and end with the feed") {
    Server server;
    Client client{server};
    const auto id = client.get("/events");

    server.feed.publish({.number = 1, .topic = "", .text = "one"});
    CHECK(client.talk_until([&] { return client.answer(id).body == "one"; }));
    server.feed.publish({.number = 2, .topic = "", .text = "two"});
    CHECK(client.talk_until([&] { return client.answer(id).body == "onetwo"; }));
    server.feed.close();

    CHECK(client.whole(id).body == "onetwo");
}

TEST_CASE("a server that stops finishes what is under way, says GOAWAY and closes") {
    Server server;
    Client idle{server};
    Client busy{server};
    idle.whole(idle.get("/"));
    const auto held = busy.get("/short");
    busy.say();
    REQUIRE(comes_true([&] { return server.begun > 0; }));

    server.stop();

    CHECK(busy.whole(held).body == "held");
    CHECK_FALSE(busy.talk_until([] { return false; }));
    CHECK_FALSE(idle.talk_until([] { return false; }));
    CHECK(busy.told_to_go);
    CHECK(idle.told_to_go);
    CHECK(idle.why_to_go == NGHTTP2_NO_ERROR);
    CHECK(idle.tls.told_of_end());
}

TEST_CASE("who floods is told so and closed") {
    Server server;
    Client client{server};
    for (std::size_t i = 0; i < 3'000; ++i) nghttp2_submit_ping(client.native(), 0, nullptr);

    CHECK_FALSE(client.talk_until([] { return false; }));

    CHECK(client.told_to_go);
    CHECK(client.why_to_go == NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_CASE("an answer that its reader does not read ends by the deadline of slow readers") {
    Server server{{.write_deadline = 40ms}};
    Client client{server};
    client.get("/large");
    client.say();  // and reads nothing

    Client other{server};
    CHECK(other.whole(other.get("/")).body == "GET / secure");
    std::array<char, 20'000> buffer;
    std::size_t bytes = 0;
    CHECK(comes_true([&] { return server.connections() == 1; }));
    while (const auto count = client.tls.read_some(buffer)) bytes += *count;
    CHECK(bytes < kLarge);
}

TEST_CASE("an address at its limit loses its idle connection of HTTP/2, and that is told") {
    Server server{{.connections_per_address_max = 2}};
    Client first{server};
    first.whole(first.get("/"));
    Client second{server};
    second.whole(second.get("/"));
    Client third{server};

    CHECK(third.whole(third.get("/")).body == "GET / secure");
    CHECK_FALSE(first.talk_until([] { return false; }));
    CHECK(first.told_to_go);
    CHECK_FALSE(second.told_to_go);
}

}  // namespace oxbow::net
