#include "app/server_impl.h"

#include <chrono>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "app/behaviour_settings.h"
#include "app/listening.h"
#include "base/bytes.h"
#include "base/log.h"
#include "edge/blocking.h"
#include "edge/ui_files.h"

// The listeners, and what stands behind each.

namespace oxbow::app {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr std::size_t kApiBodyBytesMax = 256 * 1024;
/// Clients of the API, of the files that are reserved (kOpenFilesReserved): more could leave none
/// for the next chunk of a recording.
constexpr std::size_t kApiConnectionsMax = 1'000;

asio::awaitable<net::HttpResponse> answer_api(asio::any_io_executor worker,
                                              control::ControlApi& api,
                                              const net::HttpRequest& request) {
    co_return co_await edge::in_blocking_pool(worker,
                                              [&api, &request] { return api.handle(request); });
}

/// In: a request of the operator's page, whose text its connection holds until the answer.
asio::awaitable<net::HttpResponse> answer_page(asio::any_io_executor worker,
                                               const control::ControlApi& api,
                                               net::HttpRequest request) {
    co_return co_await edge::in_blocking_pool(
        worker, [&api, &request] { return api.handle_known(request); });
}

std::vector<console::PageFile> operator_files() {
    std::vector<console::PageFile> out;
    for (const edge::UiFile& file : edge::ui_files()) {
        if (!file.path.starts_with("/operator/")) continue;
        out.push_back({.path = file.path,
                       .content_type = file.content_type,
                       .etag = file.etag,
                       .immutable = file.immutable,
                       .text = as_text(file.bytes)});
    }
    return out;
}

}  // namespace

Result<void> Server::Impl::listen() {
    if (auto listens = listen_for_publishers(); !listens) return listens;
    if (auto listens = listen_for_secure_publishers(); !listens) return listens;
    behaviours_ = behaviours_of(settings_);
    auto watch = RequestWatch::open(settings_, behaviours_, clock_);
    if (!watch) return std::unexpected(watch.error());
    request_watch_ = *std::move(watch);
    viewer_doors_ = std::make_unique<ViewerDoors>(
        settings_, *loops_,
        [this](const net::HttpRequest& request) { return edge_->answer(request); },
        request_watch_->observer());
    if (auto listens = viewer_doors_->listen(); !listens) return listens;
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

Result<void> Server::Impl::listen_for_clients() {
    return listening("--api", [this] {
        const tcp::endpoint address = endpoint_of(settings_.api);
        refuse_shared_port(address);
        api_server_ = std::make_unique<net::HttpServer>(
            loops_->at(0), address,
            [this](const net::HttpRequest& request) { return answer_client(request); },
            net::HttpServerLimits{.body_bytes_max = kApiBodyBytesMax,
                                  .connections_max = kApiConnectionsMax,
                                  .trusted_proxies = settings_.trusted_proxies});
    });
}

net::HttpAnswer Server::Impl::answer_client(const net::HttpRequest& request) {
    if (request.path == "/events" || request.path.starts_with("/events/")) {
        if (auto refused = api_->refusal(request)) return std::move(*refused);
        return event_api_->answer(request);
    }
    if (request.path == "/metrics") return metrics(request);
    if (console::Console::is_for(request)) return console_->answer(request);
    if (request.path == notify::S3Notifications::kPath) return notifications_->answer(request);
    // At once where no disk is asked: that takes less than the way to another thread.
    if (control::ControlApi::answers_from_memory(request)) return api_->handle(request);
    return answer_api(background_.get_executor(), *api_, request);
}

/// What the listeners answer with; it needs to know where they listen.
void Server::Impl::open_doors() {
    ready_ = {.http = viewer_doors_->http(),
              .https = viewer_doors_->https(),
              .api = "http://" + host_and_port(api_server_->address()),
              .rtmp = fmt::format("rtmp://{}/app", host_and_port(rtmp_server_->address())),
              .credentials = settings_.data / "credentials"};
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
            .behaviours = behaviours_,
            .ingest_url = *ready_.rtmp},
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
                                 .ingest_url = *ready_.rtmp,
                                 .rtmps = ready_.rtmps.has_value(),
                                 .public_url = public_url,
                                 .quotas = settings_.quotas,
                                 .status = [this] { return status(); }});
    sampler_ = std::make_unique<HealthSampler>(background_.get_executor(),
                                               [this] { api_->sample_health(); });
    open_console(public_url);
}

void Server::Impl::open_console(const std::string& viewers_url) {
    console_ = std::make_unique<console::Console>(
        operator_files(), *api_, *credentials_, clock_,
        [this](net::HttpRequest request) -> net::HttpAnswer {
            if (control::ControlApi::answers_from_memory(request))
                return api_->handle_known(request);
            return answer_page(background_.get_executor(), *api_, std::move(request));
        },
        console::ConsoleSettings{
            .cookie_name = fmt::format("oxbow-operator-{}", api_server_->address().port()),
            .viewers_url = viewers_url});
}

control::ServerStatus Server::Impl::status() const {
    const DiskRoom disk = disk_room(settings_.data.string());
    control::ServerStatus out{.disk_free = disk.free,
                              .disk_size = disk.size,
                              .bucket = bucket_->description(),
                              .rtmps_url = ready_.rtmps.value_or(""),
                              .uploads = std::nullopt};
    if (const auto backlog = bucket_->backlog()) {
        out.uploads = {.objects = backlog->objects,
                       .bytes = backlog->bytes,
                       .age = backlog->age,
                       .failures = backlog->failures,
                       .trouble = backlog->trouble};
    }
    return out;
}

}  // namespace oxbow::app
