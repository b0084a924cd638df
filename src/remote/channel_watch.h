#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "base/ids.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "remote/ivs_client.h"

namespace oxbow::remote {

/// What the channels of the catalogue are called at the endpoint, and who may watch them: all of
/// them by ListChannels, a hundred a page; one that it does not tell of, or while it may not be
/// asked, by GetChannel.
///
/// One thread calls it. look() blocks.
class ChannelWatch {
public:
    struct Rooms {
        catalog::Catalog& catalog;
        IvsClient& client;
        const Clock& clock;
        std::function<bool()> may_ask;  // whether the endpoint is not left alone at the moment
    };
    explicit ChannelWatch(Rooms rooms) : rooms_(std::move(rooms)) {}

    /// Once a round: the next pages of the list, and one of those that are overdue.
    void look();

    static constexpr std::chrono::milliseconds kListEvery{3'000};
    static constexpr int kPagesPerRound = 2;  // Amazon allows five a second, to all who ask
    static constexpr int kPagesMax = 100;     // behind them the list begins again
    static constexpr std::chrono::milliseconds kPauseMax{60'000};  // of an endpoint that refuses
    static constexpr std::chrono::milliseconds kLookEvery{60'000};

private:
    void list();
    void failed(const Error& error);
    void look_at_overdue();
    void told(const ChannelId& id, const std::string& arn, const RemoteChannel& now);

    Rooms rooms_;
    std::map<ChannelId, SteadyTime> look_at_;  // by GetChannel
    std::string next_token_;
    int page_ = 0;        // 0: the list begins
    SteadyTime begun_{};  // the list
    SteadyTime not_before_ = SteadyTime::min();
    std::chrono::milliseconds pause_{0};
    bool failed_before_ = false;
};

}  // namespace oxbow::remote
