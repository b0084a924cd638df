#include "remote/bucket_watch.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <future>
#include <thread>

#include <fmt/format.h>

#include "base/random.h"
#include "ivs/recording_metadata.h"
#include "store/folder_store.h"
#include "store/forwarding_store.h"

namespace oxbow::remote {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{1'675'983'941'000ms};  // 2023-02-09T23:05:41Z
const ChannelId kChannel{"AsXego4U6tnj"};
const std::string kArn = "arn:aws:ivs:us-east-1:123456789012:channel/AsXego4U6tnj";
const std::string kRoot = "ivs/v1/123456789012/AsXego4U6tnj/2023/";

/// Counts what lists cost.
class CountingStore final : public store::ForwardingStore {
public:
    using ForwardingStore::ForwardingStore;
    Result<std::vector<std::string>> folders(std::string_view prefix) override {
        ++lists;
        if (away) return fail(ErrorCode::Unavailable, "it is away");
        if (prefix == strange_in + "/") return std::vector<std::string>{};
        auto found = ForwardingStore::folders(prefix);
        if (found && prefix == strange_in) found->push_back(strange_in + "/");
        return found;
    }
    int lists = 0;
    bool away = false;
    std::string strange_in = "-";  // has a folder without a name, as an S3 bucket may
};

struct Fixture {
    Fixture() {
        std::filesystem::create_directories(root);
        folder = store::FolderStore::open(root / "bucket", "recordings", clock).value();
        bucket.emplace(*folder);
        catalog = catalog::Catalog::open(root / "oxbow.db").value();
        REQUIRE(catalog->add_channel(
            {.id = kChannel, .arn = kArn, .name = "a"},
            {.arn = "arn:k", .value = StreamKeyValue{"k"}, .channel = kChannel}));
        watch.emplace(BucketWatch::Rooms{
            .store = *bucket,
            .catalog = *catalog,
            .recordings = views,
            .clock = clock,
            .save_start = [this](const std::string& key, const std::string&) -> Result<void> {
                saved.push_back(key);
                return {};
            },
            .know_channel = [](const std::string&) { return Result<void>{}; },
            .is_live = [this](const ChannelId&) { return live; },
            .duration =
                [this](const catalog::Recording&) {
                    if (before_duration) before_duration();
                    return duration;
                },
            .changed = [this](const catalog::Recording& row) { changed.push_back(row); },
            .gone = [this](const catalog::Recording& row) { gone.push_back(row.id.str()); }});
    }
    ~Fixture() {
        watch.reset();
        catalog.reset();
        std::filesystem::remove_all(root);
    }

    /// As Amazon IVS writes it. In: where, below kRoot.
    void put(const std::string& place, WallTime started_at, bool ended = false) {
        ivs::RecordingMetadata metadata;
        metadata.channel_arn = kArn;
        metadata.started_at = started_at;
        metadata.renditions = {{.path = "720p30",
                                .playlist = "playlist.m3u8",
                                .byte_range_playlist = "byte-range-variant.m3u8",
                                .width = 1280,
                                .height = 720}};
        const std::string prefix = kRoot + place;
        if (ended) {
            metadata.status = "RECORDING_ENDED";
            metadata.ended_at = started_at + 60s;
            metadata.duration = 60s;
        }
        const std::string key =
            ended ? ivs::recording_ended_key(prefix) : ivs::recording_started_key(prefix);
        REQUIRE(bucket->put(key, as_bytes(to_json(metadata))));
    }
    void look() {
        watch->look([] { return false; });
    }
    std::string shown() const {
        const auto view = views.get(kChannel);
        return view ? view->recording.id.str() : "";
    }

    std::filesystem::path root =
        std::filesystem::temp_directory_path() / ("oxbow-watch-" + random_alphanumeric(12));
    ManualClock clock{kNow};
    std::unique_ptr<store::FolderStore> folder;
    std::optional<CountingStore> bucket;
    std::unique_ptr<catalog::Catalog> catalog;
    record::RecordingViews views;
    bool live = false;
    Result<std::chrono::milliseconds> duration{7s};
    std::function<void()> before_duration;
    std::vector<std::string> saved;
    std::vector<catalog::Recording> changed;
    std::vector<std::string> gone;
    std::optional<BucketWatch> watch;
};

}  // namespace

TEST_CASE("the folders of an hour are looked for in both forms") {
    CHECK(hour_folders("1", kChannel, kNow) ==
          std::set<std::string>{"ivs/v1/1/AsXego4U6tnj/2023/2/9/23/",
                                "ivs/v1/1/AsXego4U6tnj/2023/02/09/23/"});
    CHECK(hour_folders("1", kChannel, WallTime{1'700'000'000'000ms}).size() == 1);  // Nov 14, 22 h
}

TEST_CASE("recordings that nothing told of are found, of this hour and the last, in both forms") {
    Fixture it;
    it.put("2/9/22/59/before000000", kNow - 400s);
    it.put("02/09/23/05/padded000000", kNow);
    it.put("2/9/21/59/too0early000", kNow - 4'000s);

    it.look();

    CHECK(it.saved.size() == 2);
    CHECK(it.catalog->recording(RecordingId{"before000000"}));
    CHECK(it.catalog->recording(RecordingId{"padded000000"}));
    CHECK_FALSE(it.catalog->recording(RecordingId{"too0early000"}));
    CHECK(it.shown() == "padded000000");
}

TEST_CASE("a channel is looked at every five seconds while it is busy, else once a minute") {
    Fixture it;
    it.look();
    const int first = it.bucket->lists;
    it.clock.advance(BucketWatch::kLookIdle - 1ms);
    it.look();
    CHECK(it.bucket->lists == first);
    it.clock.advance(1ms);
    it.look();
    CHECK(it.bucket->lists == 2 * first);

    // It goes on the air long before its minute is over.
    it.live = true;
    it.look();
    it.clock.advance(BucketWatch::kLookLive);
    it.look();
    CHECK(it.bucket->lists == 3 * first);
}

TEST_CASE("a minute that is over is not looked into again, the one that goes on is") {
    Fixture it;
    it.live = true;
    it.put("2/9/22/10/before000000", kNow - 3'300s);
    it.look();
    const auto lists_of_a_look = [&] {
        it.clock.advance(BucketWatch::kLookLive);
        const int before = it.bucket->lists;
        it.look();
        return it.bucket->lists - before;
    };
    const int none = lists_of_a_look();
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    CHECK(lists_of_a_look() == none + 1);
    CHECK(it.shown() == "j8Z9O91ndcVs");
    it.put("2/9/23/5/another00000", kNow + 2s);
    CHECK(lists_of_a_look() == none + 1);
    CHECK(it.shown() == "another00000");
}

TEST_CASE("an open recording grows, and ends when the bucket says so") {
    Fixture it;
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    REQUIRE(it.watch->take(ivs::recording_started_key(kRoot + "2/9/23/5/j8Z9O91ndcVs")));
    CHECK_FALSE(it.watch->is_fresh(kChannel));

    it.watch->refresh(kChannel);

    CHECK(it.watch->is_fresh(kChannel));
    CHECK(it.views.get(kChannel)->recording.duration == 7s);
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow, true);
    it.clock.advance(BucketWatch::kFresh);
    it.watch->refresh(kChannel);
    const auto view = it.views.get(kChannel);
    CHECK(view->recording.status == catalog::RecordingStatus::Ended);
    CHECK(view->recording.duration == 60s);
    CHECK(it.changed.size() == 2);
    it.clock.advance(1h);
    CHECK(it.watch->is_fresh(kChannel));  // it stays as it is
}

TEST_CASE("an older recording that is told of late is listed, and not shown") {
    Fixture it;
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    it.put("2/9/23/1/older0000000", kNow - 240s, true);
    it.put("2/9/23/1/older0000000", kNow - 240s);
    REQUIRE(it.watch->take(ivs::recording_started_key(kRoot + "2/9/23/5/j8Z9O91ndcVs")));
    REQUIRE(it.watch->take(ivs::recording_started_key(kRoot + "2/9/23/1/older0000000")));
    CHECK(it.shown() == "j8Z9O91ndcVs");
    CHECK(it.catalog->recording(RecordingId{"older0000000"}));
}

TEST_CASE("a recording ends that is not the newest of its channel any more") {
    Fixture it;
    it.live = true;
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    it.look();
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow, true);
    it.put("2/9/23/5/another00000", kNow + 2s);
    it.clock.advance(BucketWatch::kLookLive);
    it.look();

    CHECK(it.shown() == "another00000");
    const auto first = it.catalog->recording(RecordingId{"j8Z9O91ndcVs"});
    CHECK(first->status == catalog::RecordingStatus::Ended);
    CHECK(first->duration == 60s);
}

TEST_CASE("an older recording that is told of while it is open ends, too") {
    Fixture it;
    it.live = true;
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    it.put("2/9/23/1/older0000000", kNow - 240s);
    it.look();
    it.put("2/9/23/1/older0000000", kNow - 240s, true);
    it.clock.advance(BucketWatch::kLookLive);
    it.look();

    CHECK(it.shown() == "j8Z9O91ndcVs");
    CHECK(it.catalog->recording(RecordingId{"older0000000"})->status ==
          catalog::RecordingStatus::Ended);
}

TEST_CASE("a folder that is no minute is passed over") {
    Fixture it;
    it.bucket->strange_in = kRoot + "2/9/23/";
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    it.look();
    CHECK(it.shown() == "j8Z9O91ndcVs");
}

TEST_CASE("while the bucket is slow about one channel, others are not waited for") {
    Fixture it;
    const ChannelId other{"another0chan"};
    const std::string arn = "arn:aws:ivs:us-east-1:123456789012:channel/another0chan";
    REQUIRE(
        it.catalog->add_channel({.id = other, .arn = arn, .name = "b"},
                                {.arn = "arn:l", .value = StreamKeyValue{"l"}, .channel = other}));
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    it.look();
    it.clock.advance(BucketWatch::kFresh);
    std::promise<void> is_asked;
    std::promise<void> go_on;
    it.before_duration = [&] {
        is_asked.set_value();
        go_on.get_future().wait();
    };
    std::thread slow{[&] { it.watch->refresh(kChannel); }};
    is_asked.get_future().wait();

    it.watch->refresh(kChannel);  // what is known will do
    it.watch->refresh(other);
    CHECK_FALSE(it.watch->is_fresh(kChannel));

    go_on.set_value();
    slow.join();
    CHECK(it.watch->is_fresh(kChannel));
}

TEST_CASE("a recording that others deleted is let go of, and the one before it is shown") {
    Fixture it;
    it.put("2/9/23/1/older0000000", kNow - 240s, true);
    it.put("2/9/23/1/older0000000", kNow - 240s);
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow, true);
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    it.look();
    it.look();
    CHECK(it.shown() == "j8Z9O91ndcVs");
    const std::string prefix = kRoot + "2/9/23/5/j8Z9O91ndcVs";
    REQUIRE(it.bucket->remove(ivs::recording_started_key(prefix)));
    it.look();
    it.look();
    it.look();
    CHECK(it.gone.empty());  // half of it is there
    REQUIRE(it.bucket->remove(ivs::recording_ended_key(prefix)));

    it.look();
    it.look();
    it.look();

    CHECK(it.gone == std::vector<std::string>{"j8Z9O91ndcVs"});
    CHECK(it.shown() == "older0000000");
    CHECK(it.catalog->recordings(kChannel, {.offset = 0, .limit = 9})->size() == 1);
}

TEST_CASE("while the bucket is away nothing is lost, and nothing is looked at again and again") {
    Fixture it;
    it.put("2/9/23/5/j8Z9O91ndcVs", kNow);
    it.bucket->away = true;
    it.look();
    it.look();
    CHECK(it.bucket->lists == 1);
    it.bucket->away = false;
    it.clock.advance(BucketWatch::kLookLive);
    it.look();
    CHECK(it.shown() == "j8Z9O91ndcVs");
}

TEST_CASE("what is no recording is refused, each with its sentence") {
    Fixture it;
    CHECK(it.watch->take("ivs/v1/x"));  // of no interest
    const std::string key = ivs::recording_started_key(kRoot + "2/9/23/5/j8Z9O91ndcVs");
    CHECK(it.watch->take(key).error().code == ErrorCode::NotFound);
    REQUIRE(it.bucket->put(key, as_bytes(std::string_view{"{}"})));
    CHECK(it.watch->take(key).error().code == ErrorCode::Malformed);
    CHECK(it.saved.empty());
}

}  // namespace oxbow::remote
