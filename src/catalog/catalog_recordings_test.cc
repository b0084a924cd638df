#include <doctest/doctest.h>

#include "catalog/test_catalog.h"

namespace oxbow::catalog {
namespace {

using namespace std::chrono_literals;

Recording recording_of(const std::string& channel, const std::string& id, WallTime started_at) {
    Recording recording;
    recording.id = RecordingId{id};
    recording.channel = ChannelId{channel};
    recording.prefix = "ivs/v1/000000000000/" + channel + "/2023/2/9/22/55/" + id;
    recording.started_at = started_at;
    recording.streams = {StreamId{"st-1"}};
    return recording;
}

TEST_CASE("a recording is there after a restart, with all that it was updated with") {
    TestCatalog test;
    Recording recording = recording_of("a", "j8Z9O91ndcVs", kStart);
    test->add_recording(recording).value();
    recording.status = RecordingStatus::EndedWithFailure;
    recording.status_message = "InternalServerException";
    recording.ended_at = kStart + 171'546ms;
    recording.duration = 171'546ms;
    recording.bytes = 5'000'000'000;
    recording.streams = {StreamId{"st-1"}, StreamId{"st-2"}};
    recording.rendition = "720p30";
    recording.segment_epochs = "0:mp3k9a,57:mp4b1c";
    test->update_recording(recording).value();

    test.restart();

    const auto found = test->recording(RecordingId{"j8Z9O91ndcVs"}).value();
    CHECK(found.channel == ChannelId{"a"});
    CHECK(found.prefix == "ivs/v1/000000000000/a/2023/2/9/22/55/j8Z9O91ndcVs");
    CHECK(found.status == RecordingStatus::EndedWithFailure);
    CHECK(found.status_message == "InternalServerException");
    CHECK(found.started_at == kStart);
    CHECK(found.ended_at == kStart + 171'546ms);
    CHECK(found.duration == 171'546ms);
    CHECK(found.bytes == 5'000'000'000);
    CHECK(found.streams == std::vector{StreamId{"st-1"}, StreamId{"st-2"}});
    CHECK(found.rendition == "720p30");
    CHECK(found.segment_epochs == "0:mp3k9a,57:mp4b1c");
    CHECK_FALSE(found.locked);
}

TEST_CASE("an update changes neither a recording's place nor its lock") {
    TestCatalog test;
    test->add_recording(recording_of("a", "r", kStart)).value();
    test->set_recording_locked(RecordingId{"r"}, true).value();
    Recording update = recording_of("b", "r", kStart + 1h);
    update.prefix = "elsewhere";

    test->update_recording(update).value();

    const auto found = test->recording(RecordingId{"r"}).value();
    CHECK(found.channel == ChannelId{"a"});
    CHECK(found.prefix == "ivs/v1/000000000000/a/2023/2/9/22/55/r");
    CHECK(found.started_at == kStart);
    CHECK(found.locked);
}

TEST_CASE("recordings of a channel are listed newest first, page by page") {
    TestCatalog test;
    test->add_recording(recording_of("a", "first", kStart)).value();
    test->add_recording(recording_of("a", "third", kStart + 2h)).value();
    test->add_recording(recording_of("b", "other", kStart + 3h)).value();
    test->add_recording(recording_of("a", "second", kStart + 1h)).value();

    const auto newest = test->recordings(ChannelId{"a"}, {.offset = 0, .limit = 2}).value();
    const auto rest = test->recordings(ChannelId{"a"}, {.offset = 2, .limit = 2}).value();

    REQUIRE(newest.size() == 2);
    CHECK(newest[0].id == RecordingId{"third"});
    CHECK(newest[1].id == RecordingId{"second"});
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].id == RecordingId{"first"});
    CHECK(test->recordings(ChannelId{"c"}, {}).value().empty());
}

TEST_CASE("the newest recording of each channel that has one") {
    TestCatalog test;
    test->add_channel(channel_named("never"), key_of("never")).value();
    test->add_recording(recording_of("b", "b1", kStart)).value();
    test->add_recording(recording_of("a", "a2", kStart + 1h)).value();
    test->add_recording(recording_of("a", "a1", kStart)).value();
    test->add_recording(recording_of("c", "c1", kStart)).value();
    test->add_recording(recording_of("c", "c2", kStart)).value();

    const auto newest = test->newest_recordings().value();

    REQUIRE(newest.size() == 3);
    CHECK(newest[0].id == RecordingId{"a2"});
    CHECK(newest[1].id == RecordingId{"b1"});
    CHECK(newest[2].id == RecordingId{"c2"});
}

TEST_CASE("unfinished recordings are those that are still started, oldest first") {
    TestCatalog test;
    Recording ended = recording_of("a", "ended", kStart);
    ended.status = RecordingStatus::Ended;
    test->add_recording(ended).value();
    test->add_recording(recording_of("a", "young", kStart + 1h)).value();
    test->add_recording(recording_of("b", "old", kStart)).value();

    const auto unfinished = test->unfinished_recordings().value();

    REQUIRE(unfinished.size() == 2);
    CHECK(unfinished[0].id == RecordingId{"old"});
    CHECK(unfinished[1].id == RecordingId{"young"});
}

TEST_CASE("a recording whose id or prefix exists is a conflict") {
    TestCatalog test;
    test->add_recording(recording_of("a", "r", kStart)).value();
    Recording same_prefix = recording_of("a", "s", kStart);
    same_prefix.prefix = recording_of("a", "r", kStart).prefix;

    CHECK(test->add_recording(recording_of("b", "r", kStart)).error().code == ErrorCode::Conflict);
    CHECK(test->add_recording(same_prefix).error().code == ErrorCode::Conflict);
}

TEST_CASE("a locked recording cannot be removed until it is unlocked") {
    TestCatalog test;
    test->add_recording(recording_of("a", "r", kStart)).value();
    test->set_recording_locked(RecordingId{"r"}, true).value();

    const auto refused = test->remove_recording(RecordingId{"r"});
    test->set_recording_locked(RecordingId{"r"}, false).value();

    CHECK(refused.error().code == ErrorCode::Conflict);
    CHECK(refused.error().what == "recording 'r' is locked; unlock it before deleting it");
    CHECK(test->remove_recording(RecordingId{"r"}).has_value());
    CHECK(test->recording(RecordingId{"r"}).error().code == ErrorCode::NotFound);
}

TEST_CASE("a recording that is not there is not found") {
    TestCatalog test;
    const RecordingId id{"r"};

    CHECK(test->recording(id).error().code == ErrorCode::NotFound);
    CHECK(test->update_recording(recording_of("a", "r", kStart)).error().code ==
          ErrorCode::NotFound);
    CHECK(test->set_recording_locked(id, true).error().code == ErrorCode::NotFound);
    CHECK(test->remove_recording(id).error().code == ErrorCode::NotFound);
}

TEST_CASE("recordings outlive their channel") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    test->add_recording(recording_of("a", "r", kStart)).value();

    test->remove_channel(ChannelId{"a"}).value();

    CHECK(test->recordings(ChannelId{"a"}, {}).value().size() == 1);
}

TEST_CASE("a row that this program did not write is an error, not a crash") {
    TestCatalog test;
    test->add_recording(recording_of("a", "r", kStart)).value();
    test.close();
    test.run("UPDATE recordings SET status = 'RECORDING_LOST'");
    test.restart();

    const auto found = test->recording(RecordingId{"r"});

    CHECK(found.error().code == ErrorCode::Unavailable);
    CHECK(
        found.error().what ==
        "the database holds what this program did not write, at the database: a recording has the "
        "status 'RECORDING_LOST'; restore it from a backup");
}

}  // namespace
TEST_CASE("a deleted channel with recordings is remembered as private as it was, and no other") {
    TestCatalog test;
    Channel hidden = channel_named("hidden");
    hidden.authorized = true;
    test->add_channel(hidden, key_of("hidden")).value();
    test->add_channel(channel_named("open"), key_of("open")).value();
    test->add_channel(channel_named("empty"), key_of("empty")).value();
    test->add_recording(recording_of("hidden", "r1", kStart)).value();
    test->add_recording(recording_of("open", "r2", kStart)).value();

    for (const char* id : {"hidden", "open", "empty"}) test->remove_channel(ChannelId{id}).value();
    CHECK(test->directory()->deleted_channels.at(ChannelId{"hidden"}).authorized);
    test.restart();

    const auto known = test->directory();
    CHECK(known->deleted_channels.at(ChannelId{"hidden"}).authorized);
    CHECK(known->deleted_channels.at(ChannelId{"hidden"}).arn == hidden.arn);
    CHECK_FALSE(known->deleted_channels.at(ChannelId{"open"}).authorized);
    CHECK_FALSE(known->deleted_channels.contains(ChannelId{"empty"}));
}

}  // namespace oxbow::catalog
