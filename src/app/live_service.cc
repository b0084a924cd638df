#include "app/live_service.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "base/log.h"
#include "ivs/recording_metadata.h"

namespace oxbow::app {
namespace asio = boost::asio;
namespace {

/// How long shutting down waits for all channels to hand over their last segments.
constexpr std::chrono::seconds kHandOverMax{5};

/// How long a call waits for its channel's strand.
constexpr std::chrono::seconds kStrandMax{5};

}  // namespace

/// One publisher's broadcast on its way into the pipeline of its channel.
class LiveService::Session final : public ingest::PublishSession {
public:
    Session(LiveService& service, ChannelId channel, std::uint64_t serial,
            ingest::Admission::Ticket ticket, std::shared_ptr<ChannelPipeline> pipeline,
            BroadcastSpec spec)
        : service_(service),
          channel_(std::move(channel)),
          serial_(serial),
          ticket_(std::move(ticket)),
          pipeline_(std::move(pipeline)),
          spec_(std::move(spec)) {}

    void on_metadata(const StreamMetadata& metadata) override {
        log::debug("[channel {}] encoder {}", channel_.view(), log::printable(metadata.encoder));
        if (broadcast_) {
            pipeline_->set_metadata(*broadcast_, metadata);
        } else {
            spec_.metadata = metadata;
        }
    }
    void on_video_parameters(VideoParameters parameters) override {
        pipeline_->set_video_parameters(broadcast(), std::move(parameters));
    }
    void on_audio_parameters(AudioParameters parameters) override {
        pipeline_->set_audio_parameters(broadcast(), std::move(parameters));
    }
    void on_access_unit(AccessUnit unit) override {
        ticket_.media_delivered();
        pipeline_->push(broadcast(), std::move(unit));
    }
    void on_ended(ingest::EndReason, std::string_view) override {
        if (broadcast_ && ticket_.is_taken_over()) {
            pipeline_->hand_over(*broadcast_);
        } else if (broadcast_) {
            pipeline_->end(*broadcast_);
            service_.learn(channel_, pipeline_->key_frames_apart());
        }
        service_.publisher_gone(channel_, serial_);
    }

private:
    /// The broadcast begins with the first thing that the publisher sends of it.
    std::uint64_t broadcast() {
        if (!broadcast_) {
            spec_.takes_over = ticket_.took_over();
            broadcast_ = pipeline_->begin(std::move(spec_));
        }
        return *broadcast_;
    }

    LiveService& service_;
    ChannelId channel_;
    std::uint64_t serial_;
    ingest::Admission::Ticket ticket_;
    std::shared_ptr<ChannelPipeline> pipeline_;
    BroadcastSpec spec_;  // until the broadcast begins
    std::optional<std::uint64_t> broadcast_;
};

LiveService::LiveService(Rooms rooms) : rooms_(std::move(rooms)), admission_(rooms_.wiring.clock) {
    const auto sessions = rooms_.wiring.catalog.newest_stream_sessions();
    if (!sessions) {
        // Only a first guess is lost: the next streams tell it again.
        log::warning("how far apart key frames were is not known: {}", sessions.error().what);
        return;
    }
    for (const catalog::StreamSession& session : *sessions) {
        const bool is_known = session.ingest && session.ingest->video &&
                              session.ingest->video->longest_key_frame_interval_ms > 0;
        if (is_known) {
            key_frames_apart_[session.channel] =
                std::chrono::milliseconds{session.ingest->video->longest_key_frame_interval_ms};
        }
    }
}

LiveService::~LiveService() = default;

// --- Who may publish -----------------------------------------------------------------------------

Result<ingest::PublishGrant> LiveService::publish(ingest::PublishRequest request) {
    const auto directory = rooms_.wiring.catalog.directory();
    const auto key = directory->stream_keys.find(request.stream_key);
    if (key == directory->stream_keys.end())
        return fail(ErrorCode::NotFound, "no channel has this stream key");
    const ChannelId channel = key->second;
    const auto found = directory->channels.find(channel);
    if (found == directory->channels.end())
        return fail(ErrorCode::NotFound, "the channel was deleted");

    if (!request.secure && !found->second.insecure_ingest) {
        return fail(ErrorCode::Refused,
                    "the channel takes RTMPS only (its insecureIngest is false): publish with "
                    "rtmps://, to the RTMPS port");
    }

    auto ticket = admission_.admit(channel, ingest::takeover_priority(request.query), request.stop);
    if (!ticket) return std::unexpected(ticket.error());

    const auto configuration =
        directory->recording_configurations.find(found->second.recording_configuration_arn);
    BroadcastSpec spec{.channel = found->second,
                       .recording = std::nullopt,
                       .stop = request.stop,
                       .key_frames_apart = key_frames_apart(channel)};
    if (configuration != directory->recording_configurations.end()) {
        if (configuration->second.state == "ACTIVE") {
            spec.recording = configuration->second;
        } else {
            log::warning("[channel {}] is not recorded: its recording configuration is {}",
                         channel.view(), configuration->second.state);
        }
    }
    const auto serial = publisher_came(channel, request.stop);
    if (!serial) return std::unexpected(serial.error());
    // A channel that is deleted from here on stops its publisher; one that was deleted before had
    // none.
    if (!rooms_.wiring.catalog.directory()->channels.contains(channel)) {
        publisher_gone(channel, *serial);
        return fail(ErrorCode::NotFound, "the channel was deleted");
    }
    return ingest::PublishGrant{
        .executor = executor_of(channel),
        .session = std::make_unique<Session>(*this, channel, *serial, std::move(*ticket),
                                             pipeline(channel), std::move(spec))};
}

Result<std::uint64_t> LiveService::publisher_came(const ChannelId& channel,
                                                  std::function<void(std::string)> stop) {
    const std::lock_guard lock{mutex_};
    const std::size_t others = publishers_.size() - publishers_.count(channel);
    std::vector<ivs::LimitBreach> breaches;
    if (others >= rooms_.concurrent_streams_max) {
        breaches.push_back({.limit_name = "Concurrent Broadcasts",
                            .limit_value = static_cast<std::int64_t>(rooms_.concurrent_streams_max),
                            .value = static_cast<std::int64_t>(others) + 1,
                            .limit_unit = "active streams"});
    }
    for (const auto& breach : breaches_.news(breaches, rooms_.wiring.clock.steady()))
        rooms_.wiring.events.account_limit_breached(breach);
    if (!breaches.empty()) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("{} channels are on the air, as many as api.quotas.concurrent_streams "
                        "allows; stop one, or allow more",
                        others));
    }
    publishers_[channel] = {++serials_, std::move(stop)};
    return serials_;
}

void LiveService::learn(const ChannelId& channel, std::optional<MediaTime> key_frames_apart) {
    const std::lock_guard lock{mutex_};
    if (key_frames_apart) {
        key_frames_apart_[channel] = *key_frames_apart;
    } else {
        key_frames_apart_.erase(channel);
    }
    const auto directory = rooms_.wiring.catalog.directory();
    if (key_frames_apart_.size() <= directory->channels.size()) return;
    std::erase_if(key_frames_apart_,
                  [&](const auto& entry) { return !directory->channels.contains(entry.first); });
}

std::optional<MediaTime> LiveService::key_frames_apart(const ChannelId& channel) const {
    const std::lock_guard lock{mutex_};
    const auto found = key_frames_apart_.find(channel);
    return found == key_frames_apart_.end() ? std::nullopt : std::optional{found->second};
}

bool LiveService::has_publishers() const {
    const std::lock_guard lock{mutex_};
    return !publishers_.empty();
}

void LiveService::publisher_gone(const ChannelId& channel, std::uint64_t serial) {
    const std::lock_guard lock{mutex_};
    const auto found = publishers_.find(channel);
    if (found != publishers_.end() && found->second.serial == serial) publishers_.erase(found);
}

asio::any_io_executor LiveService::executor_of(const ChannelId& channel) {
    const std::size_t loop = std::hash<ChannelId>{}(channel) % rooms_.loops.size();
    return rooms_.loops.at(loop).get_executor();
}

std::shared_ptr<ChannelPipeline> LiveService::pipeline(const ChannelId& channel) {
    const std::lock_guard lock{mutex_};
    let_idle_go();
    auto& pipeline = pipelines_[channel];
    if (!pipeline) {
        pipeline = std::make_shared<ChannelPipeline>(channel, executor_of(channel), rooms_.wiring);
    }
    return pipeline;
}

void LiveService::take_up(std::vector<record::TakenUp> taken_up) {
    for (record::TakenUp& each : taken_up) {
        const WallTime until = wait_until(each);
        pipeline(ChannelId{each.spec.channel})->take_up(std::move(each), until);
    }
}

/// Until when a recording that was cut off waits for its publisher; now: it is over.
WallTime LiveService::wait_until(const record::TakenUp& taken_up) const {
    const WallTime now = rooms_.wiring.clock.wall();
    const auto directory = rooms_.wiring.catalog.directory();
    const auto channel = directory->channels.find(taken_up.spec.channel);
    if (channel == directory->channels.end()) return now;
    const auto configuration =
        directory->recording_configurations.find(channel->second.recording_configuration_arn);
    if (configuration == directory->recording_configurations.end()) return now;
    // Its publisher had left, and the time for it to come back was over while nothing ran.
    if (taken_up.away_until && *taken_up.away_until < now) return now;
    const std::chrono::seconds window = configuration->second.reconnect_window;
    return now + std::max(window, record::kTakenUpWaitMin);
}

/// Channels come and go: the pipeline of one that is off the air goes with the next publisher of
/// any, deleted or not. Under the mutex, for only here does a publisher's session get a pipeline.
void LiveService::let_idle_go() {
    std::erase_if(pipelines_, [](const auto& entry) {
        return entry.second.use_count() == 1 && entry.second->idle();
    });
}

// --- What is on the air and recorded -------------------------------------------------------------

std::string LiveService::playback_path(const ChannelId& channel) const {
    return "/api/video/v1/" +
           ivs::playback_name(rooms_.wiring.region, rooms_.wiring.account, channel);
}

bool LiveService::channel_exists(const ChannelId& channel) const {
    return rooms_.wiring.catalog.directory()->channels.contains(channel);
}

std::optional<meta::LiveStream> LiveService::live_stream(const ChannelId& channel) const {
    const auto info = stream(channel);
    if (!info) return std::nullopt;
    const auto view = rooms_.wiring.channel_views.get(channel);
    const bool rewindable = view && view->watchable() && view->watchable()->recorded &&
                            view->timeline && view->timeline->newest_held();
    return meta::LiveStream{
        .stream_id = info->stream_id, .playback_url = info->playback_url, .rewindable = rewindable};
}

std::optional<control::LiveStreamInfo> LiveService::stream(const ChannelId& channel) const {
    const auto view = rooms_.wiring.channel_views.get(channel);
    // On the air once its playlist can be fetched, not before.
    const live::BroadcastView* const broadcast = view ? view->watchable() : nullptr;
    if (broadcast == nullptr) return std::nullopt;
    control::LiveStreamInfo info{.channel = channel,
                                 .stream_id = broadcast->stream,
                                 .playback_url = playback_path(channel),
                                 .started_at = broadcast->started_at,
                                 .viewer_count = rooms_.viewers.count(channel)};
    const auto status = rooms_.wiring.stream_statuses.get(channel);
    if (status && status->stream == info.stream_id) {
        info.started_at = status->live_at.value_or(info.started_at);
        info.starving = status->health == live::Health::Starving;
        info.ingest = status->ingest;
        info.recent_bits_per_second = status->recent_bits_per_second;
        info.recent_frame_rate = status->recent_frame_rate;
    }
    return info;
}

std::vector<control::LiveStreamInfo> LiveService::streams() const {
    std::vector<control::LiveStreamInfo> out;
    for (const auto& [channel, view] : rooms_.wiring.channel_views.all()) {
        if (auto info = stream(channel)) out.push_back(std::move(*info));
    }
    return out;
}

bool LiveService::stop_stream(const ChannelId& channel, const std::string& why) {
    const std::lock_guard lock{mutex_};
    const auto found = publishers_.find(channel);
    if (found == publishers_.end()) return false;
    found->second.stop(why);
    return true;
}

Result<void> LiveService::put_metadata(const ChannelId& channel, const std::string& text) {
    auto taken = std::make_shared<std::promise<Result<void>>>();
    std::future<Result<void>> answer = taken->get_future();
    {
        const std::lock_guard lock{mutex_};
        const auto found = pipelines_.find(channel);
        if (found == pipelines_.end())
            return fail(ErrorCode::NotFound, "the channel is not on the air");
        asio::post(executor_of(channel), [pipeline = found->second, text, taken] {
            taken->set_value(pipeline->put_metadata(text));
        });
    }
    if (answer.wait_for(kStrandMax) == std::future_status::ready) return answer.get();
    return fail(ErrorCode::Timeout,
                "The channel is too busy to say whether it took the metadata: look for it in the "
                "stream before you send it again.");
}

std::optional<meta::RecordingState> LiveService::newest_recording(const ChannelId& channel) const {
    const auto view = rooms_.recordings.get(channel);
    if (!view) return std::nullopt;
    const catalog::Recording& row = view->recording;
    const auto channel_view = rooms_.wiring.channel_views.get(channel);
    const bool open = row.status == catalog::RecordingStatus::Started && channel_view;
    return meta::RecordingState{
        .recording_id = row.id,
        .status = row.status,
        .stream_ids = row.streams,
        .started_at = row.started_at,
        .ended_at = row.ended_at,
        .reconnect_until = open ? channel_view->reconnect_until : std::nullopt,
        .duration = row.duration};
}

std::optional<meta::StateStamp> LiveService::stamp(const ChannelId& channel) const {
    return meta::StateStamp{.live = rooms_.wiring.channel_views.get(channel),
                            .recording = rooms_.recordings.get(channel)};
}

std::shared_ptr<const TextVersion> LiveService::open_playlist(std::string_view key) const {
    if (!key.ends_with(".m3u8")) return nullptr;
    const std::size_t media = key.find("/media/hls/");
    if (media == std::string_view::npos) return nullptr;
    const auto ref = ivs::parse_recording_prefix(key.substr(0, media));
    if (!ref) return nullptr;
    const auto view = rooms_.recordings.get(ref->channel);
    if (!view || view->recording.id != ref->recording) return nullptr;
    const std::string folder =
        fmt::format("{}/media/hls/{}/", view->recording.prefix, view->recording.rendition);
    if (key == folder + "playlist.m3u8") return view->standard_playlist;
    if (key == folder + "byte-range-variant.m3u8") return view->byte_range_playlist;
    return nullptr;
}

void LiveService::forget_recording(const ChannelId& channel, const RecordingId& recording) {
    const std::lock_guard lock{mutex_};
    const auto found = pipelines_.find(channel);
    if (found == pipelines_.end()) return;
    asio::post(executor_of(channel),
               [pipeline = found->second, recording] { pipeline->forget(recording); });
}

// --- The end -------------------------------------------------------------------------------------

void LiveService::shut_down() {
    std::vector<std::future<void>> handed_over;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [channel, publisher] : publishers_)
            publisher.stop("the server is shutting down");
        for (const auto& [channel, pipeline] : pipelines_) {
            auto done = std::make_shared<std::promise<void>>();
            handed_over.push_back(done->get_future());
            asio::post(executor_of(channel), [pipeline, done] {
                pipeline->shut_down();
                done->set_value();
            });
        }
    }
    const auto deadline = rooms_.wiring.clock.steady() + kHandOverMax;
    for (const auto& done : handed_over) done.wait_until(deadline);
    while (has_publishers() && rooms_.wiring.clock.steady() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

}  // namespace oxbow::app
