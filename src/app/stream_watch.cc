#include "app/stream_watch.h"

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::app {
namespace {

/// How often the session's row takes what was measured, beside its changes.
constexpr std::uint64_t kRowEveryTicks = 60;
constexpr std::uint64_t kFirstRowTicks =
    live::StreamMeter::kHealthWindow / live::StreamMeter::kTickEvery;

}  // namespace

StreamWatch::StreamWatch(catalog::StreamSession session,
                         const boost::asio::any_io_executor& executor, Wiring wiring)
    : session_(std::move(session)),
      wiring_(std::move(wiring)),
      meter_(wiring_.clock.steady()),
      timer_(executor) {}

void StreamWatch::begin() {
    wiring_.events.session_created(session_);
    publish_status();
    await_tick();
}

void StreamWatch::next_publisher(StreamMetadata metadata,
                                 std::function<void(const ivs::LimitBreach&)> on_breach) {
    meter_.set_metadata(std::move(metadata));
    wiring_.on_breach = std::move(on_breach);
}

void StreamWatch::recorded_as(const RecordingId& recording) {
    session_.recording = recording;
    row_is_old_ = true;
}

void StreamWatch::went_live() {
    if (session_.live_at) return;
    session_.live_at = wiring_.clock.wall();
    session_.ingest = meter_.configuration();
    wiring_.events.stream_started(session_);
    publish_status();
}

void StreamWatch::publisher_gone() {
    timer_.cancel();
    if (auto ingest = meter_.configuration()) session_.ingest = std::move(ingest);
}

void StreamWatch::end() {
    session_.ended_at = wiring_.clock.wall();
    wiring_.events.session_ended(session_);
    const auto status = wiring_.statuses.get(session_.channel);
    if (status && status->stream == session_.id)
        wiring_.statuses.publish(session_.channel, nullptr);
}

void StreamWatch::await_tick() {
    timer_.expires_after(live::StreamMeter::kTickEvery);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self) return;
        self->tick();
        self->await_tick();
    });
}

void StreamWatch::tick() {
    ++ticks_;
    const auto changed = meter_.tick(wiring_.clock.steady());
    if (changed) tell_health(*changed);
    auto ingest = meter_.configuration();
    if (ingest) check_limits(*ingest);
    session_.ingest = std::move(ingest);
    publish_status();
    if (row_is_old_ || ticks_ == kFirstRowTicks || ticks_ % kRowEveryTicks == 0) {
        row_is_old_ = false;
        wiring_.events.session_changed(session_);
    }
}

void StreamWatch::tell_health(live::Health health) {
    const bool starving = health == live::Health::Starving;
    log::info("[channel {}] [stream {}] {}", session_.channel.view(), session_.id.view(),
              starving ? "starves: less than half of its media comes" : "is healthy");
    if (starving) {
        wiring_.events.starvation_started(session_);
    } else if (starved_) {  // that it is healthy at first is no news
        wiring_.events.starvation_ended(session_);
    }
    starved_ = starving;
}

void StreamWatch::check_limits(const ivs::IngestConfiguration& ingest) {
    const auto breached =
        live::breached_limits(session_.channel_then->type, ingest, meter_.bits_per_second());
    for (const ivs::LimitBreach& breach : breaches_.news(breached, wiring_.clock.steady())) {
        log::warning("[channel {}] [stream {}] {} is {} {}, the limit of a {} channel is {}",
                     session_.channel.view(), session_.id.view(), breach.limit_name, breach.value,
                     breach.limit_unit, session_.channel_then->type, breach.limit_value);
        wiring_.events.limit_breached(session_, breach);
        if (wiring_.on_breach) wiring_.on_breach(breach);
    }
}

void StreamWatch::publish_status() {
    wiring_.statuses.publish(
        session_.channel, std::make_shared<const live::StreamStatus>(
                              live::StreamStatus{.stream = session_.id,
                                                 .live_at = session_.live_at,
                                                 .health = meter_.health(),
                                                 .ingest = session_.ingest,
                                                 .recent_bits_per_second = meter_.bits_per_second(),
                                                 .recent_frame_rate = meter_.frame_rate()}));
}

}  // namespace oxbow::app
