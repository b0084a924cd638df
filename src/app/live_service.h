#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "app/channel_pipeline.h"
#include "catalog/catalog.h"
#include "control/live_control.h"
#include "control/quotas.h"
#include "edge/edge.h"
#include "edge/viewer_counter.h"
#include "ingest/admission.h"
#include "ingest/publish_gate.h"
#include "live/ingest_limits.h"
#include "meta/stream_states.h"
#include "net/loops.h"
#include "record/recorder.h"

namespace oxbow::app {

/// The live service of one process, as the other rooms ask for it: who may publish (ingest), what
/// is on the air and recorded (meta, control, edge), stop a stream (control).
///
/// Every channel belongs to one loop, chosen by its id; its pipeline and its publisher's connection
/// live there. Thread-safe.
class LiveService final : public ingest::PublishGate,
                          public meta::StreamStates,
                          public control::LiveControl,
                          public edge::OpenPlaylists {
public:
    struct Rooms {
        net::Loops& loops;
        PipelineWiring wiring;
        const record::RecordingViews& recordings;
        const edge::ViewerCounter& viewers;
        std::size_t concurrent_streams_max = control::Quotas::kNone;
    };
    explicit LiveService(Rooms rooms);
    ~LiveService() override;

    // ingest::PublishGate
    Result<ingest::PublishGrant> publish(ingest::PublishRequest request) override;

    // meta::StreamStates
    bool channel_exists(const ChannelId& channel) const override;
    std::optional<meta::LiveStream> live_stream(const ChannelId& channel) const override;
    std::optional<meta::RecordingState> newest_recording(const ChannelId& channel) const override;
    std::optional<meta::StateStamp> stamp(const ChannelId& channel) const override;

    // control::LiveControl
    std::optional<control::LiveStreamInfo> stream(const ChannelId& channel) const override;
    std::vector<control::LiveStreamInfo> streams() const override;
    bool stop_stream(const ChannelId& channel, const std::string& why) override;
    Result<void> put_metadata(const ChannelId& channel, const std::string& text) override;

    // edge::OpenPlaylists
    std::shared_ptr<const TextVersion> open_playlist(std::string_view key) const override;

    /// Goes on with what an earlier process left open, before anybody publishes: each waits for its
    /// publisher as after a reconnect, kTakenUpWaitMin at least. In: the oldest first.
    void take_up(std::vector<record::TakenUp> taken_up);

    /// Lets go of a deleted recording.
    void forget_recording(const ChannelId& channel, const RecordingId& recording);

    /// Ends all broadcasts and their recordings; returns when every pipeline has handed its last
    /// segment to the recorder and every publisher is gone. The loops must still run.
    void shut_down();

private:
    class Session;

    std::shared_ptr<ChannelPipeline> pipeline(const ChannelId& channel);
    void let_idle_go();
    WallTime wait_until(const record::TakenUp& taken_up) const;
    boost::asio::any_io_executor executor_of(const ChannelId& channel);
    bool has_publishers() const;
    /// Its serial number. Errors: LimitExceeded  as many channels are on the air as may be.
    Result<std::uint64_t> publisher_came(const ChannelId& channel,
                                         std::function<void(std::string)> stop);
    void publisher_gone(const ChannelId& channel, std::uint64_t serial);
    /// How far apart the key frames of a channel's last stream were: what its next playlists
    /// declare goes by it. Known again at the next start, from the catalogue.
    void learn(const ChannelId& channel, std::optional<MediaTime> key_frames_apart);
    std::optional<MediaTime> key_frames_apart(const ChannelId& channel) const;
    std::string playback_path(const ChannelId& channel) const;

    Rooms rooms_;
    ingest::Admission admission_;
    mutable std::mutex mutex_;
    std::map<ChannelId, std::shared_ptr<ChannelPipeline>> pipelines_;
    std::map<ChannelId, MediaTime> key_frames_apart_;  // of channels that there are, and few more
    struct Publisher {
        std::uint64_t serial;
        std::function<void(std::string)> stop;
    };
    std::map<ChannelId, Publisher> publishers_;  // connected now; the newest of each channel
    std::uint64_t serials_ = 0;
    live::BreachMemory breaches_;  // of the account; under the mutex
};

}  // namespace oxbow::app
