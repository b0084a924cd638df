#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "catalog/catalog.h"
#include "ivs/events.h"
#include "live/ingest_limits.h"
#include "live/stream_meter.h"
#include "live/stream_status.h"
#include "notify/channel_events.h"

namespace oxbow::app {

/// What is told of one broadcast: its events, its session in the catalogue, its status for the API;
/// it owns the meter that measures the broadcast, and the timer that the meter needs.
///
/// Thread safety: the channel's strand.
class StreamWatch : public std::enable_shared_from_this<StreamWatch> {
public:
    struct Wiring {
        const Clock& clock;
        notify::ChannelEvents& events;
        live::StreamStatuses& statuses;
        std::function<void(const ivs::LimitBreach&)> on_breach;  // may be empty
    };
    /// In: `session` with channel_then.
    StreamWatch(catalog::StreamSession session, const boost::asio::any_io_executor& executor,
                Wiring wiring);

    /// Session Created; from here on it measures.
    void begin();
    live::StreamMeter& meter() { return meter_; }
    /// Another publisher goes on with the broadcast. In: what it says of itself; see Wiring.
    void next_publisher(StreamMetadata metadata,
                        std::function<void(const ivs::LimitBreach&)> on_breach);
    void recorded_as(const RecordingId& recording);
    /// It can be played: Stream Start, once.
    void went_live();
    /// The publisher is gone: nothing is measured any more.
    void publisher_gone();
    /// Stream End and Session Ended.
    void end();

private:
    void await_tick();
    void tick();
    void tell_health(live::Health health);
    void check_limits(const ivs::IngestConfiguration& ingest);
    void publish_status();

    catalog::StreamSession session_;
    Wiring wiring_;
    live::StreamMeter meter_;
    live::BreachMemory breaches_;
    boost::asio::steady_timer timer_;
    std::uint64_t ticks_ = 0;
    bool row_is_old_ = false;
    bool starved_ = false;
};

}  // namespace oxbow::app
