#include "ingest/admission.h"

#include <charconv>
#include <mutex>
#include <ranges>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace oxbow::ingest {

struct Admission::Place {
    ChannelId channel;
    std::function<void(std::string)> stop;
    std::uint32_t priority;                   // 0: none
    std::atomic<SteadyTime::rep> last_media;  // of the steady clock, in its milliseconds
    bool took_over = false;
    std::atomic<bool> is_taken_over{false};
};

class Admission::Places {
public:
    explicit Places(const Clock& clock) : clock_(clock) {}

    SteadyTime::rep now() const { return clock_.steady().time_since_epoch().count(); }

    /// Out: the place that was taken over; null when the channel had none.
    Result<std::shared_ptr<Place>> take(const std::shared_ptr<Place>& place) {
        const std::lock_guard lock(mutex_);
        auto& [held, publishers] = by_channel_[place->channel];
        publishers.advance(clock_.steady());
        if (held) {
            const std::chrono::milliseconds quiet{now() - held->last_media.load()};
            if (quiet < kTakeoverAfter && place->priority <= held->priority) {
                return fail(
                    ErrorCode::Conflict,
                    fmt::format(
                        "the channel {} has a publisher already: end that one, or try "
                        "again once it is quiet for {} seconds",
                        place->channel.view(),
                        std::chrono::duration_cast<std::chrono::seconds>(kTakeoverAfter).count()));
            }
        }
        if (!publishers.take()) {
            return fail(ErrorCode::LimitExceeded,
                        fmt::format("publishers of the channel {} come and go more than {} times a "
                                    "second: let the encoder wait before it connects again",
                                    place->channel.view(), kPublisherRate.per_second));
        }
        if (held) {
            place->took_over = true;
            held->is_taken_over = true;
        }
        return std::exchange(held, place);
    }

    void release(const std::shared_ptr<Place>& place) {
        const std::lock_guard lock(mutex_);
        const auto found = by_channel_.find(place->channel);
        if (found != by_channel_.end() && found->second.held == place) found->second.held = nullptr;
    }

private:
    struct Channel {
        std::shared_ptr<Place> held;  // null: nobody publishes
        RateLimit publishers{kPublisherRate};
    };

    const Clock& clock_;
    std::mutex mutex_;
    std::unordered_map<ChannelId, Channel> by_channel_;  // of all that were published to
};

Admission::Admission(const Clock& clock) : places_(std::make_shared<Places>(clock)) {}

Result<Admission::Ticket> Admission::admit(const ChannelId& channel, std::uint32_t priority,
                                           std::function<void(std::string)> stop) {
    auto place = std::make_shared<Place>(channel, std::move(stop), priority, places_->now());
    const auto taken_over = places_->take(place);
    if (!taken_over) return std::unexpected(taken_over.error());
    if (*taken_over) {
        const bool higher = priority > (*taken_over)->priority;
        (*taken_over)
            ->stop(higher ? "another publisher took over, with a higher priority"
                          : "another publisher took over, after this one was quiet");
    }
    return Ticket{places_, std::move(place)};
}

Admission::Ticket::Ticket(std::shared_ptr<Places> places, std::shared_ptr<Place> place)
    : places_(std::move(places)), place_(std::move(place)) {}

Admission::Ticket::Ticket(Ticket&&) noexcept = default;

Admission::Ticket& Admission::Ticket::operator=(Ticket&& other) noexcept {
    std::swap(places_, other.places_);
    std::swap(place_, other.place_);
    return *this;
}

Admission::Ticket::~Ticket() {
    if (place_) places_->release(place_);
}

void Admission::Ticket::media_delivered() {
    place_->last_media.store(places_->now(), std::memory_order_relaxed);
}

bool Admission::Ticket::took_over() const {
    return place_->took_over;
}

bool Admission::Ticket::is_taken_over() const {
    return place_->is_taken_over.load();
}

std::uint32_t takeover_priority(std::string_view query) {
    constexpr std::string_view kName = "priority=";
    for (const auto part : std::views::split(query, '&')) {
        std::string_view text{part.begin(), part.end()};
        if (!text.starts_with(kName)) continue;
        text.remove_prefix(kName.size());
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = error == std::errc{} && end == text.data() + text.size();
        return whole && value <= kPriorityMax ? value : 0;
    }
    return 0;
}

}  // namespace oxbow::ingest
