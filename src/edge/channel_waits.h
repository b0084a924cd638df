#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "base/ids.h"
#include "base/times.h"

namespace oxbow::edge {

/// Requests that wait for what a channel does not have yet: the next part, the playlist that lists
/// it. Who waits looks at the channel's view, and again after every one that follows.
///
/// Those of one loop that give up at about the same time share a row with one timer: thousands who
/// wait for one part are woken by one post to each loop, and their answers are what it costs.
///
/// Thread-safe.
class ChannelWaits {
    struct Row;

public:
    /// One request's place; made before the look at the view, so that none is missed. Whoever has
    /// waited in it has heard: who waits on takes another.
    class Place {
    public:
        Place(std::shared_ptr<Row> row, std::shared_ptr<std::atomic<std::size_t>> waiting);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        /// Until a view comes, or the time is over.
        boost::asio::awaitable<std::tuple<boost::system::error_code>> next_view();
        bool heard() const;

    private:
        std::shared_ptr<Row> row_;
        std::shared_ptr<std::atomic<std::size_t>> waiting_;
    };

    /// For `time`, and up to kGiveUpStep longer. Called on the loop that is `executor`'s.
    /// Out: nullptr: kWaitingMax wait already.
    std::unique_ptr<Place> enter(const ChannelId& channel,
                                 const boost::asio::any_io_executor& executor,
                                 SteadyTime::duration time);

    /// The channel has a new view, which others see.
    void notice(const ChannelId& channel);

    static constexpr std::size_t kWaitingMax = 50'000;
    static constexpr std::chrono::milliseconds kGiveUpStep{250};

private:
    // Kept by their places, which end with their loop; a timer must not outlive that.
    using Rows = std::vector<std::weak_ptr<Row>>;

    std::mutex mutex_;
    std::unordered_map<ChannelId, Rows> rows_;
    // Shared with the places: those that a stopped loop still holds end after this.
    std::shared_ptr<std::atomic<std::size_t>> waiting_ =
        std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace oxbow::edge
