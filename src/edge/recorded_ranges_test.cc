#include "edge/recorded_ranges.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "edge/test_recordings.h"
#include "store/forwarding_store.h"

namespace oxbow::edge {
namespace {

using namespace test;

struct Fixture : TestRecordings {
    /// What every recording has of [from, to), oldest first.
    // r1 3-5, r2 0-2
    std::string between(WallTime from, WallTime to) {
        std::string out;
        for (const auto& row : catalog->recordings_between(kChannel, from, to, {}).value()) {
            const auto run = ranges->index(row).value()->between(from, to);
            if (run.empty()) continue;
            out.insert(0, fmt::format("{} {}-{}{}", row.id.view(), run.first, run.last,
                                      out.empty() ? "" : ", "));
        }
        return out;
    }
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
    const auto row = at.add("r1", kStart, 10);

    const auto index = at.ranges->index(row).value();

    REQUIRE(index->between(kStart + 12s, kStart + 13s) == SegmentIndex::Run{6, 7});
    CHECK(index->at(6) == SegmentPlace{.start = kStart + 12s,
                                       .duration = 2s,
                                       .chunk = 1,
                                       .offset = 100,
                                       .length = 100,
                                       .discontinuity = false});
}

TEST_CASE("between two recordings there is nothing") {
    Fixture at;
    at.add("r1", kStart, 10);
    at.add("r2", kStart + 1h, 10);

    CHECK(at.between(kStart + 20s, kStart + 1h) == "");
    CHECK(at.between(kStart + 20s - 1ms, kStart + 1h + 1ms) == "r1 9-10, r2 0-1");
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

/// A bucket in which the playlist of one recording takes as long as the test says.
class SlowStore final : public store::ForwardingStore {
public:
    using ForwardingStore::ForwardingStore;
    std::atomic<int> slow_gets = 0;
    std::promise<void> go_on;

    Result<std::string> get(std::string_view key, std::size_t bytes_max) override {
        if (key.contains("/slow/")) {
            ++slow_gets;
            go_on_.wait();
        }
        return ForwardingStore::get(key, bytes_max);
    }

private:
    std::shared_future<void> go_on_ = go_on.get_future().share();
};

TEST_CASE("a slow read of one recording's playlist stops no other recording, and is done once") {
    Fixture at;
    SlowStore store{*at.bucket};
    RecordedRanges ranges{{.store = store,
                           .open_playlist =
                               [&open = std::as_const(at.open)](std::string_view key) {
                                   const auto found = open.find(std::string{key});
                                   return found == open.end() ? nullptr : found->second;
                               },
                           .folder = at.folder / "slow-index"}};
    const auto slow = at.add("slow", kStart, 10);
    const auto quick = at.add("quick", kStart + 1h, 10);
    const auto growing = at.add("growing", kStart + 2h, 10, false);
    at.show_open(growing, playlist_of(kStart + 2h, 10, false));
    const auto index_of = [&ranges](const catalog::Recording& row) {
        return std::async(std::launch::async, [&ranges, row] { return ranges.index(row).value(); });
    };
    std::vector<std::future<std::shared_ptr<const SegmentIndex>>> waiting;
    for (int i = 0; i < RecordedRanges::kMakingMax + 1; ++i) waiting.push_back(index_of(slow));
    while (store.slow_gets == 0) std::this_thread::yield();

    auto others = std::array{index_of(quick), index_of(growing)};
    const bool done = std::ranges::all_of(
        others, [](auto& one) { return one.wait_for(10s) == std::future_status::ready; });
    store.go_on.set_value();

    CHECK(done);
    for (auto& one : waiting) CHECK(one.get()->between(kStart, kStart + 1h).last == 10);
    CHECK(store.slow_gets == 1);
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

}  // namespace
}  // namespace oxbow::edge
