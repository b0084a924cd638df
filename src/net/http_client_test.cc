#include "net/http_client.h"

#include <future>
#include <optional>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include "net/http_server.h"
#include "net/loops.h"

namespace oxbow::net {
namespace {

namespace asio = boost::asio;

/// Answers 418 with the method, the query, header "a" and the body.
class EchoServer {
public:
    EchoServer() {
        server_.emplace(
            loops_.at(0), asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0},
            [](const HttpRequest& request) -> asio::awaitable<HttpResponse> {
                std::string text =
                    fmt::format("{} {} {} {} {} {}", request.method, request.path, request.query,
                                request.header("a").value_or("-"),
                                request.header("content-type").value_or("-"), request.body);
                co_return HttpResponse{.status = 418,
                                       .extra_headers = "X-Test:  two words \r\n",
                                       .body = HttpBody::of_string(std::move(text))};
            },
            HttpServerLimits{.body_bytes_max = 100});
        url = "http://127.0.0.1:" + std::to_string(server_->address().port());
        loops_.start();
    }
    ~EchoServer() {
        loops_.stop();
        loops_.join();
    }

    std::string url;

private:
    Loops loops_{1};
    std::optional<HttpServer> server_;
};

}  // namespace

TEST_CASE("the client sends method, path as it is, headers and body, and gives what comes back") {
    const EchoServer server;

    const auto response = http_request({.method = "POST",
                                        .url = server.url + "/x/../y%2F?q=1",
                                        .headers = {{"A", "b"}},
                                        .body = "body"});

    REQUIRE(response);
    CHECK(response->status == 418);
    CHECK(response->body == "POST /x/../y%2F q=1 b - body");
    CHECK(response->header("x-test") == "two words");
    CHECK(response->header("x-none") == std::nullopt);
}

TEST_CASE("a POST without a body is still a POST") {
    const EchoServer server;

    const auto response = http_request({.method = "POST", .url = server.url + "/"});

    REQUIRE(response);
    CHECK(response->body == "POST /  - - ");
}

TEST_CASE("a server that is not there is Unavailable, and named") {
    const auto response = http_request({.url = "http://127.0.0.1:1/"});

    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::Unavailable);
    CHECK(response.error().what.starts_with("http://127.0.0.1:1/ cannot be reached: "));
}

TEST_CASE("a URL of another scheme is refused") {
    const auto response = http_request({.url = "file:///etc/hostname"});

    REQUIRE_FALSE(response);
    CHECK(response.error().code == ErrorCode::Malformed);
}

}  // namespace oxbow::net
