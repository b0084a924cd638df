#include "app/metrics.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

namespace oxbow::app {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::string number(double value) {
    if (std::floor(value) == value && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
    return fmt::format("{}", value);
}

}  // namespace

void Counters::recording_changed(catalog::RecordingStatus status) {
    switch (status) {
        case catalog::RecordingStatus::Started:
            ++recordings_started;
            return;
        case catalog::RecordingStatus::Ended:
            ++recordings_ended;
            return;
        case catalog::RecordingStatus::EndedWithFailure:
            ++recordings_failed;
            return;
    }
}

std::string metrics_text(std::span<const Metric> metrics) {
    std::string out;
    std::string_view last;
    for (const Metric& metric : metrics) {
        if (metric.name != last) {
            fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", metric.name,
                           metric.help, metric.name, metric.kind);
        }
        last = metric.name;
        const std::string labels =
            metric.labels.empty() ? "" : fmt::format("{{{}}}", metric.labels);
        fmt::format_to(std::back_inserter(out), "{}{} {}\n", metric.name, labels,
                       number(metric.value));
    }
    return out;
}

DiskRoom disk_room(const std::string& folder) {
    std::error_code error;
    const auto room = std::filesystem::space(folder, error);
    return error ? DiskRoom{} : DiskRoom{room.available, room.capacity};
}

ProcessUse process_use() {
    ProcessUse use;
    rusage used{};
    if (getrusage(RUSAGE_SELF, &used) == 0)
        use.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    std::uint64_t pages = 0;
    std::uint64_t resident = 0;
    if (std::ifstream{"/proc/self/statm"} >> pages >> resident)
        use.resident_bytes = resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    std::error_code error;
    for (std::filesystem::directory_iterator file{"/proc/self/fd", error}, end;
         !error && file != end; file.increment(error)) {
        ++use.open_files;
    }
    return use;
}

bool is_of_this_machine(std::string_view peer) {
    return peer.starts_with("127.") || peer.starts_with("[::1]") ||
           peer.starts_with("[::ffff:127.");
}

net::HttpResponse metrics_answer(int status, std::string text) {
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

void add_process(std::vector<Metric>& metrics, const ProcessUse& use) {
    std::size_t open_files_max = 0;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) open_files_max = limit.rlim_cur;
    metrics.insert(metrics.end(),
                   {Metric{"process_cpu_seconds_total", "counter", "CPU time.", use.cpu_seconds},
                    Metric{"process_resident_memory_bytes", "gauge", "Resident memory.",
                           static_cast<double>(use.resident_bytes)},
                    Metric{"process_open_fds", "gauge", "Open files and sockets.",
                           static_cast<double>(use.open_files)},
                    Metric{"process_max_fds", "gauge", "How many may be open.",
                           static_cast<double>(open_files_max)}});
}

}  // namespace oxbow::app
