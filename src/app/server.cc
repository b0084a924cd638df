#include "app/server.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <ostream>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "app/certificate_watch.h"
#include "app/demo.h"
#include "app/listening.h"
#include "app/live_service.h"
#include "app/open_files.h"
#include "app/ready_file.h"
#include "app/recording_buckets.h"
#include "app/recording_remover.h"
#include "app/retention_keeper.h"
#include "app/session_secret.h"
#include "base/log.h"
#include "base/random.h"
#include "catalog/catalog.h"
#include "control/api.h"
#include "control/credentials.h"
#include "edge/blocking.h"
#include "edge/edge.h"
#include "edge/served_recordings.h"
#include "ingest/rtmp_server.h"
#include "ivs/recording_metadata.h"
#include "meta/functions.h"
#include "net/http_server.h"
#include "net/loops.h"
#include "notify/channel_events.h"
#include "notify/event_api.h"
#include "notify/event_log.h"
#include "notify/object_created_queue.h"
#include "notify/receiver_name.h"
#include "notify/webhook.h"
#include "record/recorder.h"
#include "store/folder_store.h"

namespace oxbow::app {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr std::string_view kBucket = "recordings";
constexpr std::string_view kDefaultConfiguration = "default";
constexpr std::size_t kStoreReaders =
    2;  // threads that may wait for the bucket on behalf of viewers
constexpr std::size_t kApiBodyBytesMax = 256 * 1024;
/// Clients of the API, of the files that are reserved (kOpenFilesReserved): more could leave none
/// for the next chunk of a recording.
constexpr std::size_t kApiConnectionsMax = 1'000;
/// A server that takes fewer viewers than this says so as a warning.
constexpr std::size_t kViewersFew = 1'000;
/// How long shutting down waits for the API's answers under way, and then for viewers' downloads.
constexpr std::chrono::milliseconds kAnswersMax{3'000};
constexpr std::chrono::milliseconds kDownloadsMax{10'000};
constexpr std::chrono::milliseconds kLookEvery{10};
/// How long receivers of events get for the last ones.
constexpr std::chrono::milliseconds kLastDeliveriesMax{1'000};

log::Level level_of(const std::string& name) {
    if (name == "debug") return log::Level::Debug;
    if (name == "warning") return log::Level::Warning;
    if (name == "error") return log::Level::Error;
    return log::Level::Info;
}

/// A name that no process of this data directory had before: the start in milliseconds, in base 36.
std::string process_epoch(WallTime now) {
    constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::string out;
    for (auto rest = now.time_since_epoch().count(); rest > 0; rest /= 36) {
        out.insert(out.begin(), kDigits[static_cast<std::size_t>(rest % 36)]);
    }
    return out;
}

asio::awaitable<net::HttpResponse> answer_api(asio::any_io_executor worker,
                                              control::ControlApi& api,
                                              const net::HttpRequest& request) {
    co_return co_await edge::in_blocking_pool(worker,
                                              [&api, &request] { return api.handle(request); });
}

/// What a start makes in the data directory beside the database, the outer before the inner.
std::vector<std::filesystem::path> places_of(const std::filesystem::path& data) {
    std::vector<std::filesystem::path> out;
    for (auto parent = std::filesystem::absolute(data).lexically_normal();
         parent != parent.root_path(); parent = parent.parent_path()) {
        out.insert(out.begin(), parent);
    }
    for (const char* inner : {"credentials", "session-secret", "bucket", "bucket/.oxbow-tmp"})
        out.push_back(data / inner);
    return out;
}

Result<void> make_data_directory(const std::filesystem::path& data) {
    std::error_code error;
    std::filesystem::create_directories(data, error);
    if (error) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("cannot make the data directory {}: {}; choose another with --data",
                                data.string(), error.message()));
    }
    return {};
}

}  // namespace

class Server::Impl {
public:
    Impl(Settings settings, std::ostream& out) : settings_(std::move(settings)), out_(out) {}
    ~Impl() { shut_down(); }

    Result<void> start();
    void run();

    /// Ends what a failed start() left running, and removes what it made that was not there before.
    void take_back();

private:
    Result<void> start_rooms();
    Result<void> open_rooms();
    Result<void> make_default_configuration();
    Result<void> take_up_recordings();
    Result<void> open_event_log();
    void finish_events();
    void wire_functions();
    void wire_remover();
    void reconcile_metadata();
    void save_metadata(const std::string& key);
    Result<void> listen();
    net::HttpServerLimits viewer_limits() const;
    void tell_of_open_files() const;
    Result<void> listen_for_viewers();
    Result<void> listen_for_secure_viewers();
    void add_viewer_servers(tcp::endpoint address,
                            const std::shared_ptr<const net::TlsCertificate>& certificate);
    Result<void> listen_for_publishers();
    Result<void> listen_for_secure_publishers();
    Result<void> listen_for_clients();
    net::HttpAnswer answer_client(const net::HttpRequest& request);
    void open_doors();
    Result<void> announce();
    Result<void> start_demo();
    void shut_down();
    void stop_api();
    void stop_viewers();
    std::size_t viewers(SteadyTime deadline);

    Settings settings_;
    std::ostream& out_;
    SystemClock clock_;
    std::string epoch_;
    asio::io_context main_loop_;
    asio::signal_set signals_{main_loop_};
    bool running_ = false;                     // loops run: members may go after shut_down() only
    std::vector<std::filesystem::path> made_;  // by this start: what was not there before
    // In the order of the data's way; destroyed in the opposite order.
    std::unique_ptr<control::Credentials> credentials_;
    std::unique_ptr<catalog::Catalog> catalog_;
    std::unique_ptr<store::FolderStore> store_;
    record::RecordingViews recordings_;
    live::ChannelViews channels_;
    live::StreamStatuses stream_statuses_;
    edge::ViewerCounter viewers_{clock_};
    std::unique_ptr<edge::ViewerEvents> viewer_events_;
    std::unique_ptr<edge::ViewerEvents> private_events_;
    std::unique_ptr<edge::PlaybackGate> gate_;
    std::vector<std::unique_ptr<notify::Webhook>> webhooks_;
    asio::thread_pool background_{1};  // the API, which waits for the catalogue
    std::unique_ptr<notify::EventApi> event_api_;
    std::unique_ptr<notify::EventLog> event_log_;
    std::unique_ptr<notify::ChannelEvents> channel_events_;
    asio::thread_pool readers_{kStoreReaders};
    std::unique_ptr<record::GroupCommit> commit_;
    std::vector<record::TakenUp> taken_up_;  // until live_ has them
    std::unique_ptr<record::Recorder> recorder_;
    std::unique_ptr<net::Loops> loops_;
    std::unique_ptr<LiveService> live_;
    std::unique_ptr<meta::SaveRecordingStartMeta> save_meta_;
    std::unique_ptr<meta::GetLatestRecordingStartMeta> latest_meta_;
    std::unique_ptr<notify::ObjectCreatedQueue> created_;
    std::unique_ptr<RecordingRemover> remover_;
    edge::ServedRecordings served_{clock_};
    std::unique_ptr<edge::RecordedRanges> ranges_;
    std::unique_ptr<edge::OpenObjects> objects_;
    std::unique_ptr<OneBucket> buckets_;
    std::unique_ptr<edge::Edge> edge_;
    std::unique_ptr<RetentionKeeper> retention_;
    std::unique_ptr<control::ControlApi> api_;
    /// One of each loop, in their order; with a certificate then one more of each, by TLS.
    std::vector<std::unique_ptr<net::HttpServer>> http_servers_;
    std::unique_ptr<net::HttpServer> api_server_;
    std::unique_ptr<ingest::RtmpServer> rtmp_server_;
    std::unique_ptr<ingest::RtmpServer> rtmps_server_;  // null without a certificate
    std::unique_ptr<CertificateWatch> certificate_watch_;
    std::vector<Demo::Channel> demo_channels_;
    std::unique_ptr<Demo> demo_;
    ReadyInfo ready_;
};

Result<void> Server::Impl::start() {
    log::set_level(level_of(settings_.log_level));
    epoch_ = process_epoch(clock_.wall());
    made_ = places_of(settings_.data);
    std::erase_if(made_, [](const std::filesystem::path& place) {
        std::error_code not_there;
        return std::filesystem::exists(std::filesystem::symlink_status(place, not_there));
    });
    auto started = start_rooms();
    if (!started) take_back();
    return started;
}

Result<void> Server::Impl::start_rooms() {
    if (auto opened = open_rooms(); !opened) return opened;
    if (auto taken = take_up_recordings(); !taken) return taken;
    if (auto opened = open_event_log(); !opened) return opened;
    wire_functions();
    wire_remover();
    reconcile_metadata();
    if (auto listens = listen(); !listens) return listens;
    // Before anybody is told that we run: from here on a signal ends recordings, not the process.
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](boost::system::error_code, int) { main_loop_.stop(); });
    if (settings_.certificate) {
        certificate_watch_ =
            std::make_unique<CertificateWatch>(main_loop_, settings_.certificate, clock_);
    }
    running_ = true;
    loops_->start();
    retention_->start();
    if (auto announced = announce(); !announced) return announced;
    return settings_.demo ? start_demo() : Result<void>{};
}

Result<void> Server::Impl::open_rooms() {
    if (auto made = make_data_directory(settings_.data); !made) return made;
    auto catalog = catalog::Catalog::open(settings_.data / "oxbow.db");
    if (!catalog) return std::unexpected(catalog.error());
    catalog_ = std::move(*catalog);
    auto credentials = control::Credentials::load_or_create(settings_.data / "credentials");
    if (!credentials) return std::unexpected(credentials.error());
    credentials_ = std::move(*credentials);
    auto secret = load_or_make_session_secret(settings_.data / "session-secret");
    if (!secret) return std::unexpected(secret.error());
    gate_ = std::make_unique<edge::PlaybackGate>(*catalog_, clock_,
                                                 edge::SessionSigner{std::move(*secret)});
    auto store = store::FolderStore::open(settings_.data / "bucket", std::string{kBucket}, clock_);
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    return make_default_configuration();
}

Result<void> Server::Impl::make_default_configuration() {
    for (const auto& [arn, configuration] : catalog_->directory()->recording_configurations) {
        if (configuration.name == kDefaultConfiguration) return {};
    }
    catalog::RecordingConfiguration made;
    made.arn = ivs::recording_configuration_arn(settings_.region, settings_.account,
                                                random_alphanumeric(12));
    made.name = kDefaultConfiguration;
    made.bucket_name = kBucket;
    made.reconnect_window = settings_.reconnect_window;
    made.thumbnail_interval = std::chrono::seconds{5};
    return catalog_->add_recording_configuration(made);
}

Result<void> Server::Impl::take_up_recordings() {
    const std::filesystem::path spool = settings_.data / "spool";
    commit_ = std::make_unique<record::GroupCommit>(
        [this, spool] { return record::sync_all(spool, *store_); });
    const record::RecordingPlace place{.store = *store_,
                                       .catalog = *catalog_,
                                       .views = recordings_,
                                       .clock = clock_,
                                       .spool = spool,
                                       .commit = commit_.get(),
                                       .sync_always = settings_.sync_recordings_always};
    auto taken_up = record::take_up_recordings(place, epoch_, record::boot_of_machine());
    if (!taken_up) return std::unexpected(taken_up.error());
    std::multimap<WallTime, std::size_t> by_start;
    for (std::size_t i = 0; i < taken_up->size(); ++i)
        by_start.emplace((*taken_up)[i].row.started_at, i);
    for (const auto& [started_at, i] : by_start) taken_up_.push_back(std::move((*taken_up)[i]));
    const auto newest = catalog_->newest_recordings();
    if (!newest) return std::unexpected(newest.error());
    for (const catalog::Recording& row : *newest) {
        recordings_.publish(row.channel, std::make_shared<const record::RecordingView>(
                                             record::RecordingView{.recording = row}));
    }
    recorder_ = std::make_unique<record::Recorder>(place);
    return {};
}

/// The log, what writes to it and who gets it; tells what an earlier process left untold.
Result<void> Server::Impl::open_event_log() {
    notify::EventLogOptions options;
    for (const WebhookSettings& webhook : settings_.webhooks)
        options.receivers.push_back(notify::receiver_name(webhook.url));
    if (auto kept = catalog_->keep_receivers(options.receivers); !kept) return kept;
    for (const WebhookSettings& webhook : settings_.webhooks) {
        webhooks_.push_back(std::make_unique<notify::Webhook>(
            *catalog_, clock_,
            notify::WebhookOptions{.url = webhook.url,
                                   .secret = webhook.secret,
                                   .times = {.retry_for = settings_.event_retry_for}}));
    }
    const auto newest = catalog_->last_cursor();
    if (!newest) return std::unexpected(newest.error());
    event_api_ = std::make_unique<notify::EventApi>(*catalog_, *newest, background_.get_executor());
    const auto tell = [this](const std::vector<catalog::Event>& events) {
        event_api_->on_events(events);
        for (const auto& webhook : webhooks_) webhook->notice();
    };
    event_log_ = std::make_unique<notify::EventLog>(*catalog_, clock_, std::move(options), tell);
    channel_events_ = std::make_unique<notify::ChannelEvents>(
        *event_log_, *catalog_, clock_,
        notify::ChannelEventsSettings{.region = settings_.region,
                                      .account = settings_.account,
                                      .bucket_name = std::string{kBucket}});
    return channel_events_->take_up();
}

void Server::Impl::wire_functions() {
    const auto events_where = [this](bool authorized) {
        return std::make_unique<edge::ViewerEvents>(
            epoch_, clock_, [this, authorized](const ChannelId& channel) {
                const auto directory = catalog_->directory();
                const auto found = directory->channels.find(channel);
                return found != directory->channels.end() && found->second.authorized == authorized;
            });
    };
    viewer_events_ = events_where(false);
    private_events_ = events_where(true);
    loops_ = std::make_unique<net::Loops>(settings_.loops.value_or(net::usable_cores()));
    live_ = std::make_unique<LiveService>(
        LiveService::Rooms{.loops = *loops_,
                           .wiring = {.region = settings_.region,
                                      .account = settings_.account,
                                      .epoch = epoch_,
                                      .clock = clock_,
                                      .recorder = *recorder_,
                                      .channel_views = channels_,
                                      .stream_statuses = stream_statuses_,
                                      .on_view =
                                          [this](const live::ChannelView& view) {
                                              viewer_events_->on_view(view);
                                              private_events_->on_view(view);
                                          },
                                      .events = *channel_events_,
                                      .catalog = *catalog_,
                                      .recording_max = settings_.recording_max,
                                      .enforce_limits = settings_.enforce_ingest_limits},
                           .recordings = recordings_,
                           .viewers = viewers_,
                           .concurrent_streams_max = settings_.quotas.concurrent_streams});
    live_->take_up(std::move(taken_up_));
    objects_ = std::make_unique<edge::OpenObjects>(*store_, clock_);
    ranges_ = std::make_unique<edge::RecordedRanges>(edge::RecordedRanges::Rooms{
        .catalog = *catalog_,
        .store = *store_,
        .open_playlist = [this](std::string_view key) { return live_->open_playlist(key); },
        .folder = settings_.data / "index"});
    save_meta_ = std::make_unique<meta::SaveRecordingStartMeta>(*store_, *live_);
    latest_meta_ = std::make_unique<meta::GetLatestRecordingStartMeta>(*store_, *live_);
    notify::ObjectCreatedQueueOptions options{.source = {settings_.region, settings_.account}};
    options.events_max +=
        recordings_.all().size();  // those of reconcile_metadata() push no other out
    created_ = std::make_unique<notify::ObjectCreatedQueue>(
        std::move(options), [this](const notify::ObjectCreatedRecord& record) -> Result<void> {
            const auto saved = save_meta_->handle(record.key, record.sequencer);
            if (!saved) return std::unexpected(saved.error());
            const auto ref =
                ivs::parse_recording_prefix(record.key.substr(0, record.key.rfind("/events/")));
            return ref ? latest_meta_->saved(ref->channel) : std::unexpected(ref.error());
        });
    store_->set_observer([this](const store::ObjectCreated& created) {
        objects_->forget(created.object.key);  // what it was before, if a viewer had it
        created_->push(created);
    });
}

void Server::Impl::wire_remover() {
    remover_ = std::make_unique<RecordingRemover>(RecordingRemover::Rooms{
        .catalog = *catalog_,
        .store = *store_,
        .recordings = recordings_,
        .on_recorder = [this](std::function<void()> job) { recorder_->post(std::move(job)); },
        .forget =
            [this](const catalog::Recording& row) {
                live_->forget_recording(row.channel, row.id);
                edge_->forget_recording(row.channel, row.id);
                objects_->forget(row.prefix + "/");
            },
        .save_metadata = [this](const std::string& key) { save_metadata(key); },
        .removed =
            [this](const catalog::Recording& row) { channel_events_->recording_deleted(row); }});
}

/// Takes up the saved metadata of every channel that has a recording, so that the first viewer
/// finds it.
void Server::Impl::reconcile_metadata() {
    const auto recorded = recordings_.all();
    for (const auto& [channel, view] : recorded) {
        if (auto read = latest_meta_->saved(channel); !read) {
            log::warning("[channel {}] its saved metadata cannot be read: {}", channel.view(),
                         read.error().what);
        }
    }
    // What was recorded and not told when the last process ended is told now; twice does no harm.
    for (const auto& [channel, view] : recorded) {
        save_metadata(ivs::recording_started_key(view->recording.prefix));
    }
}

void Server::Impl::save_metadata(const std::string& key) {
    store::ObjectCreated event;
    event.bucket = kBucket;
    event.object.key = key;
    event.time = clock_.wall();
    event.sequencer = "0";
    created_->push(event);
}

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
                        .latest_meta = *latest_meta_,
                        .open_playlists = *live_,
                        .objects = *objects_,
                        .viewers = viewers_,
                        .events = *viewer_events_,
                        .served = served_,
                        .ranges = *ranges_,
                        .private_events = *private_events_,
                        .gate = *gate_,
                        .clock = clock_,
                        .blocking = readers_.get_executor()});
    retention_ = std::make_unique<RetentionKeeper>(
        RetentionKeeper::Rooms{
            .catalog = *catalog_,
            .remover = *remover_,
            .clock = clock_,
            .bucket = settings_.data / "bucket",
            .last_served = [this](const RecordingId& id) { return served_.last(id); }},
        settings_.retention);
    buckets_ = std::make_unique<OneBucket>(
        std::string{kBucket}, *store_,
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

Result<void> Server::Impl::announce() {
    const std::string text = ready_json(ready_);
    if (auto written = write_atomically(settings_.data / "ready.json", text); !written)
        return written;
    if (settings_.ready_file) {
        if (auto written = write_atomically(*settings_.ready_file, text); !written) return written;
    }
    notify_systemd();
    out_ << fmt::format(
        "Oxbow is ready.\n\n  watch    {}/\n  publish  {}/STREAM_KEY\n  API      {}\n", ready_.http,
        ready_.rtmp, ready_.api);
    if (settings_.certificate) {
        out_ << fmt::format("\nBy TLS:\n\n  watch    {}/\n  publish  {}/STREAM_KEY\n",
                            *ready_.https, *ready_.rtmps);
    }
    out_ << std::flush;
    return {};
}

Result<void> Server::Impl::start_demo() {
    auto channels = Demo::channels(*catalog_, clock_, settings_.region, settings_.account);
    if (!channels) return std::unexpected(channels.error());
    out_ << "\nDemo channels, on the air in a moment:\n\n";
    for (const Demo::Channel& channel : *channels) {
        out_ << fmt::format("  {:12}  {}/watch/{}   stream key {}\n", channel.name, ready_.http,
                            channel.id.view(), channel.stream_key.view());
    }
    out_ << fmt::format("\nCtrl-C ends them and keeps what was recorded in {}.\n",
                        settings_.data.string())
         << std::flush;
    demo_ = std::make_unique<Demo>(std::move(*channels), ready_.rtmp, *catalog_, clock_, *remover_);
    return {};
}

void Server::Impl::run() {
    tell_of_open_files();
    main_loop_.run();  // until a signal
    log::info("shutting down: every recording is ended first");
    shut_down();
}

void Server::Impl::take_back() {
    shut_down();
    if (event_log_) event_log_->stop();  // it writes to the database
    webhooks_.clear();
    if (catalog_) catalog_->take_back();
    for (; !made_.empty(); made_.pop_back()) {
        std::error_code ignored;
        // Not what is in a folder: that somebody else put there meanwhile.
        std::filesystem::remove(made_.back(), ignored);
    }
}

/// Ends what runs, each room before those that it asks: who deletes before the recorder, who
/// answers before the pools that answers wait for.
void Server::Impl::shut_down() {
    if (!running_) return;
    running_ = false;
    std::error_code ignored;
    std::filesystem::remove(settings_.data / "ready.json", ignored);
    if (settings_.ready_file) std::filesystem::remove(*settings_.ready_file, ignored);
    remover_->stop();
    demo_.reset();
    retention_->stop();
    event_api_->close();
    stop_api();
    rtmp_server_->stop();
    if (rtmps_server_) rtmps_server_->stop();
    live_->shut_down();
    recorder_->drain();
    commit_->stop();
    created_->stop();
    finish_events();
    viewer_events_->close();
    private_events_->close();
    stop_viewers();
    loops_->stop();
    loops_->join();
    background_.join();
    readers_.join();
}

/// The last events of streams and recordings into the log, and to who gets them, as far as they are
/// there: the next start goes on with the rest.
void Server::Impl::finish_events() {
    const auto deadline = clock_.steady() + kAnswersMax;
    for (std::size_t i = 0; i < loops_->size(); ++i) {
        // Behind what the recorder told the loop.
        const auto reached = std::make_shared<std::promise<void>>();
        auto told = reached->get_future();
        asio::post(loops_->at(i), [reached] { reached->set_value(); });
        told.wait_until(deadline);
    }
    if (!event_log_->drain(kAnswersMax))
        log::error("the last events are not in the log; the next start tells what it can");
    event_log_->stop();
    const auto last = clock_.steady() + kLastDeliveriesMax;
    for (const auto& webhook : webhooks_)
        webhook->drain(std::max(last - clock_.steady(), std::chrono::milliseconds{0}));
    for (const auto& webhook : webhooks_) webhook->stop();
}

/// Takes no more API calls and waits for those under way: one may still need the recorder.
void Server::Impl::stop_api() {
    const auto done = std::make_shared<std::promise<void>>();
    asio::post(loops_->at(0), [this, done] {
        api_server_->stop();
        asio::post(background_, [done] { done->set_value(); });
    });
    done->get_future().wait_for(kAnswersMax);
}

/// Takes no more viewers and lets answers under way finish.
void Server::Impl::stop_viewers() {
    for (std::size_t i = 0; i < http_servers_.size(); ++i) {
        asio::post(loops_->at(i % loops_->size()),
                   [server = http_servers_[i].get()] { server->stop(); });
    }
    const auto deadline = clock_.steady() + kDownloadsMax;
    while (viewers(deadline) > 0 && clock_.steady() < deadline)
        std::this_thread::sleep_for(kLookEvery);
}

/// How many connections of viewers are open. Out: 0 also when a loop does not answer until
/// `deadline`.
std::size_t Server::Impl::viewers(SteadyTime deadline) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < http_servers_.size(); ++i) {
        const auto asked = std::make_shared<std::promise<std::size_t>>();
        auto answer = asked->get_future();
        asio::post(loops_->at(i % loops_->size()), [asked, server = http_servers_[i].get()] {
            asked->set_value(server->connections());
        });
        if (answer.wait_until(deadline) == std::future_status::ready) count += answer.get();
    }
    return count;
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(Settings settings, std::ostream& out) {
    auto impl = std::make_unique<Impl>(std::move(settings), out);
    if (auto started = impl->start(); !started) return std::unexpected(started.error());
    return std::unique_ptr<Server>{new Server{std::move(impl)}};
}

void Server::run() {
    impl_->run();
}

}  // namespace oxbow::app
