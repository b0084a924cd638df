#include "app/server_impl.h"

#include <array>
#include <atomic>
#include <vector>

#include <sys/resource.h>

// What the server tells Prometheus.

namespace oxbow::app {
namespace {

bool is_of_this_machine(std::string_view peer) {
    return peer.starts_with("127.") || peer.starts_with("[::1]") ||
           peer.starts_with("[::ffff:127.");
}

net::HttpResponse text_answer(int status, std::string text) {
    static const auto kHeaders = std::make_shared<const std::string>(
        "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nCache-Control: no-store\r\n");
    net::HttpResponse out;
    out.status = status;
    out.header_block = kHeaders;
    out.body = net::HttpBody::of_string(std::move(text));
    return out;
}

/// Of a bucket of an S3 server.
void add_uploads(std::vector<Metric>& metrics, const store::UploadBacklog& backlog) {
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    metrics.insert(
        metrics.end(),
        {Metric{"oxbow_upload_backlog_objects", "gauge", "Objects that wait for the bucket.",
                number(backlog.objects)},
         Metric{"oxbow_upload_backlog_bytes", "gauge", "Bytes of them.", number(backlog.bytes)},
         Metric{"oxbow_upload_backlog_age_seconds", "gauge", "How long the oldest has waited.",
                static_cast<double>(backlog.age.count()) / 1'000},
         Metric{"oxbow_uploads_total", "counter", "Objects that the bucket has taken.",
                number(backlog.uploaded)},
         Metric{"oxbow_uploaded_bytes_total", "counter", "Bytes of them.",
                number(backlog.uploaded_bytes)},
         Metric{"oxbow_upload_failures_total", "counter", "Uploads that had to be tried again.",
                number(backlog.failures)}});
}

double of(const std::atomic<std::uint64_t>& counter) {
    return static_cast<double>(counter.load());
}

}  // namespace

/// Unsigned, as Prometheus asks; so only for this machine.
net::HttpResponse Server::Impl::metrics(const net::HttpRequest& request) {
    if (!is_of_this_machine(request.peer))
        return text_answer(403,
                           "metrics are for this machine: put a proxy here that knows who asks\n");
    if (request.method != "GET" && request.method != "HEAD")
        return text_answer(405, "metrics are read by GET\n");

    std::size_t live = 0;
    std::int64_t watching = 0;
    for (const auto& [channel, view] : channels_.all()) {
        if (!view || !view->watchable()) continue;
        ++live;
        watching += viewers_.count(channel);
    }
    std::size_t open_files_max = 0;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) open_files_max = limit.rlim_cur;
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
        Metric{"oxbow_disk_size_bytes", "gauge", "Its size.", static_cast<double>(disk.size)},
        Metric{"process_cpu_seconds_total", "counter", "CPU time.", use.cpu_seconds},
        Metric{"process_resident_memory_bytes", "gauge", "Resident memory.",
               static_cast<double>(use.resident_bytes)},
        Metric{"process_open_fds", "gauge", "Open files and sockets.",
               static_cast<double>(use.open_files)},
        Metric{"process_max_fds", "gauge", "How many may be open.",
               static_cast<double>(open_files_max)}};
    if (const auto backlog = bucket_->backlog()) add_uploads(metrics, *backlog);
    return text_answer(200, metrics_text(metrics));
}

}  // namespace oxbow::app
