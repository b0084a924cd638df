#include "edge/viewer_events.h"

#include <charconv>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace oxbow::edge {
namespace {

namespace json = boost::json;

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

/// The media that a timeline's playlist lists.
MediaTime duration_of(const live::TimelineView& timeline) {
    const LiveSegment* const last = timeline.newest_held();
    return last == nullptr ? MediaTime{} : last->start + last->duration;
}

}  // namespace

ViewerEvents::ViewerEvents(std::string epoch, const Clock& clock,
                           std::function<bool(const ChannelId&)> is_public,
                           net::EventFeedLimits limits)
    : epoch_(std::move(epoch)), clock_(clock), is_public_(std::move(is_public)), feed_(limits) {}

ViewerEvents::Told ViewerEvents::look_at(const live::ChannelView& view) const {
    Told now;
    if (view.timeline && !view.timeline->ended && view.timeline->newest_held()) {
        now.recording = view.timeline->recording;
        now.duration = duration_of(*view.timeline);
    }
    if (const live::BroadcastView* const broadcast = view.watchable()) {
        now.state = State::Live;
        now.stream = broadcast->stream;
        now.since = broadcast->started_at;
    } else if (view.reconnect_until > clock_.wall() && !now.recording.empty()) {
        now.state = State::Interrupted;
        now.since = view.reconnect_until;
    }
    return now;
}

void ViewerEvents::on_view(const live::ChannelView& view) {
    // One that was deleted, or made private, is offline for viewers.
    Told now = is_public_(view.channel) ? look_at(view) : Told{};
    const std::scoped_lock lock{mutex_};
    const auto found = told_.find(view.channel);
    const Told before = found == told_.end() ? Told{} : found->second;
    // A broadcast that has begun and cannot be played yet changes nothing for viewers.
    const bool begins = view.on_air && now.state != State::Live;
    if (begins && before.state == State::Interrupted) {
        now.state = before.state;
        now.since = before.since;
    }
    tell_locked(view.channel, before, std::move(now));
}

void ViewerEvents::on_elsewhere(const ChannelId& channel, const Elsewhere& elsewhere) {
    Told now;
    if (is_public_(channel)) {
        now.state = elsewhere.stream ? State::Live : State::Offline;
        now.stream = elsewhere.stream;
        now.since = elsewhere.started_at;
        now.recording = elsewhere.recording;
        now.duration = elsewhere.duration;
    }
    const std::scoped_lock lock{mutex_};
    const auto found = told_.find(channel);
    Told before = found == told_.end() ? Told{} : found->second;
    tell_locked(channel, std::move(before), std::move(now));
}

void ViewerEvents::tell_locked(const ChannelId& channel, Told before, Told now) {
    // The recording first: who goes to a channel that is live may rewind it.
    tell_recording(channel, before, now);
    tell_state(channel, before, now);
    if (now.state == State::Offline && now.recording.empty()) {
        told_.erase(channel);
    } else {
        told_[channel] = std::move(now);
    }
}

void ViewerEvents::tell_recording(const ChannelId& channel, const Told& before, Told& now) {
    const auto tell = [&](std::string_view event, const RecordingId& recording,
                          MediaTime duration) {
        publish(channel, event,
                {{"recordingId", recording.view()}, {"durationMs", milliseconds(duration)}});
    };
    now.told_duration = before.told_duration;
    const bool other = now.recording != before.recording;
    if (other && !before.recording.empty())
        tell("recording-ended", before.recording, before.duration);
    if (now.recording.empty()) return;
    if (!other && now.duration - before.told_duration < kGrewEvery) return;
    tell(other ? "recording-started" : "recording-grew", now.recording, now.duration);
    now.told_duration = now.duration;
}

void ViewerEvents::tell_state(const ChannelId& channel, const Told& before, const Told& now) {
    if (now.state == before.state && now.stream == before.stream && now.since == before.since)
        return;
    const std::string_view event = now.state == State::Live          ? "live"
                                   : now.state == State::Interrupted ? "interrupted"
                                                                     : "offline";
    publish(channel, event, state_json(now));
}

json::object ViewerEvents::state_json(const Told& told) {
    json::object out;
    if (told.stream) out["streamId"] = told.stream->view();
    if (told.since) {
        out[told.state == State::Live ? "startedAt" : "reconnectUntil"] =
            format_rfc3339_ms(*told.since);
    }
    return out;
}

void ViewerEvents::publish(const ChannelId& channel, std::string_view event, json::object data) {
    data["channelId"] = channel.view();
    ++number_;
    feed_.publish({.number = number_,
                   .topic = channel.str(),
                   .text = net::event_text(id_of(number_), event, json::serialize(data))});
}

/// Everything that is not offline, in the place of the events that led to it.
net::EventFeed::Piece ViewerEvents::state_piece(const std::optional<std::string>& channel) const {
    const std::scoped_lock lock{mutex_};
    json::array channels;
    for (const auto& [id, told] : told_) {
        if (channel && id.view() != *channel) continue;
        if (!is_public_(id)) continue;  // since its last view
        json::object item = state_json(told);
        item["channelId"] = id.view();
        item["state"] = told.state == State::Live          ? "live"
                        : told.state == State::Interrupted ? "interrupted"
                                                           : "offline";
        if (!told.recording.empty()) {
            item["recordingId"] = told.recording.view();
            item["durationMs"] = milliseconds(told.duration);
        }
        channels.push_back(std::move(item));
    }
    const json::object data{{"channels", std::move(channels)}};
    return {.text = net::event_text(id_of(number_), "state", json::serialize(data)),
            .position = number_};
}

// mp3k9a-17
std::string ViewerEvents::id_of(std::uint64_t number) const {
    return fmt::format("{}-{}", epoch_, number);
}

std::shared_ptr<net::HttpStream> ViewerEvents::read(const boost::asio::any_io_executor& executor,
                                                    std::string_view last_event_id,
                                                    const std::optional<std::string>& channel) {
    const std::string own = epoch_ + "-";
    const auto position =
        last_event_id.starts_with(own) ? number_of(last_event_id.substr(own.size())) : std::nullopt;
    net::EventFeed::CatchUp catch_up =
        [this,
         channel](std::uint64_t) -> boost::asio::awaitable<std::optional<net::EventFeed::Piece>> {
        co_return state_piece(channel);
    };
    return feed_.read(executor,
                      {.position = position, .topic = channel, .catch_up = std::move(catch_up)});
}

}  // namespace oxbow::edge
