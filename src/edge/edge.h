#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "catalog/catalog.h"
#include "edge/responses.h"
#include "edge/stored_timelines.h"
#include "edge/viewer_counter.h"
#include "edge/viewer_events.h"
#include "live/live_channel.h"
#include "meta/functions.h"
#include "net/http.h"
#include "store/object_store.h"

namespace oxbow::edge {

/// The playlists of recordings that are still open: fresher in memory than in the bucket.
/// Thread-safe, never blocks.
class OpenPlaylists {
public:
    virtual ~OpenPlaylists() = default;
    /// The text of the object `key`; nullptr when it is not such a playlist.
    virtual std::shared_ptr<const std::string> open_playlist(std::string_view key) const = 0;
};

struct EdgeSettings {
    std::string region;
    std::string account;
    std::string public_url;  // "": the request's Host
    std::optional<ChannelId> default_channel;
    std::vector<std::string> cors_origins{"*"};
    std::string ingest_url;  // shown where nothing is published yet
};

struct EdgeRooms {
    catalog::Catalog& catalog;
    store::ObjectStore& store;
    const live::ChannelViews& channels;
    const meta::StreamStates& streams;
    meta::GetLatestRecordingStartMeta& latest_meta;
    const OpenPlaylists& open_playlists;
    ViewerCounter& viewers;
    ViewerEvents& events;
    const Clock& clock;
    boost::asio::any_io_executor blocking;  // a pool for what may wait for a disk
};

/// The distribution: one door for viewers, its behaviours in the order in which they match.
///
/// In:  GET, HEAD and OPTIONS of the paths in the contract; everything else is a JSON error.
/// Thread safety: one Edge serves all loops; it holds no state but caches of its own.
class Edge {
public:
    Edge(EdgeSettings settings, EdgeRooms rooms);

    boost::asio::awaitable<net::HttpResponse> answer(const net::HttpRequest& request);

    /// Lets go of a deleted recording.
    void forget_recording(const ChannelId& channel, const RecordingId& recording) {
        stored_.forget(channel, recording);
    }

private:
    using Answer = boost::asio::awaitable<net::HttpResponse>;

    Answer rewind(const net::HttpRequest& request, std::string_view rest);
    Answer rewind_multivariant(const net::HttpRequest& request, ChannelId channel);
    Answer segment(const net::HttpRequest& request, std::string_view rest);
    LiveSegmentPtr newest_segment(const ChannelId& channel, std::string_view uri) const;
    Answer object(const net::HttpRequest& request, std::string key);
    Answer recordings(const net::HttpRequest& request, std::string_view rest);
    Answer events(const net::HttpRequest& request);
    net::HttpResponse live(const net::HttpRequest& request, std::string_view rest) const;
    net::HttpResponse latest_metadata(const net::HttpRequest& request, std::string_view id) const;
    net::HttpResponse channels(const net::HttpRequest& request);
    net::HttpResponse page(const net::HttpRequest& request) const;
    Answer chunk_part(const net::HttpRequest& request,
                      std::shared_ptr<const live::TimelineView> timeline, std::uint64_t number);

    /// The timeline of a recording: from the live channel, else from the bucket.
    boost::asio::awaitable<Result<std::shared_ptr<const live::TimelineView>>> timeline(
        ChannelId channel, RecordingId recording);
    /// An id out of a path; the error is ready to send.
    Result<ChannelId> known_channel(std::string_view text) const;
    std::string base_url(const net::HttpRequest& request) const;

    EdgeSettings settings_;
    EdgeRooms rooms_;
    Responses responses_;
    StoredTimelines stored_;
    struct CachedList {
        SteadyTime made_at;
        std::string json;
    };
    std::atomic<std::shared_ptr<const CachedList>> channel_list_;
};

/// How long one rendering of /channels.json serves everybody.
inline constexpr std::chrono::milliseconds kChannelListFresh{500};

}  // namespace oxbow::edge
