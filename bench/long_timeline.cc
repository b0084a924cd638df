// What a timeline of a day costs: 43,200 segments of 2 s in five parts each, through the classes
// that the server uses, as fast as they go. A version is made after every part and after every
// segment, and what viewers ask for is written from each; the chunks leave memory as they do in the
// server.
//
// usage: long_timeline [HOURS]
// Out: a table for docs/benchmarks.md.

#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "live/timeline.h"

namespace {

std::size_t allocated_bytes = 0;  // ever

}  // namespace

void* operator new(std::size_t size) {
    allocated_bytes += size;
    if (void* const out = std::malloc(size)) return out;
    throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

using namespace oxbow;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int kSegmentsPerHour = 1'800;
constexpr int kSegmentsPerMinute = 30;
constexpr int kParts = 5;
constexpr int kSegmentsPerChunk = 5;
constexpr WallTime kStart{1'700'000'000'000ms};
const std::string kPartPath = "/seg/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1/mp3k9a-p";

/// What a minute's worth of segments cost.
struct Minute {
    std::size_t allocated = 0;
    double seconds = 0;
};

struct Day {
    std::shared_ptr<LiveSegment> segment_at(int number) {
        auto segment = std::make_shared<LiveSegment>();
        segment->duration = 2s;
        segment->program_date_time = kStart + 2s * number;
        segment->part_path = kPartPath;
        return segment;
    }

    /// One segment as it comes: part by part, then listed; every version is asked for.
    void append(int number) {
        const auto segment = segment_at(number);
        for (int i = 0; i < kParts; ++i) {
            const auto running = static_cast<std::uint64_t>(number) * kParts + i;
            segment->parts.push_back(
                {.number = running, .duration = 400ms, .independent = i == 0, .bytes = {}});
            const LivePart part{segment, segment->parts.back()};
            timeline.add_parts(timeline.next_number(), std::span{&part, 1},
                               part_uri(kPartPath, running + 1));
            ask();
        }
        timeline.list(timeline.take_number(), {segment, {}});
        chunk.segments.push_back({.offset = chunk.segments.size() * 752'000,
                                  .length = 752'000,
                                  .duration = 2s,
                                  .program_date_time = segment->program_date_time});
        if (chunk.segments.size() == kSegmentsPerChunk) {
            timeline.locate(chunk);
            chunk = {.number = chunk.number + 1, .discontinuity = false, .segments = {}};
        }
        ask();
    }

    /// As a player with deltas and one without parts do.
    void ask() {
        view = timeline.view();
        static_cast<void>(view->with_parts.get().delta->size());
        static_cast<void>(view->playlist.get()->size());
    }

    live::Timeline timeline{{.channel = ChannelId{"AsXego4U6tnj"},
                             .recording = RecordingId{"j8Z9O91ndcVs"},
                             .prefix = "ivs/v1/000000000000/AsXego4U6tnj/x",
                             .epoch = "mp3k9a",
                             .target_seconds = 2}};
    Chunk chunk{};
    std::shared_ptr<const live::TimelineView> view;
};

std::size_t bytes_in_use() {
    return mallinfo2().uordblks;
}

Minute measure(Day& day, int first) {
    const std::size_t before = allocated_bytes;
    const auto began = Steady::now();
    for (int i = 0; i < kSegmentsPerMinute; ++i) day.append(first + i);
    return {allocated_bytes - before, std::chrono::duration<double>(Steady::now() - began).count()};
}

void tell(const char* when, const Day& day, const Minute& minute) {
    const auto& versions = day.view->with_parts.get();
    const int updates = kSegmentsPerMinute * (kParts + 1);
    fmt::print("| {} | {:.1f} KB | {:.1f} KB | {:.1f} KB | {:.1f} KB | {:.1f} KB | {:.0f} us |\n",
               when, versions.delta->size() / 1e3, versions.delta->gzip().size / 1e3,
               versions.whole->size() / 1e3, versions.whole->gzip().size / 1e3,
               minute.allocated / 1e3 / updates, minute.seconds * 1e6 / updates);
}

}  // namespace

int main(int argc, char** argv) {
    const int hours = argc > 1 ? std::atoi(argv[1]) : 24;
    Day day;
    fmt::print(
        "| after | delta | delta, gzip | whole | whole, gzip | memory touched for a version | time "
        "|\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n");
    int number = 0;
    const auto go_to = [&](int segments) {
        while (number + kSegmentsPerMinute < segments) day.append(number++);
        const Minute last = measure(day, number);
        number += kSegmentsPerMinute;
        return last;
    };
    // The first minutes fill what a delta and the window hold.
    tell("5 minutes", day, go_to(5 * kSegmentsPerMinute));
    tell("1 hour", day, go_to(kSegmentsPerHour));
    const std::size_t early = bytes_in_use();
    const Minute last = go_to(hours * kSegmentsPerHour);
    tell(fmt::format("{} hours", hours).c_str(), day, last);
    fmt::print(
        "\n{} segments, {} versions; {:.0f} KB of memory for each recorded hour\n", number,
        number * (kParts + 1),
        (static_cast<double>(bytes_in_use()) - static_cast<double>(early)) / 1e3 / (hours - 1));
    return 0;
}
