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

}  // namespace oxbow::app
