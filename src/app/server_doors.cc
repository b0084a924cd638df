#include "app/server_impl.h"

#include <chrono>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "app/listening.h"
#include "app/open_files.h"
#include "base/log.h"
#include "edge/blocking.h"

// The listeners, and what stands behind each.

namespace oxbow::app {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr std::size_t kApiBodyBytesMax = 256 * 1024;
/// Clients of the API, of the files that are reserved (kOpenFilesReserved): more could leave none
/// for the next chunk of a recording.
constexpr std::size_t kApiConnectionsMax = 1'000;
/// A server that takes fewer viewers than this says so as a warning.
constexpr std::size_t kViewersFew = 1'000;

asio::awaitable<net::HttpResponse> answer_api(asio::any_io_executor worker,
                                              control::ControlApi& api,
                                              const net::HttpRequest& request) {
    co_return co_await edge::in_blocking_pool(worker,
                                              [&api, &request] { return api.handle(request); });
}

}  // namespace

Result<void> Server::Impl::listen() {
    if (auto listens = listen_for_publishers(); !listens) return listens;
    if (auto listens = listen_for_secure_publishers(); !listens) return listens;
    if (auto listens = listen_for_viewers(); !listens) return listens;
    if (auto listens = listen_for_secure_viewers(); !listens) return listens;
    if (auto listens = listen_for_clients(); !listens) return listens;
    open_doors();
    return {};
}

/// One listener is enough for publishers: their connections move to the loops of their channels.
Result<void> Server::Impl::listen_for_publishers() {
    return listening("--rtmp", [this] {
        rtmp_server_ = std::make_unique<ingest::RtmpServer>(
            loops_->at(0), endpoint_of(settings_.rtmp), *live_, ingest::RtmpLimits{});
    });
}

Result<void> Server::Impl::listen_for_secure_publishers() {
    if (!settings_.certificate) return {};
    return listening("--rtmps", [this] {
        rtmps_server_ = std::make_unique<ingest::RtmpServer>(
            loops_->at(0), endpoint_of(*settings_.rtmps), *live_, ingest::RtmpLimits{},
            settings_.certificate);
    });
}

/// As many viewers as files may be open.
net::HttpServerLimits Server::Impl::viewer_limits() const {
    net::HttpServerLimits limits{.trusted_proxies = settings_.trusted_proxies};
    const std::size_t servers = loops_->size() * (settings_.certificate ? 2 : 1);
    limits.connections_max =
        connections_per_loop(raise_open_files_limit(), servers, limits.connections_max);
    return limits;
}

/// Once the start has succeeded: one that fails says why, and nothing else.
void Server::Impl::tell_of_open_files() const {
    const std::size_t viewers = viewer_limits().connections_max * loops_->size();
    if (viewers >= net::HttpServerLimits{}.connections_max * loops_->size()) return;
    const std::string text = fmt::format(
        "{} viewers may be connected, for only {} files may be open: for more, raise the limit "
        "(ulimit -Hn, LimitNOFILE)",
        viewers, raise_open_files_limit());
    viewers < kViewersFew ? log::warning("{}", text) : log::info("{}", text);
}

/// One listener per loop; the first may take a free port, which the others share.
Result<void> Server::Impl::listen_for_viewers() {
    return listening("--http",
                     [this] { add_viewer_servers(endpoint_of(settings_.http), nullptr); });
}

Result<void> Server::Impl::listen_for_secure_viewers() {
    if (!settings_.certificate) return {};
    return listening("--https", [this] {
        add_viewer_servers(endpoint_of(*settings_.https), settings_.certificate);
    });
}

void Server::Impl::add_viewer_servers(
    tcp::endpoint address, const std::shared_ptr<const net::TlsCertificate>& certificate) {
    refuse_shared_port(address);
    const net::HttpServerLimits limits = viewer_limits();
    for (std::size_t i = 0; i < loops_->size(); ++i) {
        http_servers_.push_back(std::make_unique<net::HttpServer>(
            loops_->at(i), address,
            [this](const net::HttpRequest& request) { return edge_->answer(request); }, limits,
            certificate));
        address = http_servers_.back()->address();
    }
}

Result<void> Server::Impl::listen_for_clients() {
    return listening("--api", [this] {
        const tcp::endpoint address = endpoint_of(settings_.api);
        refuse_shared_port(address);
        api_server_ = std::make_unique<net::HttpServer>(
            loops_->at(0), address,
            [this](const net::HttpRequest& request) { return answer_client(request); },
            net::HttpServerLimits{.body_bytes_max = kApiBodyBytesMax,
                                  .connections_max = kApiConnectionsMax});
    });
}

net::HttpAnswer Server::Impl::answer_client(const net::HttpRequest& request) {
    if (request.path == "/events" || request.path.starts_with("/events/")) {
        if (auto refused = api_->refusal(request)) return std::move(*refused);
        return event_api_->answer(request);
    }
    if (request.path == "/metrics") return metrics(request);
    if (request.path == notify::S3Notifications::kPath) return notifications_->answer(request);
    // At once where no disk is asked: that takes less than the way to another thread.
    if (control::ControlApi::answers_from_memory(request)) return api_->handle(request);
    return answer_api(background_.get_executor(), *api_, request);
}

/// What the listeners answer with; it needs to know where they listen.
void Server::Impl::open_doors() {
    ready_ = {.http = "http://" + host_and_port(http_servers_[0]->address()),
              .api = "http://" + host_and_port(api_server_->address()),
              .rtmp = fmt::format("rtmp://{}/app", host_and_port(rtmp_server_->address())),
              .credentials = settings_.data / "credentials"};
    if (settings_.certificate)
        ready_.https = "https://" + host_and_port(http_servers_.back()->address());
    if (rtmps_server_)
        ready_.rtmps = fmt::format("rtmps://{}/app", host_and_port(rtmps_server_->address()));
    const std::string public_url =
        settings_.public_url.empty() ? ready_.http : settings_.public_url;

    edge_ = std::make_unique<edge::Edge>(
        edge::EdgeSettings{
            .region = settings_.region,
            .account = settings_.account,
            .public_url = settings_.public_url,
            .default_channel = settings_.default_channel
                                   ? std::optional{ChannelId{*settings_.default_channel}}
                                   : std::nullopt,
            .cors_origins = settings_.cors_origins,
            .ingest_url = ready_.rtmp},
        edge::EdgeRooms{.catalog = *catalog_,
                        .store = *store_,
                        .channels = channels_,
                        .streams = *live_,
                        .thumbnails = newest_thumbnails_,
                        .latest_meta = *latest_meta_,
                        .open_playlists = *live_,
                        .objects = *objects_,
                        .viewers = viewers_,
                        .waits = waits_,
                        .events = *viewer_events_,
                        .served = served_,
                        .ranges = *ranges_,
                        .windows = *windows_,
                        .private_events = *private_events_,
                        .gate = *gate_,
                        .clock = clock_,
                        .blocking = readers_.get_executor()});
    retention_ = std::make_unique<RetentionKeeper>(
        RetentionKeeper::Rooms{
            .catalog = *catalog_,
            .remover = *remover_,
            .clock = clock_,
            .bucket = settings_.store.s3 ? settings_.data : settings_.data / "bucket",
            .last_served = [this](const RecordingId& id) { return served_.last(id); }},
        settings_.retention);
    buckets_ = std::make_unique<OneBucket>(
        bucket_->name(), *store_,
        [this](std::function<void()> work) { asio::post(background_, std::move(work)); });
    api_ = std::make_unique<control::ControlApi>(
        *catalog_, *live_, *remover_, *retention_, *credentials_, *buckets_, clock_,
        control::ControlSettings{.region = settings_.region,
                                 .account = settings_.account,
                                 .ingest_url = ready_.rtmp,
                                 .rtmps = ready_.rtmps.has_value(),
                                 .public_url = public_url,
                                 .quotas = settings_.quotas});
}

}  // namespace oxbow::app
