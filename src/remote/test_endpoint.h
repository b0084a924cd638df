#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include "net/http_server.h"
#include "net/loops.h"

// What the tests of this room share.

namespace oxbow::remote {

/// An HTTP server of its own that answers as it is told.
class TestEndpoint {
public:
    struct Answer {
        int status = 200;
        std::string body{};
        std::string headers{};  // "Name: value\r\n" lines
    };
    using Handler = std::function<Answer(const net::HttpRequest&)>;

    explicit TestEndpoint(Handler handler) : handler_(std::move(handler)) {
        server_.emplace(
            loops_.at(0),
            boost::asio::ip::tcp::endpoint{boost::asio::ip::make_address("127.0.0.1"), 0},
            [this](const net::HttpRequest& request) -> net::HttpAnswer {
                ++asked;
                Answer answer = handler_(request);
                return net::HttpResponse{.status = answer.status,
                                         .extra_headers = std::move(answer.headers),
                                         .body = net::HttpBody::of_string(std::move(answer.body))};
            },
            net::HttpServerLimits{.body_bytes_max = 100'000});
        url = "http://127.0.0.1:" + std::to_string(server_->address().port());
        loops_.start();
    }
    ~TestEndpoint() {
        loops_.stop();
        loops_.join();
    }

    std::string url;
    std::atomic<int> asked = 0;

private:
    Handler handler_;
    net::Loops loops_{1};
    std::optional<net::HttpServer> server_;
};

}  // namespace oxbow::remote
