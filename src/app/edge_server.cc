#include "app/edge_server.h"

#include <csignal>
#include <filesystem>
#include <future>
#include <ostream>
#include <system_error>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "app/edge_server_impl.h"
#include "app/listening.h"
#include "app/process_epoch.h"
#include "app/session_secret.h"
#include "base/log.h"
#include "edge/path_pieces.h"
#include "ivs/ids.h"

namespace oxbow::app {
namespace {

constexpr std::size_t kNotificationBytesMax = 256 * 1024;
constexpr std::size_t kSendersMax = 200;  // connections to the port of the API
constexpr std::chrono::milliseconds kLastPutsMax{3'000};

/// How long an answer of the origin is kept: what it says, within what its behaviour lets it say.
/// Errors are kept for as long as they say, and what is private never is.
std::chrono::seconds kept_for(const edge::Behaviours& behaviours, std::string_view target,
                              const remote::OriginAnswer& answer) {
    if (remote::is_private(answer.cache_control)) return std::chrono::seconds{0};
    const auto said = remote::said_for(answer.cache_control);
    if (answer.status >= 400) return said.value_or(std::chrono::seconds{0});
    const std::size_t index = behaviours.index_of_sent(target.substr(0, target.find('?')));
    return behaviours.at(index).ttl.of(said);
}

}  // namespace

Result<void> EdgeServer::Impl::start() {
    log::set_level(level_of(settings_.log_level));
    epoch_ = process_epoch(clock_.wall());
    if (auto opened = open_rooms(); !opened) return opened;
    tie_rooms();
    make_edge();
    if (auto listens = listen(); !listens) return listens;
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](boost::system::error_code, int) { main_loop_.stop(); });
    request_watch_->reopen_at_signal(main_loop_);
    if (settings_.certificate) {
        certificate_watch_ =
            std::make_unique<CertificateWatch>(main_loop_, settings_.certificate, clock_);
    }
    running_ = true;
    bucket_->start();
    if (auto followed = follower_->start(); !followed) return followed;
    loops_->start();
    return announce();
}

Result<void> EdgeServer::Impl::open_rooms() {
    std::error_code error;
    std::filesystem::create_directories(settings_.data, error);
    if (error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot make the data directory {}: {}; choose another with --data",
                                settings_.data.string(), error.message()));
    }
    auto endpoint = ivs_client_settings(settings_.ivs, settings_.region);
    if (!endpoint) return std::unexpected(endpoint.error());
    if (auto credentials = endpoint->credentials.load(); !credentials) {
        return fail(credentials.error().code,
                    fmt::format("credentials of the IVS endpoint: {}", credentials.error().what));
    }
    client_ = std::make_unique<remote::IvsClient>(std::move(*endpoint), clock_);
    auto catalog = catalog::Catalog::open(settings_.data / "oxbow.db");
    if (!catalog) return std::unexpected(catalog.error());
    catalog_ = std::move(*catalog);
    auto secret = load_or_make_session_secret(settings_.data / "session-secret");
    if (!secret) return std::unexpected(secret.error());
    gate_ = std::make_unique<edge::PlaybackGate>(*catalog_, clock_,
                                                 edge::SessionSigner{std::move(*secret)});
    auto bucket = Bucket::open(settings_, clock_);
    if (!bucket) return std::unexpected(bucket.error());
    bucket_ = std::move(*bucket);
    store_ = &bucket_->store();
    return {};
}

void EdgeServer::Impl::tie_rooms() {
    const auto events_where = [this](bool authorized) {
        return std::make_unique<edge::ViewerEvents>(
            epoch_, clock_, [this, authorized](const ChannelId& channel) {
                const auto directory = catalog_->directory();
                const auto found = directory->channels.find(channel);
                return found != directory->channels.end() && found->second.authorized == authorized;
            });
    };
    events_ = events_where(false);
    private_events_ = events_where(true);
    loops_ = std::make_unique<net::Loops>(settings_.loops.value_or(net::usable_cores()));
    objects_ = std::make_unique<edge::OpenObjects>(*store_, clock_);
    ranges_ = std::make_unique<edge::RecordedRanges>(edge::RecordedRanges::Rooms{
        .store = *store_,
        .open_playlist = [this](std::string_view key) { return open_playlist(key); },
        .folder = settings_.data / "index"});
    windows_ = std::make_unique<edge::Windows>(edge::Windows::Rooms{.catalog = *catalog_,
                                                                    .ranges = *ranges_,
                                                                    .channels = channels_,
                                                                    .clock = clock_,
                                                                    .naming = naming()});
    if (is_edge() && !settings_.live_origin.empty())
        origin_ = std::make_unique<remote::LiveOrigin>(
            settings_.live_origin, clock_,
            [behaviours = behaviours_](std::string_view target,
                                       const remote::OriginAnswer& answer) {
                return kept_for(*behaviours, target, answer);
            });
    remote::Follower::Settings following{
        .region = settings_.region, .account = settings_.account, .ask_channels = is_edge()};
    if (origin_) {
        following.playback_path = [this](const ChannelId& channel) {
            return fmt::format("{}{}", edge::kLivePrefix,
                               ivs::playback_name(settings_.region, settings_.account, channel));
        };
    }
    follower_ = std::make_unique<remote::Follower>(
        std::move(following),
        remote::Follower::Rooms{
            .store = *store_,
            .catalog = *catalog_,
            .recordings = recordings_,
            .client = *client_,
            .clock = clock_,
            .save_start = [this](
                              const std::string& key,
                              const std::string& sequencer) { return save_start(key, sequencer); },
            .duration =
                [this](const catalog::Recording& recording) { return duration_of(recording); },
            .changed =
                [](const catalog::Recording& recording) {
                    log::info("[channel {}] recording {}: {}", recording.channel.view(),
                              recording.id.view(), ivs::name_of(recording.status));
                },
            .gone =
                [this](const catalog::Recording& recording) {
                    edge_->forget_recording(recording.channel, recording.id);
                    objects_->forget(recording.prefix + "/");
                    bucket_->forget(recording.prefix + "/");
                },
            .looked_at = [this](const ChannelId& channel) { looked_at(channel); }});
    save_meta_ = std::make_unique<meta::SaveRecordingStartMeta>(*store_, *follower_);
    latest_meta_ = std::make_unique<meta::GetLatestRecordingStartMeta>(*store_, *follower_);
    notifications_ = std::make_unique<notify::S3Notifications>(
        notify::S3NotificationsOptions{.secret = settings_.notifications_secret},
        [this](const notify::ObjectCreatedRecord& record) {
            return follower_->take(record.key, record.sequencer);
        },
        readers_.get_executor());
}

void EdgeServer::Impl::make_edge() {
    edge_ = std::make_unique<edge::Edge>(
        edge::EdgeSettings{
            .region = settings_.region,
            .account = settings_.account,
            .public_url = settings_.public_url,
            .default_channel = settings_.default_channel
                                   ? std::optional{ChannelId{*settings_.default_channel}}
                                   : std::nullopt,
            .behaviours = behaviours_,
            .ingest_url = {},
            .naming = naming()},
        edge::EdgeRooms{.catalog = *catalog_,
                        .store = *store_,
                        .channels = channels_,
                        .streams = *follower_,
                        .thumbnails = thumbnails_,
                        .latest_meta = *latest_meta_,
                        .open_playlists = open_playlists_,
                        .objects = *objects_,
                        .viewers = viewers_,
                        .waits = waits_,
                        .events = *events_,
                        .served = served_,
                        .ranges = *ranges_,
                        .windows = *windows_,
                        .private_events = *private_events_,
                        .gate = *gate_,
                        .clock = clock_,
                        .blocking = readers_.get_executor()});
}

Result<void> EdgeServer::Impl::save_start(const std::string& key, const std::string& sequencer) {
    const std::scoped_lock lock{saving_};
    const auto saved = save_meta_->handle(key, sequencer);
    if (!saved) return std::unexpected(saved.error());
    const auto ref = ivs::recording_of_key(key);
    return ref ? latest_meta_->saved(ref->channel) : std::unexpected(ref.error());
}

Result<std::chrono::milliseconds> EdgeServer::Impl::duration_of(
    const catalog::Recording& recording) {
    const auto index = ranges_->index(recording);
    if (!index) return std::unexpected(index.error());
    return (*index)->duration();
}

/// The playlist of a channel's newest recording while it grows, as the bucket has it.
std::shared_ptr<const TextVersion> EdgeServer::Impl::open_playlist(std::string_view key) {
    const auto ref = ivs::recording_of_key(key);
    const auto view = ref ? recordings_.get(ref->channel) : nullptr;
    if (!view || view->recording.id != ref->recording ||
        view->recording.status != catalog::RecordingStatus::Started)
        return nullptr;
    const auto loaded = objects_->load(std::string{key});
    return loaded ? (*loaded)->text : nullptr;
}

/// What there is of it now, for the viewers who listen.
void EdgeServer::Impl::looked_at(const ChannelId& channel) {
    edge::ViewerEvents::Elsewhere now;
    if (const auto stream = follower_->live_stream(channel)) {
        now.stream = stream->stream_id;
        now.started_at = stream->started_at;
    }
    const auto view = recordings_.get(channel);
    if (view && view->recording.status == catalog::RecordingStatus::Started) {
        now.recording = view->recording.id;
        now.duration = std::chrono::duration_cast<MediaTime>(view->recording.duration);
    }
    events_->on_elsewhere(channel, now);
    private_events_->on_elsewhere(channel, now);
    // A recording that was saved by another: its name is read once.
    if (!view) return;
    const auto [last, is_new] = saved_of_.try_emplace(channel, RecordingId{});
    if (last->second == view->recording.id) return;
    if (latest_meta_->saved(channel)) last->second = view->recording.id;
}

Result<void> EdgeServer::Impl::listen() {
    auto watch = RequestWatch::open(settings_, behaviours_, clock_);
    if (!watch) return std::unexpected(watch.error());
    request_watch_ = *std::move(watch);
    viewer_doors_ = std::make_unique<ViewerDoors>(
        settings_, *loops_, [this](const net::HttpRequest& request) { return answer(request); },
        request_watch_->observer());
    if (auto listens = viewer_doors_->listen(); !listens) return listens;
    auto listens = listening("--api", [this] {
        const auto address = endpoint_of(settings_.api);
        refuse_shared_port(address);
        api_server_ = std::make_unique<net::HttpServer>(
            loops_->at(0), address,
            [this](const net::HttpRequest& request) { return answer_sender(request); },
            net::HttpServerLimits{.body_bytes_max = kNotificationBytesMax,
                                  .connections_max = kSendersMax});
    });
    if (!listens) return listens;
    ready_ = {.http = viewer_doors_->http(),
              .https = viewer_doors_->https(),
              .api = "http://" + host_and_port(api_server_->address()),
              .rtmp = std::nullopt,
              .rtmps = std::nullopt,
              .credentials = {}};
    return {};
}

Result<void> EdgeServer::Impl::announce() {
    const std::string text = ready_json(ready_);
    if (auto written = write_atomically(settings_.data / "ready.json", text); !written)
        return written;
    if (settings_.ready_file) {
        if (auto written = write_atomically(*settings_.ready_file, text); !written) return written;
    }
    notify_systemd();
    out_ << fmt::format(
        "Oxbow is ready, in the role {}.\n\n  {}  {}\n  notifications  {}{}\n  bucket         {}\n"
        "  IVS endpoint   {}\n",
        name_of(settings_.role), is_edge() ? "watch        " : "metadata     ",
        is_edge() ? ready_.http + "/" : ready_.http + "/recording-started-{CHANNEL_ID}.json",
        ready_.api, notify::S3Notifications::kPath, bucket_->description(), client_->endpoint());
    if (origin_) out_ << fmt::format("  live origin    {}\n", settings_.live_origin);
    out_ << std::flush;
    return {};
}

void EdgeServer::Impl::run() {
    viewer_doors_->tell_of_open_files();
    main_loop_.run();  // until a signal
    log::info("shutting down");
    shut_down();
}

void EdgeServer::Impl::shut_down() {
    if (!running_) return;
    running_ = false;
    std::error_code ignored;
    std::filesystem::remove(settings_.data / "ready.json", ignored);
    if (settings_.ready_file) std::filesystem::remove(*settings_.ready_file, ignored);
    const auto stopped = std::make_shared<std::promise<void>>();
    asio::post(loops_->at(0), [this, stopped] {
        api_server_->stop();
        stopped->set_value();
    });
    stopped->get_future().wait_for(kLastPutsMax);
    follower_->ask_to_stop();
    events_->close();
    private_events_->close();
    if (origin_) origin_->stop();
    viewer_doors_->stop(clock_);
    bucket_->stop(kLastPutsMax);
    follower_->stop();  // behind the bucket, which has ended what it waits for
    loops_->stop();
    loops_->join();
    readers_.join();
    request_watch_->stop();
}

EdgeServer::EdgeServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EdgeServer::~EdgeServer() = default;

Result<std::unique_ptr<EdgeServer>> EdgeServer::start(Settings settings, std::ostream& out) {
    auto impl = std::make_unique<Impl>(std::move(settings), out);
    if (auto started = impl->start(); !started) return std::unexpected(started.error());
    return std::unique_ptr<EdgeServer>{new EdgeServer{std::move(impl)}};
}

void EdgeServer::run() {
    impl_->run();
}

}  // namespace oxbow::app
