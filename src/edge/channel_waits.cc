#include "edge/channel_waits.h"

#include <bit>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace oxbow::edge {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kLookForGoneFrom = 1'024;

}  // namespace

/// Lives on the loop of its request: only that touches it.
struct ChannelWaits::Place::Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool woken = false;
};

ChannelWaits::Place::Place(const asio::any_io_executor& executor)
    : waiter_(std::make_shared<Waiter>(executor)) {}

ChannelWaits::Place::~Place() = default;

asio::awaitable<bool> ChannelWaits::Place::next_view(SteadyTime::duration time) {
    if (waiter_->woken) co_return true;
    waiter_->timer.expires_after(time);
    co_await waiter_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return waiter_->woken;
}

std::unique_ptr<ChannelWaits::Place> ChannelWaits::enter(const ChannelId& channel,
                                                         const asio::any_io_executor& executor) {
    auto place = std::make_unique<Place>(executor);
    const std::scoped_lock lock{mutex_};
    if (count_ >= kWaitingMax) return nullptr;
    auto& waiting = waiting_[channel];
    if (std::has_single_bit(waiting.size()) && waiting.size() >= kLookForGoneFrom) {
        // Who gave up stays until the next view, which may be far away while a publisher is.
        count_ -= std::erase_if(waiting, [](const auto& waiter) { return waiter.expired(); });
    }
    ++count_;
    waiting.push_back(place->waiter_);
    return place;
}

void ChannelWaits::notice(const ChannelId& channel) {
    std::vector<std::weak_ptr<Place::Waiter>> waiting;
    {
        const std::scoped_lock lock{mutex_};
        const auto found = waiting_.find(channel);
        if (found == waiting_.end()) return;
        waiting = std::move(found->second);
        waiting_.erase(found);
        count_ -= waiting.size();
    }
    for (const auto& weak : waiting) {
        auto waiter = weak.lock();
        if (!waiter) continue;
        const asio::any_io_executor loop = waiter->timer.get_executor();
        asio::post(loop, [waiter = std::move(waiter)] {
            waiter->woken = true;
            waiter->timer.cancel();
        });
    }
}

}  // namespace oxbow::edge
