#include "edge/recorded_ranges.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "base/random.h"
#include "store/folder_store.h"

namespace oxbow::edge {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{1'700'000'000'000ms};  // 2023-11-14T22:13:20Z
const ChannelId kChannel{"AsXego4U6tnj"};

/// A byte-range playlist of `count` segments of 2 s from `start` on, five to a chunk.
std::string playlist_of(WallTime start, int count, bool ended) {
    RecordingPlaylists playlists;
    Chunk chunk;
    for (int i = 0; i < count; ++i) {
        chunk.segments.push_back({.offset = chunk.bytes(),
                                  .length = 100,
                                  .duration = 2s,
                                  .program_date_time = start + 2s * i});
        if (chunk.segments.size() < 5 && i + 1 < count) continue;
        playlists.append(chunk);
        chunk = {.number = chunk.number + 1, .discontinuity = false, .segments = {}};
    }
    return playlists.byte_range(ended)->str();
}

/// Recordings in a real bucket and a real database.
struct Fixture {
    Fixture() {
        std::filesystem::create_directories(folder);
        catalog = catalog::Catalog::open(folder / "oxbow.db").value();
        bucket = store::FolderStore::open(folder / "bucket", "recordings", clock).value();
        restart();
    }
    ~Fixture() {
        catalog.reset();
        std::filesystem::remove_all(folder);
    }
    void restart() {
        ranges.emplace(RecordedRanges::Rooms{
            .catalog = *catalog,
            .store = *bucket,
            .open_playlist = [this](std::string_view key) { return open[std::string{key}]; },
            .folder = folder / "index"});
    }

    /// A recording of `count` segments of 2 s.
    catalog::Recording add(const std::string& id, WallTime start, int count, bool ended = true) {
        catalog::Recording row;
        row.id = RecordingId{id};
        row.channel = kChannel;
        row.prefix = "ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/" + id;
        row.started_at = start;
        row.rendition = "720p30";
        if (ended) {
            row.status = catalog::RecordingStatus::Ended;
            row.ended_at = start + 2s * count;
            row.duration = 2s * count;
        }
        REQUIRE(catalog->add_recording(row));
        put(row, playlist_of(start, count, ended));
        return row;
    }
    void put(const catalog::Recording& row, const std::string& text) const {
        REQUIRE(bucket->put(rendition_playlist_key(row), as_bytes(text)));
    }
    void show_open(const catalog::Recording& row, const std::string& text) {
        open[rendition_playlist_key(row)] = std::make_shared<const TextVersion>(text);
    }

    // r1 3-5, r2 0-2
    std::string between(WallTime from, WallTime to) {
        const auto parts = ranges->between(kChannel, from, to);
        if (!parts) return parts.error().what;
        std::string out;
        for (const RecordedPart& part : *parts) {
            out += fmt::format("{}{} {}-{}", out.empty() ? "" : ", ", part.recording.id.view(),
                               part.run.first, part.run.last);
        }
        return out;
    }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-ranges-{}", random_alphanumeric(8));
    ManualClock clock{kStart};
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<store::FolderStore> bucket;
    std::map<std::string, std::shared_ptr<const TextVersion>> open;
    std::optional<RecordedRanges> ranges;
};

TEST_CASE("a range across recordings has the segments of each, the oldest recording first") {
    Fixture at;
    at.add("r1", kStart, 10);
    at.add("r2", kStart + 1h, 10);

    CHECK(at.between(kStart + 16s, kStart + 1h + 3s) == "r1 8-10, r2 0-2");
    CHECK(at.between(kStart, kStart + 2h) == "r1 0-10, r2 0-10");
}

TEST_CASE("a segment says in which chunk it lies, and where") {
    Fixture at;
    at.add("r1", kStart, 10);

    const auto parts = at.ranges->between(kChannel, kStart + 12s, kStart + 13s).value();

    REQUIRE(parts.size() == 1);
    REQUIRE(parts[0].run == SegmentIndex::Run{6, 7});
    CHECK(parts[0].index->at(6) == SegmentPlace{.start = kStart + 12s,
                                                .duration = 2s,
                                                .chunk = 1,
                                                .offset = 100,
                                                .length = 100,
                                                .discontinuity = false});
}

TEST_CASE("between two recordings, and of another channel, there is nothing") {
    Fixture at;
    at.add("r1", kStart, 10);
    at.add("r2", kStart + 1h, 10);

    CHECK(at.between(kStart + 20s, kStart + 1h) == "");
    CHECK(at.between(kStart + 20s - 1ms, kStart + 1h + 1ms) == "r1 9-10, r2 0-1");
    CHECK(at.ranges->between(ChannelId{"another"}, kStart, kStart + 2h)->empty());
}

TEST_CASE("an open recording has what its playlist lists by now, read on from where it ended") {
    Fixture at;
    const auto row = at.add("r1", kStart, 5, false);
    at.show_open(row, playlist_of(kStart, 5, false));
    CHECK(at.between(kStart + 6s, kStart + 1h) == "r1 3-5");

    at.show_open(row, playlist_of(kStart, 10, false));

    CHECK(at.between(kStart + 6s, kStart + 1h) == "r1 3-10");
    const auto index = at.ranges->index(row).value();
    CHECK(index->at(9).chunk == 1);
    CHECK(index->at(9).start == kStart + 18s);
}

TEST_CASE("when an open recording has ended, the bucket has the last word") {
    Fixture at;
    auto row = at.add("r1", kStart, 5, false);
    at.show_open(row, playlist_of(kStart, 5, false));
    CHECK(at.between(kStart, kStart + 1h) == "r1 0-5");

    at.open.clear();
    at.put(row, playlist_of(kStart, 7, true));

    CHECK(at.between(kStart, kStart + 1h) == "r1 0-7");
}

TEST_CASE("the next process takes the index from its file, and not that of another playlist") {
    Fixture at;
    const auto row = at.add("r1", kStart, 10);
    CHECK(at.between(kStart, kStart + 1h) == "r1 0-10");
    const std::filesystem::path file = at.folder / "index/r1";
    REQUIRE(std::filesystem::exists(file));
    // What shows that the file is read: a shorter index in it.
    SegmentIndex shorter;
    shorter.append(read_byte_range_playlist(playlist_of(kStart, 3, true))->chunks);
    const Bytes bytes = shorter.encode(at.bucket->head(rendition_playlist_key(row))->etag);
    REQUIRE(bytes.size() < std::filesystem::file_size(file));
    std::ofstream{file, std::ios::binary | std::ios::trunc} << as_text(bytes);

    at.restart();
    CHECK(at.between(kStart, kStart + 1h) == "r1 0-3");

    at.put(row, playlist_of(kStart, 8, true));
    at.restart();
    CHECK(at.between(kStart, kStart + 1h) == "r1 0-8");
}

TEST_CASE("a forgotten recording leaves neither an index nor a file") {
    Fixture at;
    const auto row = at.add("r1", kStart, 10);
    REQUIRE(at.ranges->index(row));

    at.ranges->forget(row.id);
    REQUIRE(at.bucket->remove(rendition_playlist_key(row)));

    CHECK_FALSE(std::filesystem::exists(at.folder / "index/r1"));
    CHECK(at.ranges->index(row).error().code == ErrorCode::NotFound);
}

TEST_CASE("as many recordings as may be are looked into, and one more is refused") {
    Fixture at;
    for (std::size_t i = 0; i < RecordedRanges::kRecordingsMax; ++i)
        at.add(fmt::format("r{:04}", i), kStart + 10s * static_cast<int>(i), 1);
    CHECK(at.ranges->between(kChannel, kStart, kStart + 100h)->size() ==
          RecordedRanges::kRecordingsMax);

    at.add("one-more", kStart + 50h, 1);

    CHECK(at.ranges->between(kChannel, kStart, kStart + 100h).error().code ==
          ErrorCode::LimitExceeded);
}

}  // namespace
}  // namespace oxbow::edge
