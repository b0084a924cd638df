#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/snapshots.h"
#include "base/times.h"
#include "remote/ivs_client.h"

namespace oxbow::remote {

/// What streams elsewhere, as GetStream told last. A channel is asked for at most once in kFresh,
/// however many viewers want to know; less often while the endpoint throttles or is away.
///
/// Thread-safe. refresh() blocks; the rest never does.
class RemoteStreams {
public:
    /// Both outlive it.
    RemoteStreams(IvsClient& client, const Clock& clock) : client_(client), clock_(clock) {}

    /// Whether now() is as new as it can be.
    bool is_fresh(const ChannelId& channel) const;

    /// Asks, unless it is fresh. One caller does; for who comes meanwhile what was told last will
    /// do, for an answer may take seconds; where nothing was told yet he waits.
    void refresh(const ChannelId& channel, const std::string& arn);

    /// As it was told last; nullopt: not on the air, or not known: an endpoint that has been away
    /// for kKeptMax tells nothing any more. One that throttles is there.
    std::optional<RemoteStream> now(const ChannelId& channel) const;

    static constexpr std::chrono::milliseconds kFresh{1'000};
    static constexpr std::chrono::milliseconds kKeptMax{15'000};
    static constexpr std::chrono::milliseconds kPauseMax{30'000};

    /// Whether the endpoint is not left alone at the moment.
    bool may_ask() const;

private:
    struct State {
        std::optional<RemoteStream> stream;
        SteadyTime fresh_until;
    };

    void answered();
    void failed(const Error& error);

    IvsClient& client_;
    const Clock& clock_;
    Snapshots<ChannelId, State> states_;
    mutable std::mutex mutex_;
    std::map<ChannelId, std::shared_ptr<std::mutex>> asking_;  // one at a time for each
    // Of the endpoint: it is left alone for a while that doubles.
    SteadyTime ask_again_at_{};
    std::chrono::milliseconds pause_{0};
    std::atomic<SteadyTime> away_since_ = kNotAway;

    static constexpr SteadyTime kNotAway = SteadyTime::max();
};

}  // namespace oxbow::remote
