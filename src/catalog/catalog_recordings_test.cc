#include <algorithm>

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

/// One that lasted from `started_at` to `ended_at`, media included.
Recording ended_recording(const std::string& channel, const std::string& id, WallTime started_at,
                          WallTime ended_at) {
    Recording recording = recording_of(channel, id, started_at);
    recording.status = RecordingStatus::Ended;
    recording.ended_at = ended_at;
    recording.duration = ended_at - started_at;
    return recording;
}

std::string ids_of(const std::vector<Recording>& recordings) {
    std::string out;
    for (const Recording& recording : recordings) out += recording.id.str() + " ";
    return out;
}

std::string between(TestCatalog& test, WallTime from, WallTime to) {
    return ids_of(
        test->recordings_between(ChannelId{"a"}, from, to, {.offset = 0, .limit = 10}).value());
}

TEST_CASE("a range has the recordings of which some moment lies in it, newest first") {
    TestCatalog test;
    test->add_recording(ended_recording("a", "r1", kStart, kStart + 10min)).value();
    test->add_recording(ended_recording("a", "r2", kStart + 1h, kStart + 2h)).value();
    test->add_recording(ended_recording("b", "r3", kStart, kStart + 2h)).value();
    test->add_recording(recording_of("a", "r4", kStart + 3h)).value();

    CHECK(between(test, kStart, kStart + 4h) == "r4 r2 r1 ");
    CHECK(between(test, kStart + 5min, kStart + 6min) == "r1 ");
    CHECK(between(test, kStart + 10min, kStart + 1h) == "");
    CHECK(between(test, kStart + 10min - 1ms, kStart + 1h) == "r1 ");
    CHECK(between(test, kStart + 10min, kStart + 1h + 1ms) == "r2 ");
    CHECK(between(test, kStart + 100h, kStart + 101h) == "r4 ");
    CHECK(between(test, kWallTimeMin, kWallTimeMax) == "r4 r2 r1 ");
}

TEST_CASE("a recording whose media is longer than it took lasts as long as its media") {
    TestCatalog test;
    Recording recording = ended_recording("a", "r", kStart, kStart + 1min);
    recording.duration = 1h;
    test->add_recording(recording).value();

    CHECK(between(test, kStart + 59min, kStart + 2h) == "r ");
    CHECK(between(test, kStart + 1h, kStart + 2h) == "");
}

TEST_CASE("a recording whose delete has begun is in no list, and there until its row goes") {
    TestCatalog test;
    const RecordingId id{"r2"};
    test->add_recording(ended_recording("a", "r1", kStart, kStart + 1min)).value();
    test->add_recording(ended_recording("a", "r2", kStart + 1h, kStart + 2h)).value();

    test->mark_deleting(id, "max_age").value();
    test.restart();

    CHECK(ids_of(test->recordings(ChannelId{"a"}, {}).value()) == "r1 ");
    CHECK(ids_of(test->newest_recordings().value()) == "r1 ");
    CHECK(between(test, kStart, kStart + 4h) == "r1 ");
    CHECK(test->retained_recordings({}, 10)->size() == 1);
    CHECK(ids_of(test->deleting_recordings().value()) == "r2 ");
    CHECK(test->recording(id)->deleting == "max_age");
    CHECK(test->set_recording_locked(id, true).error().code == ErrorCode::Conflict);
}

TEST_CASE("the delete of a recording that is locked, under way or not there does not begin") {
    TestCatalog test;
    test->add_recording(ended_recording("a", "r1", kStart, kStart + 1min)).value();
    test->set_recording_locked(RecordingId{"r1"}, true).value();
    test->add_recording(recording_of("a", "r2", kStart)).value();

    CHECK(test->mark_deleting(RecordingId{"r1"}, "x").error().code == ErrorCode::Conflict);
    CHECK(test->mark_deleting(RecordingId{"r2"}, "x").error().code == ErrorCode::Conflict);
    CHECK(test->mark_deleting(RecordingId{"r3"}, "x").error().code == ErrorCode::NotFound);
    CHECK(test->deleting_recordings()->empty());
}

TEST_CASE("the row of a deleted recording goes with the event that tells of it, once") {
    TestCatalog test;
    test->add_recording(ended_recording("a", "r", kStart, kStart + 1min)).value();
    LogEntry entry;
    entry.events = {Event{.channel = ChannelId{"a"}, .name = "Recording Deleted", .body = "{}"}};
    entry.removed = RecordingId{"r"};

    const auto not_begun = test->append_to_log({entry}, {}).value();
    test->mark_deleting(RecordingId{"r"}, "requested").value();
    const auto told = test->append_to_log({entry}, {}).value();
    const auto again = test->append_to_log({entry}, {}).value();

    CHECK(not_begun.empty());
    CHECK(told.size() == 1);
    CHECK(again.empty());
    CHECK(test->recording(RecordingId{"r"}).error().code == ErrorCode::NotFound);
}

TEST_CASE("a recording is of the configuration that its channel had when it began") {
    TestCatalog test;
    RecordingConfiguration configuration;
    configuration.arn = kConfigurationArn;
    configuration.name = "nightly";
    test->add_recording_configuration(configuration).value();
    Channel channel = channel_named("a");
    channel.recording_configuration_arn = kConfigurationArn;
    test->add_channel(channel, key_of("a")).value();

    test->add_recording(recording_of("a", "r1", kStart)).value();
    test->add_recording(recording_of("unknown", "r2", kStart)).value();
    test->remove_channel(ChannelId{"a"}).value();

    CHECK(test->recording(RecordingId{"r1"})->configuration == "nightly");
    CHECK(test->recording(RecordingId{"r2"})->configuration == "");
}

TEST_CASE("what retention looks at comes oldest first, in pages") {
    TestCatalog test;
    test->add_recording(ended_recording("a", "r2", kStart + 1h, kStart + 2h)).value();
    test->add_recording(ended_recording("b", "r1", kStart, kStart + 1min)).value();
    test->add_recording(recording_of("a", "r3", kStart + 1h)).value();
    test->set_recording_locked(RecordingId{"r3"}, true).value();

    const auto first = test->retained_recordings({}, 2).value();
    const auto rest =
        test->retained_recordings({.started_at = first[1].started_at, .id = first[1].id}, 2)
            .value();

    REQUIRE(first.size() == 2);
    CHECK(first[0].id == RecordingId{"r1"});
    CHECK(first[0].ended_at == kStart + 1min);
    CHECK(first[1].id == RecordingId{"r2"});
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].id == RecordingId{"r3"});
    CHECK_FALSE(rest[0].ended_at);
    CHECK(rest[0].locked);
}

TEST_CASE(
    "recordings are replaced, but for their locks, and for those under way or being deleted") {
    TestCatalog test;
    test->add_recording(ended_recording("a", "gone", kStart, kStart + 1min)).value();
    test->add_recording(ended_recording("a", "kept", kStart, kStart + 2min)).value();
    test->set_recording_locked(RecordingId{"kept"}, true).value();
    test->add_recording(recording_of("a", "open", kStart + 1h)).value();
    test->add_recording(ended_recording("a", "going", kStart, kStart + 3min)).value();
    test->mark_deleting(RecordingId{"going"}, "requested").value();
    Recording foreign = ended_recording("b", "new", kStart, kStart + 4min);
    foreign.layout.playlist = "multivariant.m3u8";
    Recording started = recording_of("b", "cut", kStart + 2h);

    test->replace_recordings({ended_recording("a", "kept", kStart, kStart + 5min),
                              ended_recording("a", "open", kStart, kStart + 5min),
                              ended_recording("a", "going", kStart, kStart + 5min), foreign,
                              started})
        .value();

    CHECK(test->recording(RecordingId{"gone"}).error().code == ErrorCode::NotFound);
    CHECK(test->recording(RecordingId{"kept"})->locked);
    CHECK(test->recording(RecordingId{"kept"})->ended_at == kStart + 5min);
    CHECK(test->recording(RecordingId{"open"})->status == RecordingStatus::Started);
    CHECK(test->recording(RecordingId{"going"})->deleting == "requested");
    CHECK(test->recording(RecordingId{"new"})->layout == foreign.layout);
    const auto untold = test->untold_recordings().value();
    const auto is_new = [](const UntoldRecording& each) {
        return each.recording.id == RecordingId{"new"};
    };
    CHECK(std::ranges::none_of(untold, is_new));
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
