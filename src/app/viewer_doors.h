#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "app/settings.h"
#include "base/result.h"
#include "base/times.h"
#include "net/http_server.h"
#include "net/loops.h"

namespace oxbow::app {

/// Where viewers come in: a listener on each loop, and with a certificate one more, by TLS.
class ViewerDoors {
public:
    /// All outlive it. In: a handler and an observer for any loop.
    ViewerDoors(const Settings& settings, net::Loops& loops, net::HttpHandler handler,
                net::HttpObserver observer)
        : settings_(settings),
          loops_(loops),
          handler_(std::move(handler)),
          observer_(std::move(observer)) {}

    /// Errors: Unavailable  names the address and the flag.
    Result<void> listen();

    std::string http() const;                  // "http://127.0.0.1:8080"
    std::optional<std::string> https() const;  // nullopt without a certificate

    /// Says how many viewers there may be, where the system allows less than we would.
    void tell_of_open_files() const;

    /// Takes no more viewers, and lets answers under way finish. Blocks; the loops must run.
    void stop(const Clock& clock);

private:
    net::HttpServerLimits limits() const;
    void add(boost::asio::ip::tcp::endpoint address,
             const std::shared_ptr<const net::TlsCertificate>& certificate);
    std::size_t viewers(SteadyTime deadline);

    const Settings& settings_;
    net::Loops& loops_;
    net::HttpHandler handler_;
    net::HttpObserver observer_;
    /// One of each loop, in their order; with a certificate then one more of each, by TLS.
    std::vector<std::unique_ptr<net::HttpServer>> servers_;
};

}  // namespace oxbow::app
