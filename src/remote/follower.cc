#include "remote/follower.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "ivs/ids.h"
#include "ivs/recording_metadata.h"
#include "ivs/recording_prefix.h"
#include "remote/channel_watch.h"
#include "remote/due_channels.h"

namespace oxbow::remote {
namespace {

constexpr std::string_view kSaved = "recording-started-";

}  // namespace

Follower::Follower(Settings settings, Rooms rooms)
    : settings_(std::move(settings)),
      rooms_(std::move(rooms)),
      streams_(rooms_.client, rooms_.clock),
      watch_(
          {.store = rooms_.store,
           .catalog = rooms_.catalog,
           .recordings = rooms_.recordings,
           .clock = rooms_.clock,
           .save_start = rooms_.save_start,
           .know_channel = [this](const std::string& arn) { return know(arn); },
           .is_live =
               [this](const ChannelId& channel) { return streams_.now(channel) != std::nullopt; },
           .duration = rooms_.duration,
           .changed = rooms_.changed,
           .gone = rooms_.gone}) {}

Result<void> Follower::start() {
    if (auto taken = watch_.take_up(); !taken) return taken;
    thread_ = std::thread{[this] { work(); }};
    if (settings_.ask_channels) channels_thread_ = std::thread{[this] { watch_channels(); }};
    return {};
}

void Follower::ask_to_stop() {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    wake_.notify_all();
}

void Follower::stop() {
    ask_to_stop();
    for (std::thread* const thread : {&thread_, &channels_thread_})
        if (thread->joinable()) thread->join();
}

bool Follower::is_stopping() const {
    const std::lock_guard lock{mutex_};
    return stopping_;
}

void Follower::work() {
    while (true) {
        look_at_saved();
        look_at_streams();
        watch_.look([this] { return is_stopping(); });
        for (const auto& place : *rooms_.catalog.directory()->channels_by_creation) {
            if (is_stopping()) return;
            rooms_.looked_at(place.id);
        }
        std::unique_lock lock{mutex_};
        unknown_asked_ = 0;
        if (wake_.wait_for(lock, kRound, [this] { return stopping_; })) return;
    }
}

/// Apart from the rest: who may watch is not to wait for a bucket that is slow.
void Follower::watch_channels() {
    ChannelWatch channels{{.catalog = rooms_.catalog,
                           .client = rooms_.client,
                           .clock = rooms_.clock,
                           .may_ask = [this] { return streams_.may_ask(); }}};
    while (true) {
        channels.look();
        std::unique_lock lock{mutex_};
        if (wake_.wait_for(lock, kRound, [this] { return stopping_; })) return;
    }
}

/// At the start, once the bucket is there: whatever was saved makes its channel and its recording
/// known, however old they are.
void Follower::look_at_saved() {
    if (saved_looked_at_) return;
    const auto saved = rooms_.store.list(kSaved);
    if (!saved) return;
    bool all = true;
    for (const store::ObjectInfo& object : *saved) {
        if (is_stopping()) return;
        const auto text = rooms_.store.get(object.key, ivs::kMetadataBytesMax);
        const auto metadata = text ? ivs::read_recording_metadata(*text)
                                   : Result<ivs::RecordingMetadata>{std::unexpected(text.error())};
        const auto prefix = metadata ? ivs::prefix_of_key(metadata->hls_path)
                                     : Result<std::string_view>{std::unexpected(metadata.error())};
        if (!prefix) {
            log::warning("{} is left out: {}", log::printable(object.key), prefix.error().what);
            continue;
        }
        const auto ref = ivs::parse_recording_prefix(*prefix);
        if (ref && rooms_.catalog.recording(ref->recording)) continue;
        const auto taken = watch_.take(ivs::recording_started_key(*prefix));
        if (taken) continue;
        if (may_pass(taken.error())) {
            all = false;
        } else {
            log::warning("{} is left out: {}", log::printable(*prefix), taken.error().what);
        }
    }
    saved_looked_at_ = all;
}

/// The streams of channels that no viewer asks for, so that lists tell of them, too.
void Follower::look_at_streams() {
    const SteadyTime now = rooms_.clock.steady();
    for (const ChannelId& channel :
         due_channels(*rooms_.catalog.directory(), stream_look_at_, now, kStreamsPerRound)) {
        if (is_stopping()) return;
        streams_.refresh(channel, arn_of(channel));
        stream_look_at_[channel] = now + kStreamLookEvery;
    }
}

std::string Follower::arn_of(const ChannelId& channel) const {
    const auto directory = rooms_.catalog.directory();
    const auto found = directory->channels.find(channel);
    return found == directory->channels.end()
               ? ivs::channel_arn(settings_.region, settings_.account, channel)
               : found->second.arn;
}

Result<void> Follower::know(const std::string& arn) {
    const auto id = ivs::channel_of_arn(arn);
    if (!id) return std::unexpected(id.error());
    if (channel_exists(*id)) return {};
    if (!settings_.ask_channels) return add(arn, {.name = id->str()});
    const auto told = rooms_.client.get_channel(arn);
    return told ? add(arn, *told) : std::unexpected(told.error());
}

Result<void> Follower::add(const std::string& arn, const RemoteChannel& channel) {
    const auto id = ivs::channel_of_arn(arn);
    if (!id) return std::unexpected(id.error());
    const std::lock_guard lock{adding_};
    if (channel_exists(*id)) return {};
    // The catalogue knows no channel without a key; nobody can publish with this one.
    return rooms_.catalog.add_channel(
        {.id = *id,
         .arn = arn,
         .name = channel.name,
         .authorized = channel.authorized,
         .created_at = rooms_.clock.wall()},
        {.arn = ivs::stream_key_arn(settings_.region, settings_.account, random_alphanumeric(12)),
         .value = ivs::make_stream_key(settings_.region, *id),
         .channel = *id});
}

bool Follower::is_fresh(const ChannelId& channel) const {
    if (channel_exists(channel)) return streams_.is_fresh(channel) && watch_.is_fresh(channel);
    const std::lock_guard lock{mutex_};
    const auto unknown = unknown_until_.find(channel);
    return unknown != unknown_until_.end() && rooms_.clock.steady() < unknown->second;
}

void Follower::refresh(const ChannelId& channel) {
    if (!channel_exists(channel)) find(channel);
    if (!channel_exists(channel)) return;
    streams_.refresh(channel, arn_of(channel));
    watch_.refresh(channel);
}

/// A channel that nothing was recorded of, perhaps.
void Follower::find(const ChannelId& channel) {
    {
        const std::lock_guard lock{mutex_};
        const SteadyTime now = rooms_.clock.steady();
        const auto unknown = unknown_until_.find(channel);
        if (unknown != unknown_until_.end() && now < unknown->second) return;
        if (unknown_asked_ >= kUnknownPerRound) return;
        ++unknown_asked_;
        if (unknown_until_.size() >= kUnknownMax) unknown_until_.clear();
        unknown_until_[channel] = now + kUnknownFor;
    }
    const std::string arn = ivs::channel_arn(settings_.region, settings_.account, channel);
    const auto known = [&]() -> Result<void> {
        if (settings_.ask_channels) return know(arn);
        const auto stream = rooms_.client.get_stream(arn);
        return stream ? add(arn, {.name = channel.str()}) : std::unexpected(stream.error());
    }();
    if (!known && known.error().code != ErrorCode::NotFound)
        log::warning("[channel {}] {}", channel.view(), known.error().what);
}

bool Follower::channel_exists(const ChannelId& channel) const {
    return rooms_.catalog.directory()->channels.contains(channel);
}

std::optional<meta::LiveStream> Follower::live_stream(const ChannelId& channel) const {
    auto stream = streams_.now(channel);
    if (!stream) return std::nullopt;
    return meta::LiveStream{.stream_id = StreamId{std::move(stream->id)},
                            .playback_url = settings_.playback_path
                                                ? settings_.playback_path(channel)
                                                : std::move(stream->playback_url),
                            .started_at = stream->started_at};
}

std::optional<meta::RecordingState> Follower::newest_recording(const ChannelId& channel) const {
    const auto view = rooms_.recordings.get(channel);
    if (!view) return std::nullopt;
    const catalog::Recording& row = view->recording;
    return meta::RecordingState{.recording_id = row.id,
                                .status = row.status,
                                .stream_ids = row.streams,
                                .started_at = row.started_at,
                                .ended_at = row.ended_at,
                                .reconnect_until = std::nullopt,
                                .duration = row.duration};
}

}  // namespace oxbow::remote
