#include "app/metrics.h"

#include <vector>

#include <doctest/doctest.h>

namespace oxbow::app {

TEST_CASE("metrics in the format of Prometheus: a head for each name, labels in braces") {
    const std::vector<Metric> metrics{
        {.name = "oxbow_streams_total", .kind = "counter", .help = "Streams.", .value = 3},
        {.name = "oxbow_recordings_total",
         .kind = "counter",
         .help = "Recordings.",
         .value = 2,
         .labels = "status=\"ended\""},
        {.name = "oxbow_recordings_total",
         .kind = "counter",
         .help = "Recordings.",
         .value = 1,
         .labels = "status=\"failed\""},
        {.name = "process_cpu_seconds_total", .kind = "counter", .help = "CPU.", .value = 0.25}};

    CHECK(metrics_text(metrics) ==
          "# HELP oxbow_streams_total Streams.\n"
          "# TYPE oxbow_streams_total counter\n"
          "oxbow_streams_total 3\n"
          "# HELP oxbow_recordings_total Recordings.\n"
          "# TYPE oxbow_recordings_total counter\n"
          "oxbow_recordings_total{status=\"ended\"} 2\n"
          "oxbow_recordings_total{status=\"failed\"} 1\n"
          "# HELP process_cpu_seconds_total CPU.\n"
          "# TYPE process_cpu_seconds_total counter\n"
          "process_cpu_seconds_total 0.25\n");
}

TEST_CASE("large numbers are written in full") {
    const std::vector<Metric> one{
        {.name = "x", .kind = "gauge", .help = "X.", .value = 12'345'678'901'234}};
    CHECK(metrics_text(one).ends_with("x 12345678901234\n"));
}

TEST_CASE("what this process uses") {
    const ProcessUse use = process_use();
    CHECK(use.cpu_seconds > 0);
    CHECK(use.resident_bytes > 1'000'000);
    CHECK(use.open_files > 2);
    CHECK(disk_room("/").size >= disk_room("/").free);
    CHECK(disk_room("/").size > 0);
    CHECK(disk_room("/there/is/no/such").size == 0);
}

TEST_CASE("recordings are counted by how they end") {
    Counters counters;
    counters.recording_changed(catalog::RecordingStatus::Started);
    counters.recording_changed(catalog::RecordingStatus::Ended);
    counters.recording_changed(catalog::RecordingStatus::EndedWithFailure);
    CHECK(counters.recordings_started == 1);
    CHECK(counters.recordings_ended == 1);
    CHECK(counters.recordings_failed == 1);
}

}  // namespace oxbow::app
