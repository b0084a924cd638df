#include "app/edge_server.h"

#include <csignal>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <ostream>
#include <system_error>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include "app/behaviour_settings.h"
#include "app/bucket.h"
#include "app/certificate_watch.h"
#include "app/listening.h"
#include "app/metrics.h"
#include "app/process_epoch.h"
#include "app/ready_file.h"
#include "app/request_watch.h"
#include "app/session_secret.h"
#include "app/viewer_doors.h"
#include "base/log.h"
#include "edge/blocking.h"
#include "edge/edge.h"
#include "edge/path_owner.h"
#include "edge/path_pieces.h"
#include "edge/reload.h"
#include "ivs/ids.h"
#include "meta/functions.h"
#include "net/loops.h"
#include "notify/s3_notifications.h"
#include "remote/follower.h"
#include "remote/live_origin.h"

namespace oxbow::app {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kEdgeReaders = 16;  // threads that wait for the bucket or the endpoint
constexpr std::size_t kNotificationBytesMax = 256 * 1024;
constexpr std::size_t kSendersMax = 200;  // connections to the port of the API
constexpr std::chrono::milliseconds kLastPutsMax{3'000};
constexpr std::string_view kMetadata = "/recording-started-";

using Later = asio::awaitable<net::HttpResponse>;

/// No recording is open here: the bucket has the last word.
class NoOpenPlaylists final : public edge::OpenPlaylists {
public:
    std::shared_ptr<const TextVersion> open_playlist(std::string_view) const override {
        return nullptr;
    }
};

edge::Freshness freshness_of(std::string_view cache_control) {
    const auto kept = remote::kept_for(cache_control);
    if (cache_control.contains("immutable")) return edge::Freshness::Immutable;
    if (kept >= std::chrono::hours{1}) return edge::Freshness::Long;
    return kept > std::chrono::seconds{1} ? edge::Freshness::Awaited : edge::Freshness::Second;
}

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

// Of /rewind/AsXego4U6tnj/window.m3u8, behind the channel.
constexpr std::string_view kWindowPath = "/window.m3u8";

/// A path of a channel, with what it names below the channel, where it does.
struct LivePath {
    ChannelId channel;
    std::string_view recording{};  // or what stands in its place
    bool is_root = false;          // /rewind/{CHANNEL_ID}.m3u8, or a window across recordings
};

// /seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts, /rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8
std::optional<LivePath> live_path(std::string_view path, std::string_view channel) {
    LivePath out{.channel = ChannelId{std::string{channel}}};
    if (path.starts_with(edge::kLivePrefix)) return out;
    for (const std::string_view door : {edge::kSegmentPrefix, std::string_view{"/rewind/"}}) {
        auto rest = edge::after(path, door);
        if (!rest) continue;
        rest->remove_prefix(std::min(channel.size(), rest->size()));
        out.is_root = *rest == ".m3u8" || *rest == kWindowPath;
        if (rest->starts_with('/')) rest->remove_prefix(1);
        if (!out.is_root) out.recording = rest->substr(0, rest->find('/'));
        return out;
    }
    return std::nullopt;
}

}  // namespace

class EdgeServer::Impl {
public:
    Impl(Settings settings, std::ostream& out) : settings_(std::move(settings)), out_(out) {}
    ~Impl() { shut_down(); }

    Result<void> start();
    void run();

private:
    Result<void> open_rooms();
    void tie_rooms();
    void make_edge();
    Result<void> save_start(const std::string& key, const std::string& sequencer);
    Result<std::chrono::milliseconds> duration_of(const catalog::Recording& recording);
    std::shared_ptr<const TextVersion> open_playlist(std::string_view key);
    void looked_at(const ChannelId& channel);
    Result<void> listen();
    Result<void> announce();
    void shut_down();

    net::HttpAnswer answer(const net::HttpRequest& request);
    bool is_at_origin(const LivePath& path) const;
    Later answer_fresh(const net::HttpRequest& request, ChannelId channel);
    Later answer_with_origin(const net::HttpRequest& request, LivePath path);
    Later of_edge(const net::HttpRequest& request);
    net::HttpResponse of_origin(const net::HttpRequest& request,
                                const std::shared_ptr<const remote::OriginAnswer>& answer) const;
    net::HttpResponse made_of(const net::HttpRequest& request,
                              const remote::OriginAnswer& answer) const;
    net::HttpAnswer answer_sender(const net::HttpRequest& request);
    net::HttpResponse metrics() const;
    bool is_edge() const { return settings_.role == Role::Edge; }
    /// Of what the origin lists while it is there, the bucket tells the names in the end.
    edge::SegmentNaming naming() const {
        return settings_.live_origin.empty() ? edge::SegmentNaming::ByIndex
                                             : edge::SegmentNaming::OnceEnded;
    }

    Settings settings_;
    std::ostream& out_;
    SystemClock clock_;
    std::string epoch_;
    asio::io_context main_loop_;
    asio::signal_set signals_{main_loop_};
    bool running_ = false;
    std::unique_ptr<catalog::Catalog> catalog_;
    std::unique_ptr<Bucket> bucket_;
    store::ObjectStore* store_ = nullptr;  // of bucket_
    std::unique_ptr<edge::PlaybackGate> gate_;
    record::RecordingViews recordings_;
    live::ChannelViews channels_;  // none: all are elsewhere
    edge::ViewerCounter viewers_{clock_};
    edge::ChannelWaits waits_;
    ivs::NewestThumbnails thumbnails_;
    NoOpenPlaylists open_playlists_;
    edge::ServedRecordings served_{clock_};
    std::shared_ptr<const edge::Behaviours> behaviours_ = behaviours_of(settings_);
    edge::Responses responses_{behaviours_};
    std::unique_ptr<edge::ViewerEvents> events_;
    std::unique_ptr<edge::ViewerEvents> private_events_;
    asio::thread_pool readers_{kEdgeReaders};
    std::unique_ptr<net::Loops> loops_;
    std::unique_ptr<remote::IvsClient> client_;
    std::unique_ptr<remote::LiveOrigin> origin_;  // null: none is configured
    std::unique_ptr<remote::Follower> follower_;
    std::unique_ptr<meta::SaveRecordingStartMeta> save_meta_;
    std::unique_ptr<meta::GetLatestRecordingStartMeta> latest_meta_;
    std::mutex saving_;  // one event at a time: saving reads, compares and writes
    std::map<ChannelId, RecordingId> saved_of_;  // whose saved metadata was read; of one thread
    std::unique_ptr<notify::S3Notifications> notifications_;
    std::unique_ptr<edge::RecordedRanges> ranges_;
    std::unique_ptr<edge::Windows> windows_;
    std::unique_ptr<edge::OpenObjects> objects_;
    std::unique_ptr<edge::Edge> edge_;
    std::unique_ptr<RequestWatch> request_watch_;
    std::unique_ptr<ViewerDoors> viewer_doors_;
    std::unique_ptr<net::HttpServer> api_server_;
    std::unique_ptr<CertificateWatch> certificate_watch_;
    ReadyInfo ready_;
};

// --- The start -----------------------------------------------------------------------------------

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

// --- What viewers ask ----------------------------------------------------------------------------

/// Before the edge answers, the channel is made fresh where the answer tells of its state; and what
/// the live origin has first is asked for there.
net::HttpAnswer EdgeServer::Impl::answer(const net::HttpRequest& request) {
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const std::string_view path = request.path;
    const bool is_metadata = path.starts_with(kMetadata);
    if (!is_edge() && reads && !is_metadata) {
        return responses_.error(request, 404,
                                "this server has the role functions: it answers "
                                "/recording-started-{CHANNEL_ID}.json");
    }
    const edge::PathOwner owner =
        edge::owner_of(path, settings_.default_channel ? *settings_.default_channel : "");
    const auto* const of = std::get_if<edge::ChannelsPath>(&owner);
    if (!reads || of == nullptr || !ivs::is_id(of->channel)) return edge_->answer(request);
    ChannelId channel{std::string{of->channel}};
    const auto live = live_path(path, of->channel);
    if (origin_ && live && gate_->door(*of) == edge::Door::Open)
        return answer_with_origin(request, *live);
    const bool of_state =
        is_metadata || (live && live->is_root) || !follower_->channel_exists(channel);
    if (!of_state || follower_->is_fresh(channel)) return edge_->answer(request);
    return answer_fresh(request, std::move(channel));
}

Later EdgeServer::Impl::of_edge(const net::HttpRequest& request) {
    net::HttpAnswer answer = edge_->answer(request);
    if (auto* const at_once = std::get_if<net::HttpResponse>(&answer))
        co_return std::move(*at_once);
    co_return co_await std::get<Later>(std::move(answer));
}

Later EdgeServer::Impl::answer_fresh(const net::HttpRequest& request, ChannelId channel) {
    co_await edge::in_blocking_pool(readers_.get_executor(), [this, channel] {
        follower_->refresh(channel);
        return true;
    });
    co_return co_await of_edge(request);
}

/// Whether the origin is asked before the bucket.
bool EdgeServer::Impl::is_at_origin(const LivePath& path) const {
    if (path.is_root) return follower_->live_stream(path.channel).has_value();
    const auto view = recordings_.get(path.channel);
    if (!view || path.recording.empty()) return true;  // a live playlist
    return view->recording.id.view() == path.recording &&
           view->recording.status == catalog::RecordingStatus::Started;
}

/// The other of the two, origin and bucket, where the first has nothing. A recording of which the
/// bucket has told nothing yet is only at the origin; one that has ended only in the bucket.
Later EdgeServer::Impl::answer_with_origin(const net::HttpRequest& request, LivePath path) {
    std::string query;  // what is asked by it, in one spelling
    if (!request.path.starts_with(edge::kSegmentPrefix)) {
        auto canonical = edge::canonical_query(request.query);
        if (!canonical) co_return responses_.error(request, canonical.error());
        query = *std::move(canonical);
    }
    const std::string target = behaviours_->target(request.path, query);
    if (const auto held = origin_->held(target)) co_return of_origin(request, held);
    if (path.is_root && !follower_->is_fresh(path.channel)) {
        co_await edge::in_blocking_pool(readers_.get_executor(), [this, channel = path.channel] {
            follower_->refresh(channel);
            return true;
        });
    }
    const bool origin_first = is_at_origin(path);
    net::HttpResponse first;
    if (!origin_first) {
        net::HttpResponse stored = co_await of_edge(request);
        if (stored.status != 404) co_return stored;
        first = std::move(stored);
    }
    const auto answer = co_await origin_->get(target);
    if (answer && (*answer)->status < 300) co_return of_origin(request, *answer);
    if (origin_first) {
        net::HttpResponse stored = co_await of_edge(request);
        if (stored.status != 404) co_return stored;
        first = std::move(stored);
    }
    // Neither has it: the origin knows better why.
    if (answer && (*answer)->status >= 400 && (*answer)->status < 500)
        co_return of_origin(request, *answer);
    co_return first;
}

net::HttpResponse EdgeServer::Impl::of_origin(
    const net::HttpRequest& request,
    const std::shared_ptr<const remote::OriginAnswer>& answer) const {
    net::HttpResponse response = made_of(request, *answer);
    responses_.keep_cors_of_origin(response, answer->cors);
    // Of a channel that is private there, and here not yet.
    if (remote::is_private(answer->cache_control)) responses_.keep_private(response);
    return response;
}

net::HttpResponse EdgeServer::Impl::made_of(const net::HttpRequest& request,
                                            const remote::OriginAnswer& answer) const {
    const edge::Freshness freshness = freshness_of(answer.cache_control);
    if (answer.text) return responses_.text(request, edge::kPlaylistType, freshness, answer.text);
    net::HttpBody body;
    body.owner = answer.bytes;
    body.pieces = {as_bytes(*answer.bytes)};
    if (answer.status == 200 && !answer.etag.empty()) {
        return responses_.media(request, edge::content_type_of(request.path), freshness,
                                answer.etag, body);
    }
    return responses_.error(request, answer.status == 200 ? 502 : answer.status,
                            "the live origin has nothing at this path");
}

// --- What buckets tell ---------------------------------------------------------------------------

net::HttpAnswer EdgeServer::Impl::answer_sender(const net::HttpRequest& request) {
    if (request.path == notify::S3Notifications::kPath) return notifications_->answer(request);
    if (request.path == "/metrics") {
        if (!is_of_this_machine(request.peer)) {
            return metrics_answer(
                403, "metrics are for this machine: put a proxy here that knows who asks\n");
        }
        return metrics();
    }
    return responses_.error(
        request, 404,
        fmt::format("this server has the role {}: here are /notifications/s3 and /metrics alone",
                    name_of(settings_.role)));
}

net::HttpResponse EdgeServer::Impl::metrics() const {
    const ProcessUse use = process_use();
    std::size_t live = 0;
    for (const auto& place : *catalog_->directory()->channels_by_creation)
        live += follower_->live_stream(place.id) ? 1 : 0;
    std::vector<Metric> metrics{
        Metric{"oxbow_channels_live", "gauge", "Channels that can be watched live.",
               static_cast<double>(live)},
        Metric{"oxbow_cache_bytes", "gauge", "Objects of the bucket that are kept on the disk.",
               static_cast<double>(bucket_->cached_bytes())}};
    request_watch_->add_metrics(metrics);
    add_process(metrics, use);
    if (const auto backlog = bucket_->backlog()) add_uploads(metrics, *backlog);
    return metrics_answer(200, metrics_text(metrics));
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
