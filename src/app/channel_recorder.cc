// What the recorder says to the pipeline of a channel.

#include <algorithm>

#include <boost/asio/post.hpp>

#include "app/channel_pipeline.h"
#include "base/log.h"

namespace oxbow::app {
namespace asio = boost::asio;

/// Carries what a recording says from the recorder's thread to the channel's strand.
class ChannelPipeline::Listener final : public record::RecordingListener {
public:
    /// What is told of the recording also when its pipeline is gone already.
    struct Origin {
        notify::ChannelEvents& events;
        Counters& counters;
        record::Thumbnails& thumbnails;
        ChannelId channel;
        StreamId stream;  // the first of it
    };
    Listener(std::weak_ptr<ChannelPipeline> pipeline, asio::any_io_executor executor,
             RecordingId recording, Origin origin)
        : pipeline_(std::move(pipeline)),
          executor_(std::move(executor)),
          recording_(std::move(recording)),
          origin_(std::move(origin)) {}

    void on_written(const FileRegion& place) override {
        tell([place](ChannelPipeline& pipeline, const RecordingId& id) {
            pipeline.on_written(id, place);
        });
    }
    void on_lost() override {
        tell([](ChannelPipeline& pipeline, const RecordingId& id) { pipeline.on_lost(id); });
    }
    void on_interrupted(const std::string&) override {
        tell([](ChannelPipeline& pipeline, const RecordingId& id) { pipeline.on_interrupted(id); });
    }
    void on_resumed(std::uint64_t) override {
        tell([](ChannelPipeline& pipeline, const RecordingId& id) { pipeline.on_resumed(id); });
    }
    void on_chunk(const Chunk& chunk) override {
        tell([chunk](ChannelPipeline& pipeline, const RecordingId& id) {
            pipeline.on_chunk(id, chunk);
        });
    }
    void on_ended() override {
        origin_.thumbnails.end(recording_);
        tell([](ChannelPipeline& pipeline, const RecordingId& id) {
            pipeline.on_recording_ended(id);
        });
    }
    void on_failed(const std::string& why) override {
        origin_.thumbnails.end(recording_);
        tell([why](ChannelPipeline& pipeline, const RecordingId& id) {
            pipeline.on_recording_failed(id, why);
        });
    }
    void on_state(const catalog::Recording& recording) override {
        origin_.thumbnails.announced(recording_);
        origin_.counters.recording_changed(recording.status);
        asio::post(executor_,
                   [&events = origin_.events, recording] { events.recording_changed(recording); });
    }
    void on_not_started() override {
        asio::post(executor_, [origin = origin_, recording = recording_] {
            origin.events.recording_not_started(origin.channel, origin.stream, recording);
        });
    }

private:
    template <typename Call>
    void tell(Call call) {
        asio::post(executor_,
                   [pipeline = pipeline_, recording = recording_, call = std::move(call)] {
                       if (const auto alive = pipeline.lock()) call(*alive, recording);
                   });
    }

    std::weak_ptr<ChannelPipeline> pipeline_;
    asio::any_io_executor executor_;
    RecordingId recording_;
    Origin origin_;
};

std::shared_ptr<record::RecordingListener> ChannelPipeline::listener_of(
    const RecordingId& recording, const StreamId& stream) {
    return std::make_shared<Listener>(weak_from_this(), executor_, recording,
                                      Listener::Origin{.events = wiring_.events,
                                                       .counters = wiring_.counters,
                                                       .thumbnails = wiring_.thumbnails,
                                                       .channel = channel_,
                                                       .stream = stream});
}

void ChannelPipeline::on_written(const RecordingId& recording, const FileRegion& place) {
    const auto open = timelines_.find(recording);
    if (open == timelines_.end() || open->second.unwritten.empty()) return;
    const Unwritten written = std::move(open->second.unwritten.front());
    open->second.unwritten.pop_front();
    const bool in_time = wiring_.clock.steady() - written.handed_over <= kDiskStallMax;
    if (disk_is_slow_ && in_time) {
        log::info("[channel {}] the disk is fast enough again", channel_.view());
        disk_is_slow_ = false;
    }
    ++wiring_.counters.recorded_segments;
    wiring_.counters.recorded_bytes += written.segment->bytes.size();
    const auto& timeline = open->second.timeline;
    timeline->list(written.number, {written.segment, place});
    auto& thumbnails = open->second.thumbnails;
    if (const auto at = thumbnails ? thumbnails->take(*written.segment) : std::nullopt)
        wiring_.thumbnails.submit(recording, written.segment, *at);
    settle(timeline, written.number, place);
    list_settled(true);
}

void ChannelPipeline::on_lost(const RecordingId& recording) {
    ++wiring_.counters.lost_segments;
    const auto open = timelines_.find(recording);
    if (open == timelines_.end() || open->second.unwritten.empty()) return;
    const std::uint64_t number = open->second.unwritten.front().number;
    open->second.unwritten.pop_front();
    open->second.timeline->lose(number);
    settle(open->second.timeline, number, {});
    list_settled();
}

/// The segment may be listed for live, if it is not yet.
void ChannelPipeline::settle(const std::shared_ptr<live::Timeline>& timeline, std::uint64_t number,
                             const FileRegion& place) {
    const auto found = std::ranges::find_if(pending_, [&](const Pending& item) {
        return item.number == number && item.timeline == timeline;
    });
    if (found == pending_.end()) return;
    found->settled = true;
    found->media.file = place;
}

/// What an event tells of the recording; nullopt: it is not the channel's open one any more.
std::optional<catalog::Recording> ChannelPipeline::row_of(const RecordingId& recording) const {
    if (!recording_ || recording_->id != recording || !broadcast_) return std::nullopt;
    catalog::Recording row;
    row.id = recording;
    row.channel = channel_;
    row.prefix = recording_->timeline->prefix();
    row.started_at = recording_->started_at;
    row.streams = {broadcast_->stream};
    return row;
}

void ChannelPipeline::on_interrupted(const RecordingId& recording) {
    ++wiring_.counters.interruptions;
    if (const auto row = row_of(recording)) wiring_.events.recording_interrupted(*row);
}

void ChannelPipeline::on_resumed(const RecordingId& recording) {
    if (const auto row = row_of(recording)) wiring_.events.recording_resumed(*row);
}

void ChannelPipeline::on_chunk(const RecordingId& recording, const Chunk& chunk) {
    const auto open = timelines_.find(recording);
    if (open == timelines_.end()) return;
    open->second.timeline->locate(chunk);
    live_.publish();
}

void ChannelPipeline::on_recording_ended(const RecordingId& recording) {
    const auto open = timelines_.find(recording);
    if (open == timelines_.end()) return;
    open->second.timeline->end();
    timelines_.erase(open);
    live_.publish();
    let_go();
}

void ChannelPipeline::on_recording_failed(const RecordingId& recording, const std::string& why) {
    const auto open = timelines_.find(recording);
    if (open == timelines_.end()) return;  // told before
    log::error("[channel {}] is not recorded for {} s: {}", channel_.view(),
               kRecordAgainAfter.count(), why);
    if (recording_ && recording_->id == recording) {
        recording_.reset();
        reconnect_timer_.cancel();
        record_again_at_ = wiring_.clock.steady() + kRecordAgainAfter;
    }
    // What was not recorded is live all the same, but no part of the recording's timeline.
    const std::shared_ptr<live::Timeline> timeline = open->second.timeline;
    on_recording_ended(recording);
    for (Pending& item : pending_) item.settled = item.settled || item.timeline == timeline;
    list_settled();
}

}  // namespace oxbow::app
