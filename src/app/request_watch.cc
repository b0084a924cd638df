#include "app/request_watch.h"

#include <csignal>

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::app {

Result<std::unique_ptr<RequestWatch>> RequestWatch::open(
    const Settings& settings, std::shared_ptr<const edge::Behaviours> behaviours,
    const Clock& clock) {
    auto log = edge::RequestLog::open(settings.request_log, clock);
    if (!log) return std::unexpected(log.error());
    return std::unique_ptr<RequestWatch>{
        new RequestWatch{std::move(behaviours), *std::move(log), settings.request_log}};
}

RequestWatch::RequestWatch(std::shared_ptr<const edge::Behaviours> behaviours,
                           std::unique_ptr<edge::RequestLog> log,
                           const edge::RequestLogSettings& settings)
    : behaviours_(std::move(behaviours)),
      counters_(behaviours_->size()),
      log_(std::move(log)),
      logs_(settings.mode != edge::LogMode::Off),
      has_file_(logs_ && !settings.file.empty()) {}

net::HttpObserver RequestWatch::observer() {
    return {.answered =
                [this](const net::HttpRequest& request, const net::HttpOutcome& outcome) {
                    counters_.count(outcome.mark, outcome.status, outcome.bytes);
                    if (logs_) log_->note(request, outcome, name_of(outcome.mark));
                },
            .in_full = logs_};
}

/// "none": it was refused before its path was looked at.
std::string_view RequestWatch::name_of(std::uint8_t mark) const {
    if (mark == 0 || mark > behaviours_->size()) return "none";
    return behaviours_->at(mark - 1U).name;
}

void RequestWatch::reopen_at_signal(boost::asio::io_context& loop) {
    if (!has_file_) return;
    hang_ups_ = std::make_unique<boost::asio::signal_set>(loop, SIGHUP);
    wait_for_signal();
}

void RequestWatch::wait_for_signal() {
    hang_ups_->async_wait([this](boost::system::error_code error, int) {
        if (error) return;
        log::info("SIGHUP: the request log's file is opened again");
        log_->reopen();
        wait_for_signal();
    });
}

void RequestWatch::stop() {
    log_->stop();
}

void RequestWatch::add_metrics(std::vector<Metric>& metrics) const {
    std::vector<Metric> bytes;
    for (std::size_t mark = 0; mark < counters_.marks(); ++mark) {
        const auto of = static_cast<std::uint8_t>(mark);
        for (std::size_t status = 1; status <= edge::RequestCounters::kClasses; ++status) {
            const auto count = counters_.of(of, status);
            if (count.requests == 0) continue;
            const std::string labels =
                fmt::format("behaviour=\"{}\",status=\"{}xx\"", name_of(of), status);
            metrics.push_back({"oxbow_requests_total", "counter",
                               "Answers to viewers, by behaviour and class of status.",
                               static_cast<double>(count.requests), labels});
            bytes.push_back({"oxbow_sent_bytes_total", "counter",
                             "Bytes of their bodies that went out.",
                             static_cast<double>(count.bytes), labels});
        }
    }
    metrics.insert(metrics.end(), bytes.begin(), bytes.end());
    if (logs_) {
        metrics.push_back({"oxbow_request_log_lost_total", "counter",
                           "Lines of the request log that could not be written.",
                           static_cast<double>(log_->lost())});
    }
}

}  // namespace oxbow::app
