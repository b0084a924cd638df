#include "app/server_impl.h"

#include <array>
#include <atomic>
#include <vector>

// What the server tells Prometheus.

namespace oxbow::app {
namespace {

double of(const std::atomic<std::uint64_t>& counter) {
    return static_cast<double>(counter.load());
}

}  // namespace

/// Unsigned, as Prometheus asks; so only for this machine.
net::HttpResponse Server::Impl::metrics(const net::HttpRequest& request) {
    if (!is_of_this_machine(request.peer))
        return metrics_answer(
            403, "metrics are for this machine: put a proxy here that knows who asks\n");
    if (request.method != "GET" && request.method != "HEAD")
        return metrics_answer(405, "metrics are read by GET\n");

    std::size_t live = 0;
    std::int64_t watching = 0;
    for (const auto& [channel, view] : channels_.all()) {
        if (!view || !view->watchable()) continue;
        ++live;
        watching += viewers_.count(channel);
    }
    const DiskRoom disk = disk_room(settings_.data.string());
    const ProcessUse use = process_use();
    constexpr std::string_view kRecordings = "Recordings by what they came to.";
    std::vector<Metric> metrics{
        Metric{"oxbow_channels_live", "gauge", "Channels that can be watched live.",
               static_cast<double>(live)},
        Metric{"oxbow_viewers", "gauge", "Viewers of live channels in the last minute.",
               static_cast<double>(watching)},
        Metric{"oxbow_streams_total", "counter", "Broadcasts that began.", of(counters_.streams)},
        Metric{"oxbow_recordings_total", "counter", kRecordings, of(counters_.recordings_started),
               "status=\"started\""},
        Metric{"oxbow_recordings_total", "counter", kRecordings, of(counters_.recordings_ended),
               "status=\"ended\""},
        Metric{"oxbow_recordings_total", "counter", kRecordings, of(counters_.recordings_failed),
               "status=\"failed\""},
        Metric{"oxbow_recorded_segments_total", "counter", "Live segments that the disk has taken.",
               of(counters_.recorded_segments)},
        Metric{"oxbow_recorded_bytes_total", "counter", "Bytes of them.",
               of(counters_.recorded_bytes)},
        Metric{"oxbow_lost_segments_total", "counter",
               "Live segments that the disk did not take: holes in recordings.",
               of(counters_.lost_segments)},
        Metric{"oxbow_recording_interruptions_total", "counter",
               "How often the disk stopped taking a recording.", of(counters_.interruptions)},
        Metric{"oxbow_disk_free_bytes", "gauge", "Room on the disk of the data directory.",
               static_cast<double>(disk.free)},
        Metric{"oxbow_disk_size_bytes", "gauge", "Its size.", static_cast<double>(disk.size)}};
    request_watch_->add_metrics(metrics);
    add_process(metrics, use);
    if (const auto backlog = bucket_->backlog()) add_uploads(metrics, *backlog);
    return metrics_answer(200, metrics_text(metrics));
}

}  // namespace oxbow::app
