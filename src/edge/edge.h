#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/shared_slot.h"
#include "base/snapshots.h"
#include "catalog/catalog.h"
#include "edge/behaviours.h"
#include "edge/channel_waits.h"
#include "edge/downloads.h"
#include "edge/open_objects.h"
#include "edge/playback_gate.h"
#include "edge/recorded_ranges.h"
#include "edge/reload.h"
#include "edge/responses.h"
#include "edge/served_recordings.h"
#include "edge/stored_timelines.h"
#include "edge/thumbnails.h"
#include "edge/viewer_counter.h"
#include "edge/viewer_events.h"
#include "edge/wall_range.h"
#include "edge/windows.h"
#include "ivs/thumbnails.h"
#include "live/live_channel.h"
#include "meta/functions.h"
#include "net/http.h"
#include "store/object_store.h"

namespace oxbow::edge {

inline constexpr std::string_view kSegmentPrefix = "/seg/";

/// How many viewers may be sent a segment while it grows; each holds the bytes of a part.
inline constexpr std::size_t kGrowingSegmentsMax = 4'096;

/// The playlists of recordings that are still open: fresher in memory than in the bucket.
/// Thread-safe, never blocks.
class OpenPlaylists {
public:
    virtual ~OpenPlaylists() = default;
    /// The text of the object `key`; nullptr when it is not such a playlist.
    virtual std::shared_ptr<const TextVersion> open_playlist(std::string_view key) const = 0;
};

struct EdgeSettings {
    std::string region;
    std::string account;
    std::string public_url;  // "": the request's Host
    std::optional<ChannelId> default_channel;
    std::shared_ptr<const Behaviours> behaviours;
    std::string ingest_url;  // shown where nothing is published yet
    SegmentNaming naming = SegmentNaming::AsRecorded;
};

struct EdgeRooms {
    catalog::Catalog& catalog;
    store::ObjectStore& store;
    const live::ChannelViews& channels;
    const meta::StreamStates& streams;
    const ivs::NewestThumbnails& thumbnails;
    meta::GetLatestRecordingStartMeta& latest_meta;
    const OpenPlaylists& open_playlists;
    OpenObjects& objects;
    ViewerCounter& viewers;
    ChannelWaits& waits;  // told of every view
    ViewerEvents& events;
    ServedRecordings& served;
    RecordedRanges& ranges;
    Windows& windows;
    ViewerEvents& private_events;  // of private channels
    PlaybackGate& gate;
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

    /// At once, unless it must wait for the disk or the database.
    net::HttpAnswer answer(const net::HttpRequest& request);

    /// Lets go of a deleted recording.
    void forget_recording(const ChannelId& channel, const RecordingId& recording) {
        stored_.forget(channel, recording);
        rooms_.ranges.forget(recording);
        rooms_.windows.forget(channel);
    }

private:
    struct PageFile {
        std::string_view path;
        std::string_view content_type;
        Freshness freshness;
        std::shared_ptr<const TextVersion> text;
    };
    using Later = boost::asio::awaitable<net::HttpResponse>;
    using Timeline = std::shared_ptr<const live::TimelineView>;

    net::HttpAnswer answer_path(const net::HttpRequest& request, std::string_view path);
    net::HttpAnswer answer_channels(const net::HttpRequest& request, std::string_view path,
                                    const ChannelsPath& of);
    net::HttpAnswer answer_session(const net::HttpRequest& request, std::string_view rest);
    net::HttpAnswer behave(const net::HttpRequest& request, std::string_view path);

    /// A request for something that not everybody may have.
    struct Guarded {
        std::string path;  // decoded, without the session
        ChannelId channel;
        bool multivariant = false;
        std::optional<Admitted> session;  // that the path began with
    };
    Later answer_guarded(const net::HttpRequest& request, Guarded what);
    Later answer_recording(const net::HttpRequest& request, std::string path, RecordingId recording,
                           std::optional<Admitted> session);
    Later checked_token(const net::HttpRequest& request, const ChannelRules& rules,
                        std::optional<Admitted>& admitted);
    Later answer_admitted(const net::HttpRequest& request, const Guarded& what,
                          const Admitted& admitted);
    Later used_up(const net::HttpRequest& request, const Admitted& admitted,
                  net::HttpResponse response);
    net::HttpResponse multivariant_of(const net::HttpRequest& request, const Guarded& what,
                                      const Admitted& admitted, const net::HttpBody& body) const;
    std::string origin_of(const net::HttpRequest& request) const;
    net::HttpResponse refusal(const net::HttpRequest& request, const ChannelId& channel,
                              const Error& error) const;
    net::HttpAnswer rewind(const net::HttpRequest& request, std::string_view rest);
    net::HttpAnswer rewind_multivariant(const net::HttpRequest& request, const ChannelId& channel);
    Later stored_rewind(const net::HttpRequest& request, ChannelId channel, RecordingId recording,
                        std::optional<std::string> rendition, Reload reload);
    net::HttpResponse rewind_playlist(const net::HttpRequest& request, const Timeline& timeline,
                                      std::string_view rendition, const Reload& reload,
                                      bool awaited = false) const;
    net::HttpAnswer reloaded_rewind(const net::HttpRequest& request, const ChannelId& channel,
                                    const Timeline& timeline, std::string_view rendition,
                                    const Reload& reload);
    net::HttpResponse multivariant(const net::HttpRequest& request, const Timeline& timeline) const;

    /// A window of a channel, or of one recording: its multivariant playlist, or its media
    /// playlist.
    struct Window {
        WindowQuery query;
        std::string rendition;  // of the recording's playlist; "": of the channel's
        bool multivariant = false;
    };
    net::HttpAnswer window(const net::HttpRequest& request, Window asked);
    Later loaded_window(const net::HttpRequest& request, Window asked);
    net::HttpResponse window_now(const net::HttpRequest& request, const Window& asked,
                                 const WindowView& view) const;
    std::string multivariant_of_window(const Window& asked, const WindowView& view, bool parts);
    std::shared_ptr<const TextVersion> stored_multivariant(const catalog::Recording& recording);

    net::HttpAnswer segment(const net::HttpRequest& request, std::string_view path);
    Later stored_segment(const net::HttpRequest& request, ChannelId channel, RecordingId recording,
                         std::string epoch, std::uint64_t number);
    net::HttpAnswer timeline_segment(const net::HttpRequest& request, const Timeline& timeline,
                                     std::string_view epoch, std::uint64_t number);
    live::MediaPlace newest_segment(const ChannelId& channel, std::string_view uri) const;
    net::HttpAnswer chunk_part(const net::HttpRequest& request, const Timeline& timeline,
                               std::uint64_t index, std::string etag);
    Later stored_chunk_part(const net::HttpRequest& request, std::string key,
                            live::ChunkRange range, std::string etag);
    net::HttpResponse part_of(const net::HttpRequest& request, const OpenObject& chunk,
                              const live::ChunkRange& range, std::string_view etag) const;
    net::HttpResponse not_read(const net::HttpRequest& request, const Error& error,
                               std::string_view gone) const;
    net::HttpAnswer object(const net::HttpRequest& request, std::string_view key);
    Later stored_object(const net::HttpRequest& request, std::string key);
    Later large_object(const net::HttpRequest& request, std::string key);
    net::HttpResponse object_answer(const net::HttpRequest& request, const OpenObject& found) const;
    net::HttpAnswer recordings(const net::HttpRequest& request, std::string_view rest);
    Later recordings_page(const net::HttpRequest& request, ChannelId channel, WallRange range,
                          std::size_t offset);

    net::HttpAnswer download(const net::HttpRequest& request, std::string_view name);
    Later loaded_download(const net::HttpRequest& request, RecordingId recording, WallRange range);
    Result<Passage> passage(const RecordingId& recording, const WallRange& range);
    std::string name_of(const Passage& passage) const;

    net::HttpAnswer thumbnails(const net::HttpRequest& request, std::string_view id);
    Later thumbnails_page(const net::HttpRequest& request, ThumbnailQuery query);

    Later events(const net::HttpRequest& request, std::optional<std::string> only);
    net::HttpAnswer live(const net::HttpRequest& request, std::string_view rest);
    net::HttpAnswer live_playlist(const net::HttpRequest& request, std::string_view path);
    net::HttpResponse live_playlist_now(const net::HttpRequest& request,
                                        const live::BroadcastView& broadcast, const Reload& reload,
                                        Freshness freshness) const;
    Later awaited_live_playlist(const net::HttpRequest& request, ChannelId channel,
                                std::string stream, Reload reload);
    Later awaited_rewind_playlist(const net::HttpRequest& request, ChannelId channel,
                                  Timeline timeline, std::string rendition, Reload reload);
    net::HttpResponse multivariant_text(const net::HttpRequest& request, const Reload& reload,
                                        const std::shared_ptr<const TextVersion>& text) const;
    net::HttpAnswer part(const net::HttpRequest& request, const ChannelId& channel,
                         std::string_view stream, std::string_view uri);
    Later awaited_part(const net::HttpRequest& request, ChannelId channel, std::string stream,
                       std::string uri);
    net::HttpAnswer promised_segment(const net::HttpRequest& request, const ChannelId& channel,
                                     const live::BroadcastView& broadcast, std::uint64_t number,
                                     std::string etag);
    Later growing_segment(const net::HttpRequest& request, ChannelId channel, std::string stream,
                          std::uint64_t number, std::string etag);
    net::HttpResponse part_now(const net::HttpRequest& request, const LivePart& found) const;
    net::HttpResponse latest_metadata(const net::HttpRequest& request, std::string_view id);
    net::HttpResponse channels(const net::HttpRequest& request);
    net::HttpResponse page(const net::HttpRequest& request) const;

    /// The timeline of a recording that is in memory: the live channel's, or one read before.
    Timeline held_timeline(const ChannelId& channel, const RecordingId& recording);
    /// An id out of a path; the error is ready to send.
    Result<ChannelId> known_channel(std::string_view text) const;
    std::string base_url(const net::HttpRequest& request) const;

    EdgeSettings settings_;
    EdgeRooms rooms_;
    Responses responses_;
    StoredTimelines stored_;
    DownloadPlaces downloads_;
    DownloadPlaces growing_segments_{kGrowingSegmentsMax};
    struct CachedList {
        SteadyTime made_at;
        std::shared_ptr<const catalog::Directory> of;  // what is private in another shows at once
        std::shared_ptr<const TextVersion> json;
    };
    SharedSlot<const CachedList> channel_list_;
    mutable std::atomic<SteadyTime> told_at_{};  // of what cannot be read
    std::vector<PageFile> page_files_;
};

/// How long a blocking reload and a hinted part wait while nothing comes: an answer is there before
/// three target durations are over.
inline constexpr std::chrono::milliseconds kReloadWait =
    std::chrono::seconds{3 * kLiveTargetDurationSeconds} - ChannelWaits::kGiveUpStep;

/// Objects that cannot be read are in the log at most so often.
inline constexpr std::chrono::seconds kTellEvery{10};

/// How long one rendering of /channels.json serves everybody.
inline constexpr std::chrono::milliseconds kChannelListFresh{500};

}  // namespace oxbow::edge
