#include "record/group_commit.h"

#include <fstream>

#include "record/test_recording.h"

using namespace oxbow;
using namespace oxbow::record;

namespace {

/// A folder, and a sync that does what it is told. Commits only when asked to.
struct Syncing {
    Syncing() { std::filesystem::create_directories(folder); }
    ~Syncing() { std::filesystem::remove_all(folder); }

    std::filesystem::path folder = std::filesystem::temp_directory_path() /
                                   fmt::format("oxbow-commit-{}", random_alphanumeric(8));
    bool folder_was_there = false;
    int syncs = 0;
    bool fails = false;
    GroupCommit commit{[this]() -> Result<void> {
                           ++syncs;
                           folder_was_there = std::filesystem::exists(folder);
                           if (fails) return fail(ErrorCode::Unavailable, "the disk is gone");
                           return {};
                       },
                       std::chrono::hours{1}};
};

}  // namespace

TEST_CASE(
    "what was noted before a commit is done with it, what was noted behind it with the next") {
    Syncing at;
    const std::uint64_t first = at.commit.note();
    CHECK(at.commit.note() == first);
    CHECK(at.commit.done() < first);

    REQUIRE(at.commit.commit());
    const std::uint64_t second = at.commit.note();

    CHECK(at.commit.done() == first);
    CHECK(second == first + 1);
    CHECK(at.syncs == 1);
}

TEST_CASE("nothing is synced when nothing was written") {
    Syncing at;

    REQUIRE(at.commit.commit());
    at.commit.stop();

    CHECK(at.syncs == 0);
}

TEST_CASE("a folder goes only when everything before is synced") {
    Syncing at;
    at.commit.remove_when_done(at.folder);
    at.fails = true;
    CHECK_FALSE(at.commit.commit());
    CHECK(std::filesystem::exists(at.folder));

    at.fails = false;
    REQUIRE(at.commit.commit());

    CHECK(at.folder_was_there);
    CHECK_FALSE(std::filesystem::exists(at.folder));
}

TEST_CASE("behind a sync that failed nothing counts as done any more") {
    Syncing at;
    at.commit.note();
    at.fails = true;
    CHECK_FALSE(at.commit.commit());
    at.fails = false;
    const std::uint64_t number = at.commit.note();

    REQUIRE(at.commit.commit());

    CHECK(at.commit.done() < number);
}

TEST_CASE("the end commits what is left") {
    Syncing at;
    at.commit.note();

    at.commit.stop();

    CHECK(at.syncs == 1);
}

TEST_CASE("a recording says in its journal what is synced, and more chunks than may be lost wait") {
    Syncing sync;
    Fixture at;
    Segments segments;
    RecordingPlace place = at.place();
    place.commit = &sync.commit;
    Recording recording{place, Fixture::spec(), at.listener};
    REQUIRE(recording.append(segments.next(2s)));
    REQUIRE(sync.commit.commit());
    REQUIRE(recording.append(segments.next(2s)));
    CHECK(Journal::read(at.folder / "spool/j8Z9O91ndcVs").value().synced == 1);

    const int before = sync.syncs;
    for (std::size_t i = 0; i < kChunksUnsyncedMax; ++i)
        REQUIRE(recording.append(segments.next(2s, true)));
    CHECK(sync.syncs == before);
    REQUIRE(recording.append(segments.next(2s, true)));
    CHECK(sync.syncs == before + 1);
}
