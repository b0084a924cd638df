#include "app/recording_remover.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "base/random.h"
#include "ivs/recording_metadata.h"
#include "store/folder_store.h"
#include "store/forwarding_store.h"

using namespace oxbow;
using namespace oxbow::app;
using namespace std::chrono_literals;

namespace {

constexpr WallTime kStart{1'700'000'000'000ms};  // 2023-11-14T22:13:20Z
const ChannelId kChannel{"AsXego4U6tnj"};
const RecordingId kOlder{"older0recrdn"};
const RecordingId kNewer{"newer0recrdn"};

/// A bucket whose removes fail on demand.
class FailingStore final : public store::ForwardingStore {
public:
    using ForwardingStore::ForwardingStore;
    std::string failing;                // removes of keys that end so fail; "": none
    std::vector<std::string> removals;  // keys, in order

    Result<void> remove(std::string_view key) override {
        if (!failing.empty() && key.ends_with(failing))
            return fail(ErrorCode::Unavailable, "the disk is away");
        removals.emplace_back(key);
        return ForwardingStore::remove(key);
    }
};

std::string prefix_of(const RecordingId& id) {
    return fmt::format("ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/{}", id.view());
}

/// A channel with two recordings, the newer one shown.
struct Fixture {
    Fixture() {
        std::filesystem::create_directories(folder);
        catalog = catalog::Catalog::open(folder / "oxbow.db").value();
        bucket = store::FolderStore::open(folder / "bucket", "recordings", clock).value();
        store.emplace(*bucket);
        add(kOlder, kStart);
        add(kNewer, kStart + 1h);
        put(ivs::latest_metadata_key(kChannel));
        show(kNewer);
        remover.emplace(RecordingRemover::Rooms{
            .catalog = *catalog,
            .store = *store,
            .recordings = views,
            .on_recorder =
                [this](const std::function<void()>& job) {
                    before_job();
                    job();
                },
            .forget = [this](const catalog::Recording& row) { forgotten.push_back(row.id.str()); },
            .save_metadata = [this](const std::string& key) { saved.push_back(key); },
            .removed =
                [this](const catalog::Recording& row) {
                    told.push_back(row.id.str() + " " + row.deleting);
                    REQUIRE(catalog->append_to_log({{.session = std::nullopt,
                                                     .events = {},
                                                     .recording = std::nullopt,
                                                     .removed = row.id}},
                                                   {}));
                }});
    }
    ~Fixture() {
        remover.reset();
        catalog.reset();
        std::filesystem::remove_all(folder);
    }

    void put(const std::string& key) const { REQUIRE(bucket->put(key, as_bytes("x"))); }
    void add(const RecordingId& id, WallTime started_at,
             catalog::RecordingStatus status = catalog::RecordingStatus::Ended) const {
        catalog::Recording row;
        row.id = id;
        row.channel = kChannel;
        row.prefix = prefix_of(id);
        row.status = status;
        row.started_at = started_at;
        REQUIRE(catalog->add_recording(row));
        put(row.prefix + "/media/hls/720p30/0.ts");
        put(row.prefix + "/media/hls/720p30/playlist.m3u8");
        put(row.prefix + "/media/hls/master.m3u8");
        put(row.prefix + "/events/recording-started.json");
    }
    void show(const RecordingId& id) {
        views.publish(kChannel, std::make_shared<const record::RecordingView>(record::RecordingView{
                                    .recording = catalog->recording(id).value()}));
    }
    std::string shown() const {
        const auto view = views.get(kChannel);
        return view ? view->recording.id.str() : "nothing";
    }
    bool has(const std::string& key) const { return bucket->head(key).has_value(); }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-remover-{}", random_alphanumeric(8));
    ManualClock clock{kStart};
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<store::FolderStore> bucket;
    std::optional<FailingStore> store;
    record::RecordingViews views;
    std::function<void()> before_job = [] {};
    std::vector<std::string> forgotten;
    std::vector<std::string> saved;
    std::vector<std::string> told;
    std::optional<RecordingRemover> remover;
};

}  // namespace

TEST_CASE("a deleted recording goes in the order in which nothing that is left leads nowhere") {
    Fixture at;

    REQUIRE(at.remover->delete_recording(kNewer));

    CHECK(at.store->removals ==
          std::vector<std::string>{"recording-started-AsXego4U6tnj.json",
                                   prefix_of(kNewer) + "/events/recording-started.json",
                                   prefix_of(kNewer) + "/media/hls/master.m3u8",
                                   prefix_of(kNewer) + "/media/hls/720p30/playlist.m3u8",
                                   prefix_of(kNewer) + "/media/hls/720p30/0.ts"});
    CHECK(at.catalog->recording(kNewer).error().code == ErrorCode::NotFound);
    CHECK(at.bucket->list(prefix_of(kNewer))->empty());
    CHECK(at.bucket->list(prefix_of(kOlder))->size() == 4);
}

TEST_CASE("after the newest recording the one before it is shown, and its metadata saved anew") {
    Fixture at;

    REQUIRE(at.remover->delete_recording(kNewer));

    CHECK(at.shown() == kOlder.str());
    CHECK(at.saved == std::vector{prefix_of(kOlder) + "/events/recording-started.json"});
    CHECK(at.forgotten == std::vector{kNewer.str(), kNewer.str()});
}

TEST_CASE("after the last recording nothing is shown") {
    Fixture at;

    REQUIRE(at.remover->delete_recording(kNewer));
    REQUIRE(at.remover->delete_recording(kOlder));

    CHECK(at.shown() == "nothing");
    CHECK_FALSE(at.has("recording-started-AsXego4U6tnj.json"));
}

TEST_CASE("an older recording goes without a change of what is shown") {
    Fixture at;

    REQUIRE(at.remover->delete_recording(kOlder));

    CHECK(at.shown() == kNewer.str());
    CHECK(at.has("recording-started-AsXego4U6tnj.json"));
    CHECK(at.saved.empty());
}

TEST_CASE("a recording that begins meanwhile stays shown, with its saved metadata") {
    Fixture at;
    at.before_job = [&] {
        at.add(RecordingId{"begun0recrdn"}, kStart + 2h, catalog::RecordingStatus::Started);
        at.show(RecordingId{"begun0recrdn"});
    };

    REQUIRE(at.remover->delete_recording(kNewer));

    CHECK(at.shown() == "begun0recrdn");
    CHECK(at.has("recording-started-AsXego4U6tnj.json"));
    CHECK(at.saved.empty());
}

TEST_CASE("one that is under way but not announced is not shown in place of a deleted one") {
    Fixture at;
    at.add(RecordingId{"begun0recrdn"}, kStart + 2h, catalog::RecordingStatus::Started);

    REQUIRE(at.remover->delete_recording(kNewer));

    CHECK(at.shown() == kOlder.str());
}

TEST_CASE("one whose own delete stopped half-way is not shown in place of a deleted one") {
    Fixture at;
    REQUIRE(at.bucket->remove(prefix_of(kOlder) + "/events/recording-started.json"));

    REQUIRE(at.remover->delete_recording(kNewer));

    CHECK(at.shown() == "nothing");
}

TEST_CASE("a delete that failed at an object goes on when it is asked for again") {
    Fixture at;
    at.store->failing = "/720p30/playlist.m3u8";
    const auto failed = at.remover->delete_recording(kNewer);
    const bool row_stayed = at.catalog->recording(kNewer).has_value();
    const bool chunk_stayed = at.has(prefix_of(kNewer) + "/media/hls/720p30/0.ts");
    at.store->failing.clear();

    const auto again = at.remover->delete_recording(kNewer);

    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::Unavailable);
    CHECK(row_stayed);
    CHECK(chunk_stayed);
    CHECK(again);
    CHECK(at.shown() == kOlder.str());
    CHECK(at.bucket->list(prefix_of(kNewer))->empty());
    CHECK(at.catalog->recording(kNewer).error().code == ErrorCode::NotFound);
}

TEST_CASE("a delete that failed at the saved metadata goes on when it is asked for again") {
    Fixture at;
    at.store->failing = "recording-started-AsXego4U6tnj.json";
    const auto failed = at.remover->delete_recording(kNewer);
    const std::string shown_then = at.shown();
    at.store->failing.clear();

    const auto again = at.remover->delete_recording(kNewer);

    CHECK_FALSE(failed);
    CHECK(shown_then == kNewer.str());
    CHECK(again);
    CHECK(at.shown() == kOlder.str());
    CHECK_FALSE(at.has("recording-started-AsXego4U6tnj.json"));
}

TEST_CASE("locked recordings and those under way are not deleted") {
    Fixture at;
    REQUIRE(at.catalog->set_recording_locked(kOlder, true));
    at.add(RecordingId{"begun0recrdn"}, kStart + 2h, catalog::RecordingStatus::Started);

    const auto locked = at.remover->delete_recording(kOlder);
    const auto begun = at.remover->delete_recording(RecordingId{"begun0recrdn"});

    CHECK(locked.error().code == ErrorCode::Conflict);
    CHECK(begun.error().code == ErrorCode::Conflict);
    CHECK(at.store->removals.empty());
}

TEST_CASE("the row of a deleted recording goes with the reason of its delete") {
    Fixture at;

    REQUIRE(at.remover->remove(kOlder, "max_age"));
    REQUIRE(at.remover->delete_recording(kNewer));

    CHECK(at.told == std::vector{kOlder.str() + " max_age", kNewer.str() + " requested"});
}

TEST_CASE("a half-done delete is not shown by the next process, which completes it") {
    Fixture at;
    at.store->failing = "/720p30/playlist.m3u8";
    REQUIRE_FALSE(at.remover->remove(kNewer, "max_size"));
    at.store->failing.clear();

    const auto newest = at.catalog->newest_recordings().value();
    const std::size_t completed = at.remover->finish();

    REQUIRE(newest.size() == 1);
    CHECK(newest[0].id == kOlder);
    CHECK(completed == 1);
    CHECK(at.bucket->list(prefix_of(kNewer))->empty());
    CHECK(at.told == std::vector{kNewer.str() + " max_size"});
    CHECK(at.catalog->recording(kNewer).error().code == ErrorCode::NotFound);
    CHECK(at.remover->finish() == 0);
}

TEST_CASE("a process that ended after the mark leaves saved metadata, which goes with the rest") {
    Fixture at;
    ivs::RecordingMetadata saved;
    saved.channel_arn = "arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj";
    saved.hls_path = prefix_of(kNewer) + "/media/hls";
    REQUIRE(at.bucket->put(ivs::latest_metadata_key(kChannel), as_bytes(ivs::to_json(saved))));
    REQUIRE(at.catalog->mark_deleting(kNewer, "requested"));
    at.show(kOlder);  // as the next process does

    CHECK(at.remover->finish() == 1);

    CHECK_FALSE(at.has("recording-started-AsXego4U6tnj.json"));
    CHECK(at.saved == std::vector{prefix_of(kOlder) + "/events/recording-started.json"});
    CHECK(at.shown() == kOlder.str());
}

TEST_CASE("at the end of the process a delete breaks off between two objects, for the next one") {
    Fixture at;
    at.remover->stop();

    const auto broken_off = at.remover->delete_recording(kOlder);

    REQUIRE_FALSE(broken_off);
    CHECK(broken_off.error().code == ErrorCode::Unavailable);
    CHECK(at.has(prefix_of(kOlder) + "/media/hls/720p30/0.ts"));
    CHECK(at.catalog->recording(kOlder)->deleting == "requested");
}
