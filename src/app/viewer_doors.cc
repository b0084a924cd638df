#include "app/viewer_doors.h"

#include <chrono>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "app/listening.h"
#include "app/open_files.h"
#include "base/log.h"

namespace oxbow::app {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

/// A server that takes fewer viewers than this says so as a warning.
constexpr std::size_t kViewersFew = 1'000;
/// How long the end waits for viewers' downloads.
constexpr std::chrono::milliseconds kDownloadsMax{10'000};
constexpr std::chrono::milliseconds kViewersLookEvery{10};

}  // namespace

/// As many viewers as files may be open.
net::HttpServerLimits ViewerDoors::limits() const {
    net::HttpServerLimits limits{.trusted_proxies = settings_.trusted_proxies};
    const std::size_t servers = loops_.size() * (settings_.certificate ? 2 : 1);
    limits.connections_max =
        connections_per_loop(raise_open_files_limit(), servers, limits.connections_max);
    return limits;
}

/// Once the start has succeeded: one that fails says why, and nothing else.
void ViewerDoors::tell_of_open_files() const {
    const std::size_t viewers = limits().connections_max * loops_.size();
    if (viewers >= net::HttpServerLimits{}.connections_max * loops_.size()) return;
    const std::string text = fmt::format(
        "{} viewers may be connected, for only {} files may be open: for more, raise the limit "
        "(ulimit -Hn, LimitNOFILE)",
        viewers, raise_open_files_limit());
    viewers < kViewersFew ? log::warning("{}", text) : log::info("{}", text);
}

Result<void> ViewerDoors::listen() {
    auto listens = listening("--http", [this] { add(endpoint_of(settings_.http), nullptr); });
    if (!listens || !settings_.certificate) return listens;
    return listening("--https",
                     [this] { add(endpoint_of(*settings_.https), settings_.certificate); });
}

/// One listener per loop; the first may take a free port, which the others share.
void ViewerDoors::add(tcp::endpoint address,
                      const std::shared_ptr<const net::TlsCertificate>& certificate) {
    refuse_shared_port(address);
    for (std::size_t i = 0; i < loops_.size(); ++i) {
        servers_.push_back(std::make_unique<net::HttpServer>(loops_.at(i), address, handler_,
                                                             limits(), certificate, observer_));
        address = servers_.back()->address();
    }
}

std::string ViewerDoors::http() const {
    return "http://" + host_and_port(servers_.front()->address());
}

std::optional<std::string> ViewerDoors::https() const {
    if (!settings_.certificate) return std::nullopt;
    return "https://" + host_and_port(servers_.back()->address());
}

void ViewerDoors::stop(const Clock& clock) {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        asio::post(loops_.at(i % loops_.size()), [server = servers_[i].get()] { server->stop(); });
    }
    const auto deadline = clock.steady() + kDownloadsMax;
    while (viewers(deadline) > 0 && clock.steady() < deadline)
        std::this_thread::sleep_for(kViewersLookEvery);
}

/// How many connections of viewers are open. Out: 0 also when a loop does not answer until
/// `deadline`.
std::size_t ViewerDoors::viewers(SteadyTime deadline) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        const auto asked = std::make_shared<std::promise<std::size_t>>();
        auto answer = asked->get_future();
        asio::post(loops_.at(i % loops_.size()), [asked, server = servers_[i].get()] {
            asked->set_value(server->connections());
        });
        if (answer.wait_until(deadline) == std::future_status::ready) count += answer.get();
    }
    return count;
}

}  // namespace oxbow::app
