#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/ids.h"
#include "base/times.h"

namespace oxbow::edge {

/// Requests that wait for what a channel does not have yet: the next part, the playlist that lists
/// it. Who waits looks at the channel's view, and again after every one that follows.
///
/// Thread-safe.
class ChannelWaits {
public:
    /// One request's place; made before the look at the view, so that none is missed.
    class Place {
    public:
        explicit Place(const boost::asio::any_io_executor& executor);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        /// Out: whether a view came before `time` was over. Once for each place.
        boost::asio::awaitable<bool> next_view(SteadyTime::duration time);

    private:
        friend class ChannelWaits;
        struct Waiter;
        std::shared_ptr<Waiter> waiter_;
    };

    /// Out: nullptr: kWaitingMax wait already.
    std::unique_ptr<Place> enter(const ChannelId& channel,
                                 const boost::asio::any_io_executor& executor);

    /// The channel has a new view, which others see.
    void notice(const ChannelId& channel);

    static constexpr std::size_t kWaitingMax = 50'000;

private:
    std::mutex mutex_;
    std::unordered_map<ChannelId, std::vector<std::weak_ptr<Place::Waiter>>> waiting_;
    std::size_t count_ = 0;
};

}  // namespace oxbow::edge
