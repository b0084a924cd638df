#include "edge/channel_waits.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace oxbow::edge {
namespace asio = boost::asio;
namespace {

using Steady = std::chrono::steady_clock;

/// When those give up who have `time` from now: the next whole step.
Steady::time_point end_of(SteadyTime::duration time) {
    const auto steps = (Steady::now() + time).time_since_epoch() / ChannelWaits::kGiveUpStep;
    return Steady::time_point{(steps + 1) * ChannelWaits::kGiveUpStep};
}

}  // namespace

/// Timer and `heard` belong to the loop of its requests.
struct ChannelWaits::Row {
    Row(const asio::any_io_executor& executor, Steady::time_point at)
        : end(at), timer(executor, at) {}
    const Steady::time_point end;
    asio::steady_timer timer;
    bool heard = false;
};

ChannelWaits::Place::Place(std::shared_ptr<Row> row,
                           std::shared_ptr<std::atomic<std::size_t>> waiting)
    : row_(std::move(row)), waiting_(std::move(waiting)) {}

ChannelWaits::Place::~Place() {
    --*waiting_;
}

// No coroutine of its own: thousands wait here.
asio::awaitable<std::tuple<boost::system::error_code>> ChannelWaits::Place::next_view() {
    return row_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

bool ChannelWaits::Place::heard() const {
    return row_->heard;
}

std::unique_ptr<ChannelWaits::Place> ChannelWaits::enter(const ChannelId& channel,
                                                         const asio::any_io_executor& executor,
                                                         SteadyTime::duration time) {
    const auto end = end_of(time);
    const std::scoped_lock lock{mutex_};
    if (*waiting_ >= kWaitingMax) return nullptr;
    Rows& rows = rows_[channel];
    // The newest come to the newest row.
    for (const auto& weak : std::views::reverse(rows)) {
        auto row = weak.lock();
        if (row && row->end == end && row->timer.get_executor() == executor) {
            ++*waiting_;
            return std::make_unique<Place>(std::move(row), waiting_);
        }
    }
    // All of a row gave up; the next view may be far away while a publisher is.
    std::erase_if(rows, [](const auto& row) { return row.expired(); });
    auto row = std::make_shared<Row>(executor, end);
    rows.push_back(row);
    ++*waiting_;
    return std::make_unique<Place>(std::move(row), waiting_);
}

void ChannelWaits::notice(const ChannelId& channel) {
    Rows rows;
    {
        const std::scoped_lock lock{mutex_};
        const auto found = rows_.find(channel);
        if (found == rows_.end()) return;
        rows = std::exchange(found->second, {});
    }
    for (const auto& weak : rows) {
        auto row = weak.lock();
        if (!row) continue;
        const asio::any_io_executor loop = row->timer.get_executor();
        asio::post(loop, [row = std::move(row)] {
            row->heard = true;
            row->timer.expires_at(Steady::time_point::min());  // for who waits only now, too
        });
    }
}

}  // namespace oxbow::edge
