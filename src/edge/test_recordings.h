#pragma once

// Recordings in a real bucket and a real database, for the tests of this room.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/random.h"
#include "edge/recorded_ranges.h"
#include "store/folder_store.h"

namespace oxbow::edge::test {

using namespace std::chrono_literals;

inline constexpr WallTime kStart{1'700'000'000'000ms};  // 2023-11-14T22:13:20Z
inline const ChannelId kChannel{"AsXego4U6tnj"};
inline constexpr std::uint64_t kSegmentBytes = 100;
inline constexpr std::size_t kChunkSegments = 5;

/// A byte-range playlist of `count` segments of 2 s from `start` on, five to a chunk.
inline std::string playlist_of(WallTime start, int count, bool ended) {
    RecordingPlaylists playlists;
    Chunk chunk;
    for (int i = 0; i < count; ++i) {
        chunk.segments.push_back({.offset = chunk.bytes(),
                                  .length = kSegmentBytes,
                                  .duration = 2s,
                                  .program_date_time = start + 2s * i});
        if (chunk.segments.size() < kChunkSegments && i + 1 < count) continue;
        playlists.append(chunk);
        chunk = {.number = chunk.number + 1, .discontinuity = false, .segments = {}};
    }
    return playlists.byte_range(ended)->str();
}

struct TestRecordings {
    TestRecordings() {
        std::filesystem::create_directories(folder);
        catalog = catalog::Catalog::open(folder / "oxbow.db").value();
        bucket = store::FolderStore::open(folder / "bucket", "recordings", clock).value();
        restart();
    }
    ~TestRecordings() {
        catalog.reset();
        std::filesystem::remove_all(folder);
    }
    void restart() {
        ranges.emplace(RecordedRanges::Rooms{
            .store = *bucket,
            .open_playlist = [this](std::string_view key) { return open[std::string{key}]; },
            .folder = folder / "index"});
    }

    /// A recording of `count` segments of 2 s, called mp3k9a-0 and so on.
    catalog::Recording add(const std::string& id, WallTime start, int count, bool ended = true) {
        catalog::Recording row;
        row.id = RecordingId{id};
        row.channel = kChannel;
        row.prefix = "ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/" + id;
        row.started_at = start;
        row.rendition = "720p30";
        row.segment_epochs = "0:mp3k9a";
        if (ended) finish(row, count);
        REQUIRE(catalog->add_recording(row));
        put(row, playlist_of(start, count, ended));
        return row;
    }
    static void finish(catalog::Recording& row, int count) {
        row.status = catalog::RecordingStatus::Ended;
        row.ended_at = row.started_at + 2s * count;
        row.duration = 2s * count;
    }
    void put(const catalog::Recording& row, const std::string& text) const {
        REQUIRE(bucket->put(rendition_playlist_key(row), as_bytes(text)));
    }
    void show_open(const catalog::Recording& row, const std::string& text) {
        open[rendition_playlist_key(row)] = std::make_shared<const TextVersion>(text);
    }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-recordings-{}", random_alphanumeric(8));
    ManualClock clock{kStart};
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<store::FolderStore> bucket;
    std::map<std::string, std::shared_ptr<const TextVersion>> open;
    std::optional<RecordedRanges> ranges;
};

}  // namespace oxbow::edge::test
