// How long it takes to find what of a channel was recorded between two times, among a million
// segments: which recordings, and of each which segments, with their chunks and offsets.
//
// usage: range_query FOLDER      (made, filled and removed again)

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "catalog/catalog.h"
#include "edge/recorded_ranges.h"
#include "packager/playlists.h"
#include "store/folder_store.h"

namespace {

using namespace oxbow;
using namespace std::chrono_literals;

constexpr WallTime kStart{1'700'000'000'000ms};
constexpr auto kSegment = 2s;
constexpr int kSegments = 1'000'000;
constexpr int kQueries = 200;
constexpr std::size_t kRecordings = 100;  // more than any of the windows lies in
const ChannelId kChannel{"AsXego4U6tnj"};

struct Folder {
    explicit Folder(std::filesystem::path path) : root(std::move(path)) {
        std::filesystem::create_directories(root);
        store = store::FolderStore::open(root / "bucket", "recordings", clock).value();
        open();
    }
    ~Folder() {
        ranges.reset();
        catalog.reset();
        std::filesystem::remove_all(root);
    }

    /// As another process would: nothing in memory.
    void open() {
        ranges.reset();
        catalog.reset();
        catalog = catalog::Catalog::open(root / "oxbow.db").value();
        ranges.emplace(edge::RecordedRanges::Rooms{
            .store = *store,
            .open_playlist = [](std::string_view) { return std::shared_ptr<const TextVersion>{}; },
            .folder = root / "index"});
    }

    /// Nothing of our files in the system's memory either.
    void drop_pages() {
        ranges.reset();
        catalog.reset();
        ::sync();
        for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
            if (!entry.is_regular_file()) continue;
            const int fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
            ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
            ::close(fd);
        }
        open();
    }

    /// A recording of `segments`, an hour behind the one before it.
    void record(int number, WallTime start, int segments) {
        catalog::Recording row;
        row.id = RecordingId{fmt::format("rec{:09}", number)};
        row.channel = kChannel;
        row.prefix = fmt::format("ivs/v1/000000000000/{}/2023/11/14/22/13/{}", kChannel.view(),
                                 row.id.view());
        row.status = catalog::RecordingStatus::Ended;
        row.started_at = start;
        row.duration = kSegment * segments;
        row.ended_at = start + row.duration;
        row.rendition = "720p30";
        row.segment_epochs = "0:mp3k9a";
        catalog->add_recording(row).value();
        RecordingPlaylists playlists;
        Chunk chunk;
        for (int i = 0; i < segments; ++i) {
            chunk.segments.push_back({.offset = chunk.bytes(),
                                      .length = 785'000,
                                      .duration = kSegment,
                                      .program_date_time = start + kSegment * i});
            if (chunk.segments.size() < 5 && i + 1 < segments) continue;
            playlists.append(chunk);
            chunk = {.number = chunk.number + 1, .discontinuity = false, .segments = {}};
        }
        store->put(edge::rendition_playlist_key(row), as_bytes(playlists.byte_range(true)->str()))
            .value();
    }

    std::filesystem::path root;
    SystemClock clock;
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<store::FolderStore> store;
    std::optional<edge::RecordedRanges> ranges;
};

struct Times {
    std::vector<double> ms;
    std::size_t segments = 0;  // found in all
};

void query(Folder& folder, WallTime from, std::chrono::seconds length, Times& times) {
    const auto began = std::chrono::steady_clock::now();
    const WallTime to = from + length;
    std::uint64_t bytes = 0;  // every segment is looked at, as who sends them does
    for (const catalog::Recording& row :
         folder.catalog->recordings_between(kChannel, from, to, {.limit = kRecordings}).value()) {
        const auto index = folder.ranges->index(row).value();
        const SegmentIndex::Run run = index->between(from, to);
        for (std::size_t i = run.first; i < run.last; ++i) bytes += index->at(i).length;
        times.segments += run.last - run.first;
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    times.ms.push_back(bytes > 0 ? took.count() : took.count());
}

void tell(const char* name, Times& times) {
    std::ranges::sort(times.ms);
    std::printf(
        "  %-34s median %8.3f ms   99 %% %8.3f ms   worst %8.3f ms   of %zu, %zu segments each\n",
        name, times.ms[times.ms.size() / 2], times.ms[times.ms.size() * 99 / 100], times.ms.back(),
        times.ms.size(), times.segments / times.ms.size());
}

void run(const std::string& root, const char* name, int recordings, std::chrono::seconds window) {
    Folder folder{root};
    const int each = kSegments / recordings;
    const auto apart = kSegment * each + 1h;
    for (int i = 0; i < recordings; ++i) folder.record(i, kStart + apart * i, each);
    std::printf("%s: %d recordings of %d segments, a window of %lld minutes\n", name, recordings,
                each, static_cast<long long>(window.count() / 60));

    std::mt19937 random{7};
    const auto moment = [&] {
        std::uniform_int_distribution<int> which{0, recordings - 1};
        std::uniform_int_distribution<std::int64_t> where{0, (kSegment * each).count()};
        return kStart + apart * which(random) + std::chrono::seconds{where(random)};
    };
    Times first;
    for (int i = 0; i < recordings; ++i) query(folder, kStart + apart * i, window, first);
    tell("first of each recording, no index", first);
    Times cold;
    Times restarted;
    Times warm;
    for (int i = 0; i < kQueries; ++i) {
        const WallTime from = moment();
        folder.drop_pages();
        query(folder, from, window, cold);
        folder.open();
        query(folder, from, window, restarted);
        query(folder, from, window, warm);
    }
    tell("after a start, nothing cached", cold);
    tell("after a start, files in memory", restarted);
    tell("again", warm);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: range_query FOLDER\n");
        return 2;
    }
    run(argv[1], "long recordings", 12, 10min);
    run(argv[1], "long recordings", 12, 6h);
    run(argv[1], "short recordings", 1'000, 10min);
    run(argv[1], "short recordings", 1'000, 24h);
    return 0;
}
