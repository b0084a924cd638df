#include "app/retention_keeper.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "app/retention_settings.h"
#include "base/random.h"
#include "store/folder_store.h"

namespace oxbow::app {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{1'700'000'000'000ms};  // 2023-11-14T22:13:20Z

/// Recordings in a real bucket and a real database, and who deletes them.
struct Fixture {
    Fixture() {
        std::filesystem::create_directories(folder);
        catalog = catalog::Catalog::open(folder / "oxbow.db").value();
        bucket = store::FolderStore::open(folder / "bucket", "recordings", clock).value();
        remover.emplace(
            RecordingRemover::Rooms{.catalog = *catalog,
                                    .store = *bucket,
                                    .recordings = views,
                                    .on_recorder = [](const std::function<void()>& job) { job(); },
                                    .forget = [](const catalog::Recording&) {},
                                    .save_metadata = [](const std::string&) {},
                                    .removed = [](const catalog::Recording&) {}});
    }
    ~Fixture() {
        catalog.reset();
        std::filesystem::remove_all(folder);
    }

    /// One that ended `ago` before now.
    void add(const std::string& id, std::chrono::milliseconds ago) const {
        catalog::Recording row;
        row.id = RecordingId{id};
        row.channel = ChannelId{"AsXego4U6tnj"};
        row.prefix = "ivs/v1/000000000000/AsXego4U6tnj/2023/11/14/22/13/" + id;
        row.status = catalog::RecordingStatus::Ended;
        row.started_at = kStart - ago - 1min;
        row.ended_at = kStart - ago;
        row.bytes = 100;
        row.configuration = "default";
        REQUIRE(catalog->add_recording(row));
    }

    RetentionKeeper keeper(RetentionSettings settings) {
        return RetentionKeeper{{.catalog = *catalog,
                                .remover = *remover,
                                .clock = clock,
                                .bucket = folder / "bucket",
                                .last_served =
                                    [this](const RecordingId& id) {
                                        const auto found = served.find(id);
                                        return found == served.end() ? std::nullopt
                                                                     : std::optional{found->second};
                                    }},
                               std::move(settings)};
    }

    // a b
    static std::string planned(const RetentionKeeper& keeper) {
        std::string out;
        for (const auto& removal : keeper.plan()->removals) out += removal.recording.id.str() + " ";
        return out;
    }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-keeper-{}", random_alphanumeric(8));
    ManualClock clock{kStart};
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<store::FolderStore> bucket;
    record::RecordingViews views;
    std::optional<RecordingRemover> remover;
    std::map<RecordingId, SteadyTime> served;
};

RetentionSettings kept_for(std::chrono::seconds age) {
    RetentionSettings settings;
    settings.keep_served = 0s;
    settings.rules = {{.configuration = "default", .max_age = age, .max_bytes = std::nullopt}};
    return settings;
}

TEST_CASE("without a rule nothing is planned, and the plan says that there is none") {
    Fixture at;
    at.add("a", 24h * 3'650);

    const auto plan = at.keeper({}).plan().value();

    CHECK_FALSE(plan.configured);
    CHECK(plan.removals.empty());
}

TEST_CASE("a plan looks at all recordings, however many pages they are") {
    Fixture at;
    for (int i = 0; i < 2'001; ++i) at.add(fmt::format("r{:04}", i), 2h + 1s * i);

    CHECK(at.keeper(kept_for(1h)).plan()->removals.size() == 2'001);
}

TEST_CASE("what was served less than the time ago that spares it stays") {
    Fixture at;
    at.add("a", 2h);
    RetentionSettings settings = kept_for(1h);
    settings.keep_served = 10min;
    const auto keeper = at.keeper(settings);
    at.clock.advance(10min);
    CHECK(Fixture::planned(keeper) == "a ");
    at.served[RecordingId{"a"}] = at.clock.steady();
    at.clock.advance(10min - 1ms);
    CHECK(Fixture::planned(keeper) == "");

    at.clock.advance(1ms);

    CHECK(Fixture::planned(keeper) == "a ");
}

TEST_CASE("after a start every recording counts as served for so long") {
    Fixture at;
    at.add("a", 2h);
    RetentionSettings settings = kept_for(1h);
    settings.keep_served = 10min;
    const auto keeper = at.keeper(settings);
    at.clock.advance(10min - 1ms);
    CHECK(Fixture::planned(keeper) == "");

    at.clock.advance(1ms);

    CHECK(Fixture::planned(keeper) == "a ");
}

TEST_CASE("for more room than the disk has everything would go, for less than is free nothing") {
    Fixture at;
    at.add("a", 2h);
    RetentionSettings settings;
    settings.keep_free.bytes = 1;
    CHECK(Fixture::planned(at.keeper(settings)) == "");

    settings.keep_free.bytes = kRetentionBytesMax;

    CHECK(Fixture::planned(at.keeper(settings)) == "a ");
}

TEST_CASE("a dry run plans, and says so") {
    Fixture at;
    at.add("a", 2h);
    RetentionSettings settings = kept_for(1h);
    settings.dry_run = true;

    const auto plan = at.keeper(settings).plan().value();

    CHECK(plan.configured);
    CHECK(plan.dry_run);
    CHECK(plan.removals.size() == 1);
}

TEST_CASE("a disk that cannot be asked is an error, not a reason to delete") {
    Fixture at;
    at.add("a", 2h);
    RetentionSettings settings;
    settings.keep_free.percent = 99;
    const auto keeper = at.keeper(settings);
    std::filesystem::remove_all(at.folder / "bucket");

    CHECK(keeper.plan().error().code == ErrorCode::Unavailable);
}

}  // namespace
}  // namespace oxbow::app
