#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/snapshots.h"
#include "live/timeline.h"

namespace oxbow::live {

/// A segment that a live playlist lists, or listed a moment ago, under its one name.
struct WindowSegment {
    std::string uri;
    MediaPlace media;
    std::optional<std::uint64_t> number = std::nullopt;  // in its recording; nullopt: not recorded
};

using WindowSegments = std::vector<std::shared_ptr<const WindowSegment>>;

/// A segment that comes, or came a moment ago, under the name that its playlist gave out for it
/// before it was there.
struct PromisedSegment {
    std::uint64_t number = 0;  // EXT-X-MEDIA-SEQUENCE counts by it
    std::string uri;
};

/// One broadcast's live playlist at one moment; immutable.
struct BroadcastView {
    StreamId stream;
    WallTime started_at;
    bool recorded = false;
    std::shared_ptr<const TextVersion> multivariant;  // null until the first segment is listed
    // The sliding live playlist; with ENDLIST once it is over.
    LazyPlaylist playlist;
    LazyPlaylist with_parts;  // none: it is served whole only
    PlaylistReach reach;
    bool ended = false;
    std::shared_ptr<const WindowSegments> segments;  // all of them can be fetched; or null
    SharedParts open_parts;   // of the segment behind the last that is listed
    SharedParts later_parts;  // behind those, listed when that segment is; can be fetched
    std::string next_part;    // the name of the first that is not there yet; empty: none comes
    std::shared_ptr<const std::vector<PromisedSegment>> promised;  // in order; or null
    int width = 0;
    int height = 0;
    double frame_rate = 0;

    /// nullptr when the name is none of this broadcast's newest segments.
    const MediaPlace* segment(std::string_view uri) const;
    /// By its number in the playlist; nullptr when it is not listed, or no more.
    const MediaPlace* segment_at(std::uint64_t number) const;
    /// nullptr when no such segment was promised.
    const PromisedSegment* promised_as(std::string_view uri) const;
    /// The first that come, as the playlist names them.
    std::vector<std::string> coming() const;
    /// A part of one of the newest segments, or of the open one; nullopt when it is none.
    std::optional<LivePart> part(std::string_view uri) const;
};

/// A channel as viewers see it at one moment; immutable.
struct ChannelView {
    ChannelId channel;
    std::shared_ptr<const BroadcastView> on_air;  // null while off the air
    std::vector<std::shared_ptr<const BroadcastView>>
        ended;                                     // less than a minute ago, for their players
    std::shared_ptr<const TimelineView> timeline;  // of the newest recording; may be null
    std::shared_ptr<const TimelineView> former;    // of the one before, while it is being ended
    std::optional<WallTime> reconnect_until;       // set while a recording waits for its publisher

    /// The broadcast on the air, if its playlist can be fetched already.
    const BroadcastView* watchable() const {
        return on_air && on_air->multivariant ? on_air.get() : nullptr;
    }
    /// Both kinds of broadcasts: the one with this stream id, or nullptr.
    std::shared_ptr<const BroadcastView> broadcast(std::string_view stream) const;
    /// The timeline of this recording, or nullptr.
    std::shared_ptr<const TimelineView> timeline_of(const RecordingId& recording) const;
};

using ChannelViews = Snapshots<ChannelId, ChannelView>;

/// The moving window of one channel, and its rewind timeline: takes closed segments, publishes
/// views.
///
/// In:  on the channel's strand: begin, describe, list..., end; a timeline while it is recorded.
/// Out: a ChannelView after every publish(), for any thread.
class LiveChannel {
public:
    /// In: `published` hears of every view, once others see it; may be empty.
    LiveChannel(ChannelId channel, ChannelViews& views,
                std::function<void(const ChannelView&)> published = {});

    /// In: what its playlist declares from the first version to the last.
    void begin(StreamId stream, WallTime started_at,
               int target_seconds = kLiveTargetDurationSeconds);
    /// What is known once the first segment is there; again when its bandwidth grows.
    void describe(const Variant& variant);
    /// Lists a segment under its name in the live playlist. In: its number in the recording, if it
    /// is recorded.
    void list(std::string uri, MediaPlace media,
              std::optional<std::uint64_t> number = std::nullopt);
    /// Shows parts of the segments that come next. In: how many segments of the broadcast have
    /// closed before theirs, and the name of the part that comes behind them; empty: none comes.
    void add_parts(std::uint64_t segment, std::span<const LivePart> parts, std::string next);
    /// Names the segment behind `segment` others of the broadcast, before it is there: it can be
    /// asked for by that name from now on, whatever it will be called. A name is given once.
    void promise(std::uint64_t segment, std::string uri);
    /// From here on the broadcast has no parts.
    void serve_whole() { on_air_->whole_only = true; }
    /// ENDLIST; the playlist stays, for players that are not through, until forget().
    void end();
    void forget(const StreamId& stream);
    bool has_ended_broadcasts() const { return !ended_.empty(); }

    /// The recording that segments go to now; null: none.
    /// The one before stays beside it until it has ended: only then all of it is in the bucket.
    void set_timeline(std::shared_ptr<Timeline> timeline);
    const Timeline* timeline() const { return timeline_.get(); }

    /// Until when the recording waits for its publisher; nullopt: it is there. Shows with the next
    /// publish, so that nobody sees the publisher gone and the recording not waiting.
    void await_publisher(std::optional<WallTime> until) { reconnect_until_ = until; }

    void publish();

    /// Takes the channel out of the views: nothing of it is live any more.
    void withdraw();

    // /api/video/v1/playlist/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1.m3u8
    static std::string playlist_path(const ChannelId& channel, const StreamId& stream);
    // /rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8
    static std::string rewind_path(const ChannelId& channel, const RecordingId& recording,
                                   std::string_view rendition);

private:
    /// What a live playlist is written from.
    struct Listed {
        WindowSegments window;
        std::uint64_t media_sequence = 0;
        std::uint64_t discontinuity_sequence = 0;
        int target_seconds = kLiveTargetDurationSeconds;
    };
    static std::shared_ptr<const TextVersion> playlist_of(const Listed& listed, bool ended,
                                                          const OpenParts* open = nullptr,
                                                          std::span<const std::string> coming = {});
    struct OnAir {
        StreamId stream;
        WallTime started_at;
        int target_seconds = kLiveTargetDurationSeconds;
        std::optional<Variant> variant;
        std::deque<std::shared_ptr<const WindowSegment>> window;  // what the playlist lists
        std::deque<std::shared_ptr<const WindowSegment>> faded;   // what it listed a moment ago
        std::uint64_t media_sequence = 0;
        std::uint64_t discontinuity_sequence = 0;
        std::uint64_t listed = 0;  // segments so far
        struct Part {
            std::uint64_t segment;
            std::shared_ptr<const LivePart> part;
        };
        std::deque<Part> parts;  // of segments that are not listed yet
        std::string next_part;
        std::deque<PromisedSegment> promised;
        bool whole_only = false;
        /// What changes with a segment, not with a part; shared by views.
        struct Shown {
            std::shared_ptr<const TextVersion> multivariant;
            std::shared_ptr<const Listed> listed;
            LazyPlaylist plain;
            std::shared_ptr<const WindowSegments> segments;
            std::shared_ptr<const std::vector<PromisedSegment>> promised;
        };
        std::optional<Shown> shown;  // nullopt: to be made anew
    };
    void slide();
    static OnAir::Shown shown_of(const OnAir& broadcast);
    std::shared_ptr<const BroadcastView> view_of(OnAir& broadcast, bool ended) const;

    ChannelId channel_;
    ChannelViews& views_;
    std::function<void(const ChannelView&)> published_;
    std::optional<OnAir> on_air_;
    std::deque<std::shared_ptr<const BroadcastView>> ended_;
    std::shared_ptr<Timeline> timeline_;
    std::shared_ptr<Timeline> former_;
    std::optional<WallTime> reconnect_until_;
};

/// Ended broadcasts whose playlists stay for their players; an encoder that flaps makes no more.
inline constexpr std::size_t kEndedBroadcastsMax = 4;

/// Segments that a live playlist names before they are there.
inline constexpr std::size_t kPromisedSegments = 2;
/// How many names are remembered, so that who read one a moment ago finds its segment.
inline constexpr std::size_t kPromisesKept = 8;

}  // namespace oxbow::live
