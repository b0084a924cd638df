#pragma once

#include <future>
#include <memory>
#include <optional>
#include <thread>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include "net/http_server.h"
#include "net/loops.h"
#include "net/test_certificate.h"

// What the tests of servers by TLS share.

namespace oxbow::net {

/// Whether it came to be, within five seconds.
bool comes_true(auto condition) {
    for (int i = 0; i < 5'000 && !condition(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    return condition();
}

/// A server by TLS on a free loopback port, with a certificate of its own.
class TestSecureServer {
public:
    TestSecureServer(HttpServerLimits limits, HttpHandler handler, HttpObserver observer = {}) {
        const TestFolder folder;
        const TestCertificate pair = TestCertificate::make();
        certificate = TlsCertificate::load({.certificate = folder.put("c", pair.certificate),
                                            .key = folder.put("k", pair.key)})
                          .value();
        server_.emplace(
            loops_.at(0),
            boost::asio::ip::tcp::endpoint{boost::asio::ip::make_address("127.0.0.1"), 0},
            std::move(handler), limits, certificate, std::move(observer));
        loops_.start();
    }
    ~TestSecureServer() { end(); }

    /// A socket that gives up after five seconds.
    int connect() const {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        const timeval patience{.tv_sec = 5, .tv_usec = 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(server_->address().port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        return fd;
    }
    /// Takes no more connections.
    void stop() {
        boost::asio::post(loops_.at(0), [this] { server_->stop(); });
    }
    std::size_t connections() {
        std::promise<std::size_t> count;
        boost::asio::post(loops_.at(0), [&] { count.set_value(server_->connections()); });
        return count.get_future().get();
    }
    boost::asio::any_io_executor executor() { return loops_.at(0).get_executor(); }

    std::shared_ptr<TlsCertificate> certificate;

protected:
    /// For who derives: before what the handler needs is gone.
    void end() {
        loops_.stop();
        loops_.join();
    }

private:
    Loops loops_{1};
    std::optional<HttpServer> server_;
};

}  // namespace oxbow::net
