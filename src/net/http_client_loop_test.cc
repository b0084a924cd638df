#include "net/http_client_loop.h"

#include <future>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zlib.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/http_server.h"
#include "net/loops.h"

namespace oxbow::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

std::string gzipped(std::string_view text) {
    std::string out(1'024, '\0');
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

/// Holds every answer until all of `held` are asked for; "/packed" comes as gzip, "/never" not.
struct HoldingServer {
    explicit HoldingServer(std::size_t held_count) : held(held_count) {
        server.emplace(
            loops.at(0), asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0},
            [this](const HttpRequest& request) -> asio::awaitable<HttpResponse> {
                const auto executor = co_await asio::this_coro::executor;
                const std::string path{request.path};
                peers.emplace(request.peer);
                ++asked;
                while (asked < held || path == "/never") {
                    asio::steady_timer timer{executor, 5ms};
                    co_await timer.async_wait(asio::use_awaitable);
                }
                HttpResponse out{.body = HttpBody::of_string(path)};
                if (path == "/packed") {
                    out.extra_headers = "Content-Encoding: gzip\r\n";
                    out.body = HttpBody::of_string(
                        gzipped(request.header("accept-encoding").value_or("-")));
                }
                co_return out;
            },
            HttpServerLimits{});
        url = fmt::format("http://127.0.0.1:{}", server->address().port());
        loops.start();
    }
    ~HoldingServer() {
        loops.stop();
        loops.join();
    }

    const std::size_t held;
    std::size_t asked = 0;        // of the loop
    std::set<std::string> peers;  // likewise
    Loops loops{1};
    std::optional<HttpServer> server;
    std::string url;
};

std::future<Result<HttpClientResponse>> ask(HttpClientLoop& client, HttpClientRequest request) {
    const auto done = std::make_shared<std::promise<Result<HttpClientResponse>>>();
    client.ask(std::move(request),
               [done](Result<HttpClientResponse> answer) { done->set_value(std::move(answer)); });
    return done->get_future();
}

}  // namespace

TEST_CASE("a hundred questions are under way at once, and each gets its own answer") {
    constexpr std::size_t kQuestions = 100;
    HoldingServer server{kQuestions};
    HttpClientLoop client{{.connections_max = kQuestions}};
    std::vector<std::future<Result<HttpClientResponse>>> answers;
    for (std::size_t i = 0; i < kQuestions; ++i)
        answers.push_back(ask(client, {.url = fmt::format("{}/{}", server.url, i)}));

    for (std::size_t i = 0; i < kQuestions; ++i)
        CHECK(answers[i].get().value().body == fmt::format("/{}", i));
}

TEST_CASE("beyond connections_max questions wait for a connection, which are used again") {
    HoldingServer server{1};
    HttpClientLoop client{{.connections_max = 2}};
    std::vector<std::future<Result<HttpClientResponse>>> answers;
    for (int i = 0; i < 20; ++i) answers.push_back(ask(client, {.url = server.url + "/a"}));

    for (auto& answer : answers) CHECK(answer.get().value().status == 200);

    client.stop();
    CHECK(server.peers.size() <= 2);
}

TEST_CASE("an answer that comes as gzip is unpacked, its length counted unpacked") {
    HoldingServer server{1};
    HttpClientLoop client{{}};

    const auto answer = ask(client, {.url = server.url + "/packed", .takes_gzip = true}).get();
    CHECK(answer.value().body == "gzip");
    CHECK(answer->header("content-encoding") == "gzip");

    const auto long_one =
        ask(client, {.url = server.url + "/packed", .body_bytes_max = 3, .takes_gzip = true}).get();
    CHECK(long_one.error().code == ErrorCode::LimitExceeded);
    CHECK(ask(client, {.url = server.url + "/packed", .body_bytes_max = 4, .takes_gzip = true})
              .get()
              .value()
              .body == "gzip");
}

TEST_CASE("what is under way is bounded together, and who is done gives its part back") {
    HoldingServer server{1};
    HttpClientLoop client{{.bytes_max = 6}};
    const auto body_of = [&](const std::string& path) {
        return ask(client, {.url = server.url + path}).get();
    };

    CHECK(body_of("/12345").value().body == "/12345");
    CHECK(body_of("/123456").error().code == ErrorCode::LimitExceeded);
    CHECK(body_of("/123456").error().what.contains("as long together"));
    CHECK(body_of("/12345").value().body == "/12345");
}

TEST_CASE("a question has a deadline, and one that stops gives all of them up at once") {
    HoldingServer server{1};
    HttpClientLoop client{{}};
    CHECK(ask(client, {.url = server.url + "/never", .timeout = 50ms}).get().error().code ==
          ErrorCode::Timeout);
    CHECK(ask(client, {.url = "http://127.0.0.1:1/"}).get().error().what.contains("be reached"));
    auto held = ask(client, {.url = server.url + "/never"});

    const auto begun = std::chrono::steady_clock::now();
    client.stop();

    CHECK(held.get().error().code == ErrorCode::Unavailable);
    CHECK(ask(client, {.url = server.url + "/a"}).get().error().code == ErrorCode::Unavailable);
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

}  // namespace oxbow::net
