#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "net/http.h"
#include "store/upload_spool.h"

namespace oxbow::app {

/// What has happened since the start, counted where it happens. Thread-safe, without a lock.
struct Counters {
    std::atomic<std::uint64_t> streams{0};
    std::atomic<std::uint64_t> recorded_segments{0};
    std::atomic<std::uint64_t> recorded_bytes{0};
    std::atomic<std::uint64_t> lost_segments{0};
    std::atomic<std::uint64_t> interruptions{0};
    std::atomic<std::uint64_t> recordings_started{0};
    std::atomic<std::uint64_t> recordings_ended{0};
    std::atomic<std::uint64_t> recordings_failed{0};

    void recording_changed(catalog::RecordingStatus status);
};

/// One number of an answer to Prometheus.
struct Metric {
    std::string_view name;  // "oxbow_streams_total"
    std::string_view kind;  // "counter" or "gauge"
    std::string_view help;
    double value = 0;
    std::string labels = {};  // "status=\"ended\""
};

/// Text in the format of Prometheus. Those of one name stand together.
///
/// Source: Prometheus, Exposition formats, text-based format 0.0.4.
std::string metrics_text(std::span<const Metric> metrics);

/// How much room the disk of `folder` has and had when it was empty; 0 and 0 when it does not say.
struct DiskRoom {
    std::uint64_t free = 0;
    std::uint64_t size = 0;
};
DiskRoom disk_room(const std::string& folder);

/// Of this process: CPU seconds, resident bytes, open files.
struct ProcessUse {
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_files = 0;
};
ProcessUse process_use();

/// Whether "127.0.0.1:53422" is of this machine: others are not told.
bool is_of_this_machine(std::string_view peer);

net::HttpResponse metrics_answer(int status, std::string text);

/// Of a bucket of an S3 server.
void add_uploads(std::vector<Metric>& metrics, const store::UploadBacklog& backlog);

void add_process(std::vector<Metric>& metrics, const ProcessUse& use);

}  // namespace oxbow::app
