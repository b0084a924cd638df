#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/snapshots.h"
#include "live/timeline.h"

namespace oxbow::live {

/// A channel as viewers see it at one moment; immutable.
struct ChannelView {
    /// The broadcast under way, or the one that ended less than a minute ago.
    struct Broadcast {
        StreamId stream;
        WallTime started_at;
        bool on_air = false;
        bool recorded = false;
        std::string multivariant;  // empty until the first segment is listed
        std::string playlist;      // the sliding live playlist; with ENDLIST when not on air
        std::deque<HeldSegment> held;  // its segments, for channels that are not recorded
        std::string epoch;
        int width = 0;
        int height = 0;
        double frame_rate = 0;
    };

    ChannelId channel;
    std::optional<Broadcast> broadcast;
    std::shared_ptr<const TimelineView> timeline;  // of the newest recording of this process; may be null
};

using ChannelViews = Snapshots<ChannelId, ChannelView>;

/// What a broadcast is called in its playlists.
struct BroadcastInfo {
    StreamId stream;
    WallTime started_at;
    std::string epoch;
    std::string multivariant;
    std::string rendition;
    int width = 0;
    int height = 0;
    double frame_rate = 0;
};

/// The moving window of one channel, and its rewind timeline: takes closed segments, publishes views.
///
/// In:  on the channel's strand: begin, list..., end; a timeline when the broadcast is recorded.
/// Out: a ChannelView after every change, for any thread.
class LiveChannel {
public:
    LiveChannel(ChannelId channel, ChannelViews& views);

    void begin(BroadcastInfo info);
    /// What is known once the first segment is there.
    void describe(const Variant& variant);
    /// Lists a segment under the name `uri` in the live playlist. `number`: in the timeline that it
    /// belongs to, or running from 0 where there is none.
    void list(std::uint64_t number, const std::string& uri, const LiveSegmentPtr& segment);
    void end();     // ENDLIST; the playlist stays until forget()
    void forget();  // no live playlist any more

    /// The recording that segments go to now; null: none.
    void set_timeline(std::shared_ptr<Timeline> timeline);
    Timeline* timeline() { return timeline_.get(); }

    bool on_air() const { return on_air_; }
    void publish();

    // /api/video/v1/playlist/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1.m3u8
    static std::string playlist_path(const ChannelId& channel, const StreamId& stream);
    // /rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8
    static std::string rewind_path(const ChannelId& channel, const RecordingId& recording,
                                   std::string_view rendition);

private:
    struct Listed {
        HeldSegment held;
        SegmentEntry entry;
    };
    void slide();

    ChannelId channel_;
    ChannelViews& views_;
    std::optional<BroadcastInfo> info_;
    std::deque<Listed> window_;
    std::uint64_t media_sequence_ = 0;
    std::uint64_t discontinuity_sequence_ = 0;
    bool on_air_ = false;
    std::shared_ptr<Timeline> timeline_;
};

}  // namespace oxbow::live
