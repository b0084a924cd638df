#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.h"
#include "net/http.h"
#include "net/networks.h"
#include "net/tls.h"

namespace oxbow::net {

struct HttpServerLimits {
    std::size_t header_bytes_max = 16 * 1024;  // request line and headers together
    std::size_t body_bytes_max = 0;            // 0: none; then GET, HEAD, OPTIONS are all there is
    std::size_t connections_max = 25'000;      // per listener and loop
    std::size_t connections_per_address_max = 1'000;      // of them; IPv6: per /64
    std::size_t requests_per_connection_max = 1'000'000;  // then it is closed behind the answer
    std::chrono::milliseconds header_deadline{10'000};    // first byte to the empty line; handshake
    std::chrono::milliseconds body_deadline{30'000};      // of a request, whole
    std::chrono::milliseconds idle_deadline{60'000};      // between two requests
    std::chrono::milliseconds write_deadline{30'000};     // without any progress of a slow reader
    /// A whole answer may take write_deadline, and longer by its bytes at this rate: a reader that
    /// takes a byte now and then does not live for ever.
    std::uint64_t answer_bytes_per_second_min = 4 * 1024;
    /// Whose X-Forwarded headers count, and whose connections are not counted per address, for
    /// everybody may be behind them.
    Networks trusted_proxies = {};
};

/// What became of an answer.
struct HttpOutcome {
    int status = 0;
    std::uint8_t mark = 0;                       // of HttpResponse
    std::uint64_t bytes = 0;                     // of the body that went out
    bool complete = false;                       // all of it
    std::string_view protocol{};                 // "HTTP/1.1"
    std::chrono::steady_clock::duration took{};  // 0 where nobody asked for times
};

/// Told of every request when its answer has gone out, or ended early; not of one that was given up
/// before it had an answer. On the loop of its connection; must not block. The request refers to
/// its connection's bytes; it is empty where it was malformed.
struct HttpObserver {
    std::function<void(const HttpRequest&, const HttpOutcome&)> answered;  // may be empty
    /// Wants the request and the time of each answer; else the request is empty where its answer
    /// was a stream.
    bool in_full = false;
};

/// HTTP/1.1 on one loop, with a certificate by TLS. One server per loop: they share a port by
/// SO_REUSEPORT. Who speaks plain HTTP where TLS is spoken gets 400.
///
/// Malformed requests are answered 400 and closed; also both Content-Length and Transfer-Encoding,
/// a bare CR, a space before a colon, an absolute or '*' target that is not OPTIONS (request
/// smuggling). What it answers itself is JSON: {"error":"BadRequest","message":"..."}.
class HttpServer {
public:
    /// Exceptions: std::system_error when the address cannot be listened on (a failed start):
    /// "cannot listen on 127.0.0.1:8080: Address already in use".
    HttpServer(boost::asio::io_context& loop, const boost::asio::ip::tcp::endpoint& address,
               HttpHandler handler, HttpServerLimits limits,
               std::shared_ptr<const TlsCertificate> certificate = nullptr,
               HttpObserver observer = {});
    /// When the loop does not run, or on it.
    ~HttpServer();

    boost::asio::ip::tcp::endpoint address() const;

    /// Accepts no more, lets answers under way finish, closes idle connections. On the loop.
    void stop();

    /// How many are open: none, some time after stop(). On the loop.
    std::size_t connections() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace oxbow::net
