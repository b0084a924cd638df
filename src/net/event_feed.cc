#include "net/event_feed.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/ensure.h"

namespace oxbow::net {
namespace {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

}  // namespace

/// What a reader sleeps on, between two looks at the feed.
struct EventFeed::Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool registered = false;  // guarded by the feed's mutex
};

struct EventFeed::State {
    State(EventFeedLimits the_limits, std::uint64_t the_newest)
        : limits(the_limits), newest(the_newest) {}

    enum class Look { Events, Nothing, Behind, Closed };
    /// Takes what is behind `position`, or has the waiter woken when something comes.
    Look take(std::uint64_t& position, const std::optional<std::string>& topic, std::string& text,
              const std::shared_ptr<Waiter>& waiter);
    void wake_all();

    const EventFeedLimits limits;
    mutable std::mutex mutex;
    std::deque<std::shared_ptr<const Event>> events;  // consecutive numbers
    std::size_t bytes = 0;
    std::uint64_t newest;
    std::size_t readers = 0;
    bool closed = false;
    std::vector<std::weak_ptr<Waiter>> waiters;
};

class EventFeed::Reader final : public HttpStream {
public:
    Reader(std::shared_ptr<State> state, const asio::any_io_executor& executor, ReaderSpec spec)
        : state_(std::move(state)),
          spec_(std::move(spec)),
          position_(spec_.position.value_or(0)),
          behind_(!spec_.position),
          waiter_(std::make_shared<Waiter>(executor)) {}
    ~Reader() override {
        const std::scoped_lock lock{state_->mutex};
        --state_->readers;
    }

    asio::awaitable<std::optional<std::string>> next() override {
        while (true) {
            std::string text;
            const State::Look look = std::exchange(behind_, false)
                                         ? State::Look::Behind
                                         : state_->take(position_, spec_.topic, text, waiter_);
            if (look == State::Look::Closed) co_return std::nullopt;
            if (look == State::Look::Events && !text.empty()) co_return text;
            if (look == State::Look::Events) continue;
            if (look == State::Look::Behind) {
                std::optional<Piece> piece = co_await spec_.catch_up(position_);
                if (!piece) co_return std::nullopt;
                position_ = piece->position;
                if (!piece->text.empty()) co_return std::move(piece->text);
                continue;
            }
            const bool woken = co_await sleep(state_->limits.heartbeat);
            if (!woken) co_return ": nothing new\n\n";
            // One packet for events that come together, not one for each.
            co_await sleep(state_->limits.gather);
        }
    }

private:
    /// False when nobody woke it.
    asio::awaitable<bool> sleep(std::chrono::milliseconds time) {
        waiter_->timer.expires_after(time);
        const auto [woken] = co_await waiter_->timer.async_wait(kAwait);
        co_return static_cast<bool>(woken);
    }

    std::shared_ptr<State> state_;
    ReaderSpec spec_;
    std::uint64_t position_;
    bool behind_;
    std::shared_ptr<Waiter> waiter_;
};

EventFeed::State::Look EventFeed::State::take(std::uint64_t& position,
                                              const std::optional<std::string>& topic,
                                              std::string& text,
                                              const std::shared_ptr<Waiter>& waiter) {
    const std::scoped_lock lock{mutex};
    const bool behind = newest - position > events.size();
    if (closed && (behind || position == newest)) return Look::Closed;  // the rest is still sent
    if (position == newest) {
        if (!waiter->registered) waiters.push_back(waiter);
        waiter->registered = true;
        return Look::Nothing;
    }
    if (behind) return Look::Behind;
    auto next = events.end() - static_cast<std::ptrdiff_t>(newest - position);
    for (; next != events.end() && text.size() < limits.piece_bytes_max; ++next) {
        position = (*next)->number;
        if (!topic || *topic == (*next)->topic) text += (*next)->text;
    }
    return Look::Events;
}

/// Wakes those who wait; each on its own loop. With the mutex held.
void EventFeed::State::wake_all() {
    for (const std::weak_ptr<Waiter>& weak : waiters) {
        const auto waiter = weak.lock();
        if (!waiter) continue;
        waiter->registered = false;
        const auto executor = waiter->timer.get_executor();
        asio::post(executor, [waiter] { waiter->timer.cancel(); });
    }
    waiters.clear();
}

EventFeed::EventFeed(EventFeedLimits limits, std::uint64_t newest)
    : state_(std::make_shared<State>(limits, newest)) {}

EventFeed::~EventFeed() {
    close();
}

void EventFeed::publish(Event event) {
    const std::scoped_lock lock{state_->mutex};
    ENSURE(event.number == state_->newest + 1);
    state_->newest = event.number;
    state_->bytes += event.text.size();
    auto& events = state_->events;
    events.push_back(std::make_shared<const Event>(std::move(event)));
    while (events.size() > state_->limits.events_max || state_->bytes > state_->limits.bytes_max) {
        state_->bytes -= events.front()->text.size();
        events.pop_front();
    }
    state_->wake_all();
}

std::uint64_t EventFeed::newest() const {
    const std::scoped_lock lock{state_->mutex};
    return state_->newest;
}

std::shared_ptr<HttpStream> EventFeed::read(const asio::any_io_executor& executor,
                                            ReaderSpec spec) {
    {
        const std::scoped_lock lock{state_->mutex};
        if (state_->readers >= state_->limits.readers_max) return nullptr;
        ++state_->readers;
        // Behind the newest: of another life of the feed.
        if (spec.position) spec.position = std::min(*spec.position, state_->newest);
    }
    return std::make_shared<Reader>(state_, executor, std::move(spec));
}

void EventFeed::close() {
    const std::scoped_lock lock{state_->mutex};
    state_->closed = true;
    state_->wake_all();
}

std::string event_text(std::string_view id, std::string_view event, std::string_view data) {
    if (event.empty()) return fmt::format("id: {}\ndata: {}\n\n", id, data);
    return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, event, data);
}

}  // namespace oxbow::net
