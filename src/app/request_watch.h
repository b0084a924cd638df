#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "app/metrics.h"
#include "app/settings.h"
#include "base/times.h"
#include "edge/behaviours.h"
#include "edge/request_counters.h"
#include "edge/request_log.h"
#include "net/http_server.h"

namespace oxbow::app {

/// Counts what viewers are answered, by behaviour, and writes the request log. Outlives the doors
/// that tell it.
class RequestWatch {
public:
    /// `clock` outlives it. Errors: Unavailable  the log cannot be written: names its file.
    static Result<std::unique_ptr<RequestWatch>> open(
        const Settings& settings, std::shared_ptr<const edge::Behaviours> behaviours,
        const Clock& clock);

    net::HttpObserver observer();
    /// Opens the log's file again at each SIGHUP; without such a file SIGHUP is not touched.
    void reopen_at_signal(boost::asio::io_context& loop);
    /// When no door tells it anything any more.
    void stop();

    /// Their labels are names of behaviours and classes of status: bounded.
    void add_metrics(std::vector<Metric>& metrics) const;

private:
    RequestWatch(std::shared_ptr<const edge::Behaviours> behaviours,
                 std::unique_ptr<edge::RequestLog> log, const edge::RequestLogSettings& settings);
    std::string_view name_of(std::uint8_t mark) const;
    void wait_for_signal();

    std::shared_ptr<const edge::Behaviours> behaviours_;
    edge::RequestCounters counters_;
    std::unique_ptr<edge::RequestLog> log_;
    bool logs_;
    bool has_file_;
    std::unique_ptr<boost::asio::signal_set> hang_ups_;
};

}  // namespace oxbow::app
