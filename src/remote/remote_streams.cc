#include "remote/remote_streams.h"

#include <algorithm>

#include "base/log.h"

namespace oxbow::remote {

bool RemoteStreams::is_fresh(const ChannelId& channel) const {
    const auto state = states_.get(channel);
    return state && clock_.steady() < state->fresh_until;
}

std::optional<RemoteStream> RemoteStreams::now(const ChannelId& channel) const {
    const auto state = states_.get(channel);
    const SteadyTime away_since = away_since_;
    const bool away = away_since != kNotAway && clock_.steady() - away_since >= kKeptMax;
    return state && !away ? state->stream : std::nullopt;
}

bool RemoteStreams::may_ask() const {
    const std::lock_guard lock{mutex_};
    return clock_.steady() >= ask_again_at_;
}

void RemoteStreams::answered() {
    const std::lock_guard lock{mutex_};
    if (pause_.count() > 0) log::info("{} answers again", client_.endpoint());
    pause_ = {};
    away_since_ = kNotAway;
}

void RemoteStreams::failed(const Error& error) {
    const std::lock_guard lock{mutex_};
    if (pause_.count() == 0) log::warning("{}", error.what);
    pause_ = std::clamp(2 * pause_, kFresh, kPauseMax);
    const SteadyTime now = clock_.steady();
    ask_again_at_ = now + pause_;
    if (error.code == ErrorCode::LimitExceeded) {
        away_since_ = kNotAway;
    } else if (away_since_.load() == kNotAway) {
        away_since_ = now;
    }
}

void RemoteStreams::refresh(const ChannelId& channel, const std::string& arn) {
    std::shared_ptr<std::mutex> ours;
    {
        const std::lock_guard lock{mutex_};
        auto& asking = asking_[channel];
        if (!asking) asking = std::make_shared<std::mutex>();
        ours = asking;
    }
    std::unique_lock one_at_a_time{*ours, std::try_to_lock};
    if (!one_at_a_time) {
        if (states_.get(channel)) return;
        one_at_a_time.lock();
    }
    if (is_fresh(channel)) return;  // somebody else asked
    const auto before = states_.get(channel);
    State state = before ? *before : State{};
    if (may_ask()) {
        auto stream = client_.get_stream(arn);
        if (!stream && stream.error().code == ErrorCode::NotFound)
            stream = std::optional<RemoteStream>{};
        if (stream) {
            answered();
            state.stream = *std::move(stream);
        } else {
            failed(stream.error());
        }
    }
    state.fresh_until = clock_.steady() + kFresh;
    states_.publish(channel, std::make_shared<const State>(std::move(state)));
}

}  // namespace oxbow::remote
