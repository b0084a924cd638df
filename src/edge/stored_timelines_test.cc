#include "edge/stored_timelines.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <latch>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "store/folder_store.h"
#include "store/forwarding_store.h"

using namespace oxbow;
using namespace oxbow::edge;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kStart{1'700'000'000'000ms};  // 2023-11-14T22:13:20Z
constexpr std::string_view kByteRangePlaylist =
    "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:16\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA-"
    "SEQUENCE:0\n"
    "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.000Z\n#EXTINF:2.000,\n#EXT-X-BYTERANGE:1880@0\n0."
    "ts\n";
const ChannelId kChannel{"AsXego4U6tnj"};
const ChannelId kOtherChannel{"BsXego4U6tnj"};
const RecordingId kRecording{"j8Z9O91ndcVs"};

/// A bucket that counts its gets and lets a test into the middle of each.
class WatchedStore final : public store::ForwardingStore {
public:
    using ForwardingStore::ForwardingStore;
    std::atomic<int> gets = 0;
    std::function<void()> during_get = [] {};

    Result<std::string> get(std::string_view key, std::size_t bytes_max) override {
        ++gets;
        during_get();
        return ForwardingStore::get(key, bytes_max);
    }
};

/// Recordings in a real folder and a real database.
struct Fixture {
    Fixture() {
        std::filesystem::create_directories(folder);
        catalog = catalog::Catalog::open(folder / "oxbow.db").value();
        bucket = store::FolderStore::open(folder / "bucket", "recordings", clock).value();
        store.emplace(*bucket);
        timelines.emplace(*catalog, *store, clock, SegmentNaming::AsRecorded);
        add(kRecording);
    }
    ~Fixture() {
        catalog.reset();
        std::filesystem::remove_all(folder);
    }

    /// A recording of one segment of two seconds, ended.
    void add(const RecordingId& id, int target_seconds = 6) const {
        catalog::Recording row;
        row.id = id;
        row.channel = kChannel;
        row.prefix = prefix(id);
        row.started_at = kStart;
        row.rendition = "720p30";
        row.segment_epochs = "0:mp3k9a";
        row.layout.live_target_seconds = target_seconds;
        REQUIRE(catalog->add_recording(row));
        put(id, "byte-range-multivariant.m3u8",
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000\n720p30/byte-range-variant.m3u8\n");
        put(id, "720p30/byte-range-variant.m3u8",
            fmt::format("{}#EXT-X-ENDLIST\n", kByteRangePlaylist));
    }
    void put(const RecordingId& id, std::string_view name, std::string_view text) const {
        REQUIRE(bucket->put(fmt::format("{}/media/hls/{}", prefix(id), name), as_bytes(text)));
    }
    static std::string prefix(const RecordingId& id) {
        return fmt::format("ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/{}", id.view());
    }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-timelines-{}", random_alphanumeric(8));
    ManualClock clock{kStart};
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<store::FolderStore> bucket;
    std::optional<WatchedStore> store;
    std::optional<StoredTimelines> timelines;
};

constexpr int kGetsOfOneLoad = 2;  // the byte-range playlist and the multivariant one

}  // namespace

TEST_CASE("a recording that is read back declares what it declared while live") {
    Fixture at;
    const RecordingId quick{"k9Z9O91ndcVs"};
    at.add(quick, 2);

    const auto six = at.timelines->load(kChannel, kRecording);
    const auto two = at.timelines->load(kChannel, quick);

    CHECK((*six)->playlist.get()->str().contains("#EXT-X-TARGETDURATION:6\n"));
    CHECK((*two)->playlist.get()->str().contains("#EXT-X-TARGETDURATION:2\n"));
    CHECK((*two)->with_parts.get().whole->str().contains("HOLD-BACK=6\n"));
}

TEST_CASE("a recording is read back with the names that it had while live, and held") {
    Fixture at;

    const auto loaded = at.timelines->load(kChannel, kRecording);

    REQUIRE(loaded);
    CHECK((*loaded)->playlist.get()->str().contains(
        "\n../../../seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-0.ts\n"));
    CHECK((*loaded)->multivariant->str().contains(
        "\n/rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8\n"));
    CHECK((*loaded)->ended);
    CHECK(at.timelines->find(kChannel, kRecording) == *loaded);
}

TEST_CASE("of a recording with several renditions the others play from the bucket") {
    constexpr std::string_view kOthers =
        "#EXTM3U\n"
        "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"720p30\",NAME=\"720p\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=2440200,VIDEO=\"720p30\"\n720p30/byte-range-variant.m3u8\n"
        "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"360p30\",NAME=\"360p\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=630000,VIDEO=\"360p30\"\n360p30/byte-range-variant.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://elsewhere.example/1.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=2\n/channels.json\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=3\n../../../another/1.m3u8\n";
    Fixture at;
    at.put(kRecording, "byte-range-multivariant.m3u8", kOthers);

    const auto loaded = at.timelines->load(kChannel, kRecording);

    CHECK((*loaded)->multivariant->str() ==
          fmt::format("#EXTM3U\n"
                      "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"720p30\",NAME=\"720p\"\n"
                      "#EXT-X-STREAM-INF:BANDWIDTH=2440200,VIDEO=\"720p30\"\n"
                      "/rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8\n"
                      "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"360p30\",NAME=\"360p\"\n"
                      "#EXT-X-STREAM-INF:BANDWIDTH=630000,VIDEO=\"360p30\"\n"
                      "/{}/media/hls/360p30/byte-range-variant.m3u8\n",
                      Fixture::prefix(kRecording)));
}

/// Three segments, with a hole behind the second: the names of the third, and of the others.
TEST_CASE("what the bucket does not tell yet of an open recording's names is called by its index") {
    constexpr std::string_view kHole =
        "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:50.000Z\n"
        "#EXTINF:2.000,\n#EXT-X-BYTERANGE:1880@0\n1.ts\n";
    constexpr std::string_view kSecond = "#EXTINF:2.000,\n#EXT-X-BYTERANGE:1880@1880\n0.ts\n";
    Fixture at;
    const RecordingId id{"kRecordingWithAHole"};
    at.add(id);
    at.put(id, "720p30/byte-range-variant.m3u8",
           fmt::format("{}{}{}", kByteRangePlaylist, kSecond, kHole));
    const auto read = [&](SegmentNaming naming) {
        return StoredTimelines{*at.catalog, *at.store, at.clock, naming}.load(kChannel, id).value();
    };
    const auto listed = [](const live::TimelineView& view) {
        const std::string text = view.playlist.get()->str();
        return std::pair{text.contains("/mp3k9a-0.ts"), text.contains("/bucket-2.ts")};
    };

    for (const auto naming : {SegmentNaming::OnceEnded, SegmentNaming::ByIndex}) {
        const auto open = read(naming);
        CHECK(listed(*open) == std::pair{false, true});
        CHECK(open->index_of("bucket", 1) == 1);
        CHECK(open->index_of("mp3k9a", 1) == 1);  // it is certain
        CHECK_FALSE(open->index_of("mp3k9a", 2));
    }

    // Behind a hole of one segment, the same process went on.
    catalog::Recording row = at.catalog->recording(id).value();
    row.status = catalog::RecordingStatus::Ended;
    row.segment_epochs = "0:mp3k9a,2+1:mp3k9a";
    REQUIRE(at.catalog->update_recording(row));
    at.put(id, "720p30/byte-range-variant.m3u8",
           fmt::format("{}{}{}#EXT-X-ENDLIST\n", kByteRangePlaylist, kSecond, kHole));
    const auto as_recorded = read(SegmentNaming::OnceEnded);
    const auto as_begun = read(SegmentNaming::ByIndex);
    CHECK(listed(*as_recorded) == std::pair{true, false});
    CHECK(listed(*as_begun) == std::pair{false, true});
    for (const auto& ended : {as_recorded, as_begun}) {
        CHECK(ended->index_of("bucket", 2) == 2);
        CHECK(ended->index_of("mp3k9a", 3) == 2);
        CHECK_FALSE(ended->index_of("mp3k9a", 2));
    }
}

TEST_CASE("however many viewers ask for a recording at once, it is read once") {
    constexpr int kViewers = 16;
    Fixture at;
    std::latch all_ask{kViewers};
    at.store->during_get = [&] { all_ask.wait(); };
    std::vector<std::future<bool>> answers;

    std::generate_n(std::back_inserter(answers), kViewers, [&] {
        return std::async(std::launch::async, [&] {
            all_ask.count_down();
            return at.timelines->load(kChannel, kRecording).has_value();
        });
    });
    const auto good = std::ranges::count_if(answers, [](auto& answer) { return answer.get(); });

    CHECK(good == kViewers);
    CHECK(at.store->gets == kGetsOfOneLoad);
}

TEST_CASE("a recording that has not ended is held for a second, and read again after it") {
    Fixture at;
    at.put(kRecording, "720p30/byte-range-variant.m3u8", kByteRangePlaylist);
    const auto first = at.timelines->load(kChannel, kRecording);

    at.clock.advance(999ms);
    const auto held = at.timelines->find(kChannel, kRecording);
    at.clock.advance(1ms);
    const auto stale = at.timelines->find(kChannel, kRecording);
    const auto again = at.timelines->load(kChannel, kRecording);

    REQUIRE(first);
    CHECK(held == *first);
    CHECK(stale == nullptr);
    REQUIRE(again);
    CHECK(at.timelines->find(kChannel, kRecording) == *again);
    CHECK(at.store->gets == 2 * kGetsOfOneLoad);
}

TEST_CASE("a held recording is not there under the id of another channel") {
    Fixture at;
    REQUIRE(at.timelines->load(kChannel, kRecording));

    const auto other = at.timelines->load(kOtherChannel, kRecording);

    CHECK(at.timelines->find(kOtherChannel, kRecording) == nullptr);
    REQUIRE_FALSE(other);
    CHECK(other.error().code == ErrorCode::NotFound);
}

TEST_CASE("a recording that is forgotten while it is read is not held") {
    Fixture at;
    at.store->during_get = [&] { at.timelines->forget(kChannel, kRecording); };

    const auto loaded = at.timelines->load(kChannel, kRecording);

    CHECK(loaded);
    CHECK(at.timelines->find(kChannel, kRecording) == nullptr);
}

TEST_CASE("a load that failed is tried again by the next one") {
    Fixture at;
    REQUIRE(
        at.bucket->remove(Fixture::prefix(kRecording) + "/media/hls/byte-range-multivariant.m3u8"));
    const auto failed = at.timelines->load(kChannel, kRecording);
    at.put(kRecording, "byte-range-multivariant.m3u8", "#EXTM3U\n");

    const auto again = at.timelines->load(kChannel, kRecording);

    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::NotFound);
    CHECK(again);
}

TEST_CASE("the recordings that were asked for longest ago are let go of above the limit") {
    Fixture at;
    REQUIRE(at.timelines->load(kChannel, kRecording));
    const auto load_copy = [&](int n) {
        const RecordingId id{fmt::format("copy{}", n)};
        at.add(id);
        return at.timelines->load(kChannel, id).has_value();
    };
    std::vector<int> copies(StoredTimelines::kTimelinesHeldMax);
    std::ranges::generate(copies, [n = 0]() mutable { return n++; });

    const bool below = std::all_of(copies.begin(), copies.end() - 1, load_copy);
    const bool held_at_the_limit = at.timelines->find(kChannel, RecordingId{"copy0"}) != nullptr;
    const bool above = load_copy(copies.back());

    CHECK(below);
    CHECK(held_at_the_limit);
    CHECK(above);
    CHECK(at.timelines->find(kChannel, kRecording) == nullptr);
    CHECK(at.timelines->find(kChannel, RecordingId{"copy0"}) != nullptr);
}
