#include "remote/channel_watch.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "ivs/ids.h"
#include "remote/due_channels.h"

namespace oxbow::remote {
namespace {

constexpr std::chrono::milliseconds kPauseFirst{2'000};

}  // namespace

void ChannelWatch::look() {
    // One that is away is not waited for five seconds each time.
    if (rooms_.may_ask()) list();
    if (rooms_.may_ask()) look_at_overdue();
}

void ChannelWatch::list() {
    for (int i = 0; i < kPagesPerRound; ++i) {
        const SteadyTime now = rooms_.clock.steady();
        if (now < not_before_) return;
        if (page_ == 0) begun_ = now;
        const auto listed = rooms_.client.list_channels(next_token_);
        if (!listed) {
            failed(listed.error());
            return;
        }
        pause_ = {};
        for (const auto& [arn, channel] : listed->by_arn) {
            if (const auto id = ivs::channel_of_arn(arn)) told(*id, arn, channel);
        }
        next_token_ = listed->next_token;
        if (++page_ < kPagesMax && !next_token_.empty()) continue;
        page_ = 0;
        next_token_.clear();
        not_before_ = begun_ + kListEvery;
        if (std::exchange(failed_before_, false)) log::info("ListChannels is answered again");
    }
}

/// A list that is throttled goes on where it was, so that its end has its turn; of any other
/// trouble it begins again, for its token may be the trouble.
void ChannelWatch::failed(const Error& error) {
    if (!std::exchange(failed_before_, true))
        log::warning("channels are looked at one by one, one a second: {}", error.what);
    pause_ = std::clamp(2 * pause_, kPauseFirst, kPauseMax);
    not_before_ = rooms_.clock.steady() + pause_;
    if (error.code == ErrorCode::LimitExceeded) return;
    page_ = 0;
    next_token_.clear();
}

void ChannelWatch::look_at_overdue() {
    const auto directory = rooms_.catalog.directory();
    for (const ChannelId& id : due_channels(*directory, look_at_, rooms_.clock.steady(), 1)) {
        look_at_[id] = rooms_.clock.steady() + kLookEvery;
        const std::string arn = directory->channels.find(id)->second.arn;
        if (const auto channel = rooms_.client.get_channel(arn)) told(id, arn, *channel);
    }
}

void ChannelWatch::told(const ChannelId& id, const std::string& arn, const RemoteChannel& now) {
    const auto directory = rooms_.catalog.directory();
    const auto found = directory->channels.find(id);
    if (found == directory->channels.end() || found->second.arn != arn) return;
    look_at_[id] = rooms_.clock.steady() + kLookEvery;
    catalog::Channel channel = found->second;
    if (channel.name == now.name && channel.authorized == now.authorized) return;
    channel.name = now.name;
    channel.authorized = now.authorized;
    if (auto updated = rooms_.catalog.update_channel(channel); !updated)
        log::warning("[channel {}] {}", id.view(), updated.error().what);
}

}  // namespace oxbow::remote
