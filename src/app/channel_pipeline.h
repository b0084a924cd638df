#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "app/metrics.h"
#include "app/stream_watch.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "live/live_channel.h"
#include "media/access_unit.h"
#include "packager/segmenter.h"
#include "record/limits.h"
#include "record/merging.h"
#include "record/recorder.h"
#include "record/thumbnails.h"

namespace oxbow::app {

/// What all channels share. References outlive every pipeline.
struct PipelineWiring {
    std::string region;
    std::string account;
    std::string epoch;  // of this process, in the names of live segments
    const Clock& clock;
    record::Recorder& recorder;
    record::Thumbnails& thumbnails;
    live::ChannelViews& channel_views;
    live::StreamStatuses& stream_statuses;
    std::function<void(const live::ChannelView&)> on_view;  // hears of every change of a channel
    notify::ChannelEvents& events;
    Counters& counters;
    catalog::Catalog& catalog;
    std::chrono::seconds recording_max = record::kRecordingMax;  // then it rolls over
    /// What playlists declare, and the longest segment by it; nullopt: by the channel's last
    /// stream.
    std::optional<int> target_seconds{};
    bool enforce_limits = false;  // a publisher above the limits of its channel is disconnected
};

/// What a broadcast is to be, as its channel was configured when its publisher was admitted.
struct BroadcastSpec {
    catalog::Channel channel;
    std::optional<catalog::RecordingConfiguration> recording;  // nullopt: it is not recorded
    StreamMetadata metadata{};                    // as far as it came before the broadcast
    std::function<void(std::string)> stop{};      // ends the publisher
    bool takes_over = false;                      // it goes on with the broadcast that is under way
    std::optional<MediaTime> key_frames_apart{};  // in the channel's last stream, if that is known
};

/// The way of one channel's media, top to bottom: access units -> live segments -> recording and
/// viewers. One object per channel, for all its broadcasts, so that a reconnect finds what is open.
///
/// A closed segment goes to the recorder and is listed for viewers once it is written (nothing that
/// a crash takes back is advertised). After kDiskStallMax it is listed in the live playlist anyway,
/// because a disk never delays live, and from then on at once, until the disk has written a segment
/// in that time; the rewind timeline lists only what is written. What the disk does not take is a
/// hole in both, timeline and recording.
/// Thread safety: the channel's strand (`executor`) for everything but idle().
class ChannelPipeline : public std::enable_shared_from_this<ChannelPipeline> {
public:
    ChannelPipeline(ChannelId channel, boost::asio::any_io_executor executor,
                    PipelineWiring wiring);

    /// Begins a broadcast; one that is still under way ends first, unless this one takes it over.
    /// Out: its number, for the calls below, which ignore the numbers of earlier publishers.
    std::uint64_t begin(BroadcastSpec spec);
    void set_metadata(std::uint64_t broadcast, StreamMetadata metadata);
    void set_video_parameters(std::uint64_t broadcast, VideoParameters parameters);
    void set_audio_parameters(std::uint64_t broadcast, AudioParameters parameters);
    void push(std::uint64_t broadcast, AccessUnit unit);
    void end(std::uint64_t broadcast);
    /// The publisher is gone, but another one that takes over is coming: the broadcast goes on, if
    /// that one brings something within kFirstSegmentMax.
    void hand_over(std::uint64_t broadcast);

    /// Goes on with a recording that an earlier process left open: its publisher may come back
    /// until `until`; an older one that is open ends. Before the channel is on the air.
    void take_up(record::TakenUp taken_up, WallTime until);

    /// Timed metadata for the broadcast that is under way.
    ///
    /// Errors: NotFound       there is none.
    ///         LimitExceeded  see Segmenter::put_metadata.
    Result<void> put_metadata(std::string_view text);

    /// Ends the broadcast and the recording, without waiting for a reconnect.
    void shut_down();

    /// Lets go of a deleted recording's timeline.
    void forget(const RecordingId& recording);

    /// How far apart the key frames of the broadcast that ended last were; nullopt: not known.
    std::optional<MediaTime> key_frames_apart() const { return key_frames_apart_; }

    /// True while there is nothing that a new pipeline would not know: no broadcast, no player of
    /// one that ended, no open recording. Any thread.
    bool idle() const { return idle_.load(); }

private:
    struct Broadcast {
        std::uint64_t number = 0;
        StreamId stream;
        WallTime started_at;
        bool recorded = false;
        std::chrono::seconds reconnect_window{};
        std::optional<record::ThumbnailSettings> thumbnails;
        StreamMetadata metadata{};
        std::size_t takeovers = 0;
        int target_seconds = kLiveTargetDurationSeconds;  // of all its playlists
        std::optional<Segmenter> segmenter;
        std::uint64_t closed = 0;        // segments so far
        std::optional<Variant> variant;  // once its first segment has closed
        std::shared_ptr<StreamWatch> watch;
    };
    /// A broadcast that is over, but its last segments are not listed yet.
    struct Ending {
        StreamId stream;
        std::shared_ptr<StreamWatch> watch;
    };
    struct OpenRecording {
        RecordingId id;
        std::shared_ptr<live::Timeline> timeline;
        WallTime started_at;
        std::uint64_t declared_bits_per_second = 0;  // by the stream that began it
        record::BitRates original_rates{};           // of its segments
        Variant variant;
        MediaTime media_end{};  // of what it holds so far
        WallTime wall_end;
        std::size_t streams = 1;
        std::uint64_t lost = 0;  // segments that the recorder did not take, since the last it took
        bool publisher_there = true;
        WallTime reconnect_until{};  // while the publisher is away
    };
    /// A timeline whose recorder has not said yet that it is complete.
    struct Unwritten {
        std::uint64_t number;
        LiveSegmentPtr segment;
        SteadyTime handed_over;
    };
    struct OpenTimeline {
        std::shared_ptr<live::Timeline> timeline;
        std::deque<Unwritten> unwritten;  // with the recorder, in order
        std::optional<record::ThumbnailSchedule> thumbnails{};
    };
    struct Pending {  // closed, not listed for live yet
        std::uint64_t number;
        std::string uri;
        live::MediaPlace media;
        std::shared_ptr<live::Timeline> timeline;  // null: not recorded
        bool settled;                              // written, or known to be never
    };
    class Listener;

    std::shared_ptr<StreamWatch> make_watch(BroadcastSpec spec);
    std::function<void(const ivs::LimitBreach&)> on_breach(
        std::function<void(std::string)> stop) const;
    std::uint64_t take_over(BroadcastSpec spec);
    bool is_on_air(std::uint64_t broadcast) const {
        return broadcast_ && broadcast_->number == broadcast;
    }
    Segmenter& segmenter();
    void take(const std::vector<LiveSegmentPtr>& segments);
    void show_parts(std::span<const LivePart> parts, const std::string& next);
    void promise_segments();
    std::string unrecorded_uri(std::uint64_t number) const;
    void take(const LiveSegmentPtr& segment);
    void take_recorded(const LiveSegmentPtr& segment);
    void take_unrecorded(const LiveSegmentPtr& segment);
    void widen_variants(const LiveSegment& segment);

    void choose_recording(const LiveSegmentPtr& segment);
    int target_seconds_of(const BroadcastSpec& spec) const;
    bool rate_decides() const;
    record::StreamTraits traits_of_recording() const;
    record::StreamTraits traits_of_broadcast(const LiveSegment& first) const;
    bool can_merge(const LiveSegment& first) const;
    std::optional<std::string> why_no_merge(const LiveSegment& first) const;
    void begin_recording(const LiveSegmentPtr& first);
    void begin_thumbnails(const record::RecordingSpec& spec, const std::string& prefix,
                          MediaTime recorded);
    void end_recording();
    void wait_for_publisher(std::chrono::seconds window);
    void await_reconnect(std::chrono::milliseconds time);

    void await_disk();
    void list_settled(bool grown = false);
    void list_all();
    void list(const Pending& pending);
    void publish_listed();
    void finish_broadcast();
    void let_go();

    std::optional<catalog::Recording> row_of(const RecordingId& recording) const;
    std::shared_ptr<record::RecordingListener> listener_of(const RecordingId& recording,
                                                           const StreamId& stream);
    void settle(const std::shared_ptr<live::Timeline>& timeline, std::uint64_t number,
                const FileRegion& place);

    void on_written(const RecordingId& recording, const FileRegion& place);
    void on_lost(const RecordingId& recording);
    void on_interrupted(const RecordingId& recording);
    void on_resumed(const RecordingId& recording);
    void on_chunk(const RecordingId& recording, const Chunk& chunk);
    void on_recording_ended(const RecordingId& recording);
    void on_recording_failed(const RecordingId& recording, const std::string& why);

    ChannelId channel_;
    std::atomic<bool> idle_{true};
    boost::asio::any_io_executor executor_;
    PipelineWiring wiring_;
    live::LiveChannel live_;
    std::uint64_t broadcasts_ = 0;
    std::optional<Broadcast> broadcast_;
    std::optional<MediaTime> key_frames_apart_;
    std::optional<Ending> ending_;
    std::optional<OpenRecording> recording_;
    std::map<RecordingId, OpenTimeline> timelines_;
    std::deque<Pending> pending_;
    bool awaiting_disk_ = false;
    bool disk_is_slow_ = false;  // nothing waits for it, until it has written something in time
    SteadyTime record_again_at_{};
    boost::asio::steady_timer stall_timer_;
    boost::asio::steady_timer reconnect_timer_;
    boost::asio::steady_timer takeover_timer_;
};

/// How long a closed segment waits for the disk before viewers get it anyway.
inline constexpr std::chrono::milliseconds kDiskStallMax{250};

/// How long the live playlist stays, with ENDLIST, after the broadcast.
inline constexpr std::chrono::seconds kLivePlaylistStays{60};

/// How long a publisher that came back in time has until its first segment closes.
inline constexpr std::chrono::seconds kFirstSegmentMax{10};

/// Publishers that may take over one broadcast, one behind the other; the next begins a new one.
inline constexpr std::size_t kTakeoversMax = 100;

/// How long a channel is not recorded after its recording failed.
inline constexpr std::chrono::seconds kRecordAgainAfter{10};

}  // namespace oxbow::app
