#pragma once

// How the edge apart is made: for edge_server.cc and its parts alone.

#include <chrono>
#include <iosfwd>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include "app/behaviour_settings.h"
#include "app/bucket.h"
#include "app/certificate_watch.h"
#include "app/edge_server.h"
#include "app/ready_file.h"
#include "app/request_watch.h"
#include "app/viewer_doors.h"
#include "edge/edge.h"
#include "meta/functions.h"
#include "net/loops.h"
#include "notify/s3_notifications.h"
#include "remote/follower.h"
#include "remote/live_origin.h"

namespace oxbow::app {
namespace asio = boost::asio;

inline constexpr std::size_t kEdgeReaders = 16;  // threads that wait for the bucket or the endpoint

/// No recording is open here: the bucket has the last word.
class NoOpenPlaylists final : public edge::OpenPlaylists {
public:
    std::shared_ptr<const TextVersion> open_playlist(std::string_view) const override {
        return nullptr;
    }
};

/// A path of a channel, with what it names below the channel, where it does.
struct LivePath {
    ChannelId channel;
    std::string_view recording{};  // or what stands in its place
    bool is_root = false;          // /rewind/{CHANNEL_ID}.m3u8, or a window across recordings
};

/// What an edge apart is made of. edge_server.cc opens the rooms, ties them and ends them;
/// edge_server_answers.cc answers viewers and who tells of puts.
class EdgeServer::Impl {
public:
    using Later = asio::awaitable<net::HttpResponse>;

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

}  // namespace oxbow::app
