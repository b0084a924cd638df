#pragma once

// How the server is made: for server.cc and its parts alone.

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include "app/bucket.h"
#include "app/certificate_watch.h"
#include "app/demo.h"
#include "app/health_sampler.h"
#include "app/live_service.h"
#include "app/metrics.h"
#include "app/ready_file.h"
#include "app/recording_buckets.h"
#include "app/recording_remover.h"
#include "app/request_watch.h"
#include "app/retention_keeper.h"
#include "app/server.h"
#include "app/viewer_doors.h"
#include "catalog/catalog.h"
#include "console/console.h"
#include "control/api.h"
#include "control/credentials.h"
#include "edge/edge.h"
#include "edge/served_recordings.h"
#include "ingest/rtmp_server.h"
#include "meta/functions.h"
#include "net/http_server.h"
#include "net/loops.h"
#include "notify/channel_events.h"
#include "notify/event_api.h"
#include "notify/event_log.h"
#include "notify/object_created_queue.h"
#include "notify/s3_notifications.h"
#include "notify/webhook.h"
#include "record/recorder.h"
#include "record/thumbnails.h"
#include "store/object_store.h"

namespace oxbow::app {
namespace asio = boost::asio;

/// Threads that may wait for the bucket on behalf of viewers.
inline constexpr std::size_t kStoreReaders = 2;
inline constexpr std::size_t kFarStoreReaders = 16;  // each waits for a network

/// Every room of the program. server_rooms.cc opens them and ties them, server_doors.cc lets the
/// world in, server_end.cc ends it all.
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
    void make_thumbnails(const std::vector<catalog::Recording>& newest);
    Result<void> open_event_log();
    void finish_events();
    void wire_functions();
    void wire_remover();
    void forget_thumbnails(const catalog::Recording& row);
    void reconcile_metadata();
    void save_metadata(const std::string& key);
    Result<void> save_start(const notify::ObjectCreatedRecord& record);
    Result<void> listen();
    Result<void> listen_for_publishers();
    Result<void> listen_for_secure_publishers();
    Result<void> listen_for_clients();
    net::HttpAnswer answer_client(const net::HttpRequest& request);
    net::HttpResponse metrics(const net::HttpRequest& request);
    void open_doors();
    void open_console(const std::string& viewers_url);
    control::ServerStatus status() const;
    Result<void> announce();
    Result<void> start_demo();
    void shut_down();
    void stop_api();

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
    std::unique_ptr<Bucket> bucket_;
    store::ObjectStore* store_ = nullptr;  // of bucket_
    record::RecordingViews recordings_;
    live::ChannelViews channels_;
    live::StreamStatuses stream_statuses_;
    edge::ViewerCounter viewers_{clock_};
    edge::ChannelWaits waits_;
    Counters counters_;
    std::unique_ptr<edge::ViewerEvents> viewer_events_;
    std::unique_ptr<edge::ViewerEvents> private_events_;
    std::unique_ptr<edge::PlaybackGate> gate_;
    std::vector<std::unique_ptr<notify::Webhook>> webhooks_;
    asio::thread_pool background_{1};  // the API, which waits for the catalogue
    std::unique_ptr<notify::EventApi> event_api_;
    std::unique_ptr<notify::EventLog> event_log_;
    std::unique_ptr<notify::ChannelEvents> channel_events_;
    asio::thread_pool readers_{settings_.store.s3 ? kFarStoreReaders : kStoreReaders};
    ivs::NewestThumbnails newest_thumbnails_;
    std::unique_ptr<record::Thumbnails> thumbnails_;
    std::unique_ptr<record::GroupCommit> commit_;
    std::vector<record::TakenUp> taken_up_;  // until live_ has them
    std::unique_ptr<record::Recorder> recorder_;
    std::unique_ptr<net::Loops> loops_;
    std::unique_ptr<LiveService> live_;
    std::unique_ptr<meta::SaveRecordingStartMeta> save_meta_;
    std::unique_ptr<meta::GetLatestRecordingStartMeta> latest_meta_;
    std::mutex saving_;  // one event at a time: saving reads, compares and writes
    std::unique_ptr<notify::ObjectCreatedQueue> created_;
    std::unique_ptr<notify::S3Notifications> notifications_;
    std::unique_ptr<RecordingRemover> remover_;
    edge::ServedRecordings served_{clock_};
    std::unique_ptr<edge::RecordedRanges> ranges_;
    std::unique_ptr<edge::Windows> windows_;
    std::unique_ptr<edge::OpenObjects> objects_;
    std::unique_ptr<OneBucket> buckets_;
    std::unique_ptr<edge::Edge> edge_;
    std::unique_ptr<RetentionKeeper> retention_;
    std::unique_ptr<control::ControlApi> api_;
    std::unique_ptr<HealthSampler> sampler_;
    std::unique_ptr<console::Console> console_;
    std::shared_ptr<const edge::Behaviours> behaviours_;
    std::unique_ptr<RequestWatch> request_watch_;
    std::unique_ptr<ViewerDoors> viewer_doors_;
    std::unique_ptr<net::HttpServer> api_server_;
    std::unique_ptr<ingest::RtmpServer> rtmp_server_;
    std::unique_ptr<ingest::RtmpServer> rtmps_server_;  // null without a certificate
    std::unique_ptr<CertificateWatch> certificate_watch_;
    std::vector<Demo::Channel> demo_channels_;
    std::unique_ptr<Demo> demo_;
    ReadyInfo ready_;
};

}  // namespace oxbow::app
