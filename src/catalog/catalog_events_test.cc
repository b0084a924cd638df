#include <doctest/doctest.h>

#include "catalog/test_catalog.h"

namespace oxbow::catalog {
namespace {

using namespace std::chrono_literals;

StreamSession session_of(const std::string& channel, const std::string& id, WallTime started_at) {
    StreamSession session;
    session.id = StreamId{id};
    session.channel = ChannelId{channel};
    session.started_at = started_at;
    return session;
}

Event event_of(const std::string& channel, const std::string& name) {
    return {.channel = ChannelId{channel},
            .stream = StreamId{"st-" + channel},
            .type = "IVS Stream State Change",
            .name = name,
            .code = "",
            .time = kStart,
            .body = "{\"" + name + "\"}"};
}

LogEntry entry(Event event) {
    return {.session = std::nullopt, .events = {std::move(event)}, .recording = std::nullopt};
}
LogEntry entry(StreamSession session) {
    return {.session = std::move(session), .events = {}, .recording = std::nullopt};
}

std::vector<std::uint64_t> cursors_of(const std::vector<Event>& events) {
    std::vector<std::uint64_t> out;
    for (const Event& event : events) out.push_back(event.cursor);
    return out;
}

using Cursors = std::vector<std::uint64_t>;

TEST_CASE("events get rising cursors, and are there after a restart as they were written") {
    TestCatalog test;
    test->append_to_log({entry(event_of("a", "One")), entry(event_of("b", "Two"))}, {}).value();
    test.restart();
    test->append_to_log({entry(event_of("a", "Three"))}, {}).value();

    const auto all = test->events_after(0, 10, std::nullopt).value();

    REQUIRE(cursors_of(all) == Cursors{1, 2, 3});
    CHECK(all[1].channel == ChannelId{"b"});
    CHECK(all[1].stream == StreamId{"st-b"});
    CHECK(all[1].type == "IVS Stream State Change");
    CHECK(all[1].name == "Two");
    CHECK(all[1].time == kStart);
    CHECK(all[1].body == "{\"Two\"}");
    CHECK(test->event(3).value().name == "Three");
    CHECK(test->event(4).error().code == ErrorCode::NotFound);
}

TEST_CASE("the log is read behind a cursor, in pages, of all channels or of one") {
    TestCatalog test;
    test->append_to_log({entry(event_of("a", "One")), entry(event_of("b", "Two")),
                         entry(event_of("a", "Three")), entry(event_of("a", "Four"))},
                        {})
        .value();

    CHECK(cursors_of(test->events_after(1, 2, std::nullopt).value()) == Cursors{2, 3});
    CHECK(cursors_of(test->events_after(1, 9, ChannelId{"a"}).value()) == Cursors{3, 4});
    CHECK(cursors_of(test->events_after(4, 9, std::nullopt).value()).empty());
    CHECK(cursors_of(test->stream_events(StreamId{"st-a"}, 2).value()) == Cursors{4, 3});
    CHECK(test->event_range().value().oldest == 1);
    CHECK(test->event_range().value().newest == 4);
}

TEST_CASE("a cursor is not given again, also when the events that had it are gone") {
    TestCatalog test;
    test->append_to_log({entry(event_of("a", "One")), entry(event_of("a", "Two"))}, {}).value();
    test->prune_events({.events_since = kStart + 1ms, .events_max = 10}).value();
    CHECK(test->event_range().value().newest == 0);
    CHECK(test->last_cursor().value() == 2);

    const auto next = test->append_to_log({entry(event_of("a", "Three"))}, {}).value();

    CHECK(cursors_of(next) == Cursors{3});
}

TEST_CASE("events go by age and by number, the oldest first, a step at a time") {
    TestCatalog test;
    test->append_to_log({entry(event_of("a", "One")), entry(event_of("a", "Two")),
                         entry(event_of("a", "Three"))},
                        {})
        .value();

    CHECK_FALSE(test->prune_events({.events_since = kStart, .events_max = 3}).value());
    CHECK(test->event_range().value().oldest == 1);
    CHECK_FALSE(test->prune_events({.events_since = kStart, .events_max = 2}).value());
    CHECK(test->event_range().value().oldest == 2);
    CHECK(
        test->prune_events({.events_since = kStart + 1ms, .events_max = 3, .step_max = 1}).value());
    CHECK(test->event_range().value().oldest == 3);
}

TEST_CASE("a session is written with its event, and replaced as it goes on") {
    TestCatalog test;
    StreamSession session = session_of("a", "st-a", kStart);
    session.channel_then = channel_named("a");
    session.channel_then->tags = {{"team", "sports"}};
    session.recording_configuration = configuration_of(kConfigurationArn);
    session.recording_configuration->reconnect_window = 60s;
    test->append_to_log(
            {{.session = session, .events = {event_of("a", "Session Created")}, .recording = {}}},
            {})
        .value();
    session.live_at = kStart + 1s;
    session.ended_at = kStart + 1min;
    session.recording = RecordingId{"j8Z9O91ndcVs"};
    session.ingest = ivs::IngestConfiguration{
        .video = ivs::VideoIngest{.codec = "avc1.4D401F", .width = 1280, .frame_rate = 29.97},
        .audio = ivs::AudioIngest{.codec = "mp4a.40.2", .channels = 2, .sample_rate = 48'000}};
    test->append_to_log({entry(session)}, {}).value();
    test.restart();

    const auto read = test->stream_session(StreamId{"st-a"}).value();

    CHECK(read.channel == ChannelId{"a"});
    CHECK(read.started_at == kStart);
    CHECK(read.live_at == kStart + 1s);
    CHECK(read.ended_at == kStart + 1min);
    CHECK(read.recording == RecordingId{"j8Z9O91ndcVs"});
    CHECK(read.ingest == session.ingest);
    REQUIRE(read.channel_then);
    CHECK(read.channel_then->arn == "arn:aws:ivs:us-east-1:000000000000:channel/a");
    CHECK(read.channel_then->tags == Tags{{"team", "sports"}});
    REQUIRE(read.recording_configuration);
    CHECK(read.recording_configuration->reconnect_window == 60s);
    CHECK_FALSE(read.has_error_event);
    CHECK(test->stream_session(StreamId{"st-z"}).error().code == ErrorCode::NotFound);
}

TEST_CASE("the newest session of each channel says how far apart its key frames were") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    test->add_channel(channel_named("b"), key_of("b")).value();
    StreamSession newest = session_of("a", "st-2", kStart + 1h);
    newest.ingest =
        ivs::IngestConfiguration{.video = ivs::VideoIngest{.longest_key_frame_interval_ms = 2'002}};
    test->append_to_log({entry(session_of("a", "st-1", kStart)), entry(newest)}, {}).value();

    const auto listed = test->newest_stream_sessions().value();

    REQUIRE(listed.size() == 1);
    CHECK(listed[0].id == StreamId{"st-2"});
    CHECK(listed[0].ingest->video->longest_key_frame_interval_ms == 2'002);
}

TEST_CASE("a session with a failure among its events says so, also when it is written again") {
    TestCatalog test;
    const StreamSession session = session_of("a", "st-a", kStart);
    test->append_to_log({entry(session)}, {}).value();
    test->append_to_log({entry(event_of("a", "Stream Failure"))}, {}).value();
    test->append_to_log({entry(session)}, {}).value();

    CHECK(test->stream_session(StreamId{"st-a"}).value().has_error_event);
}

TEST_CASE("sessions are listed newest first, outlive their channel, and go some time after it") {
    TestCatalog test;
    test->add_channel(channel_named("a"), key_of("a")).value();
    StreamSession ended = session_of("a", "st-1", kStart);
    ended.ended_at = kStart + 1min;
    test->append_to_log({entry(ended), entry(session_of("a", "st-2", kStart + 1h))}, {}).value();
    test->remove_channel(ChannelId{"a"}).value();

    const auto listed = test->stream_sessions(ChannelId{"a"}, {}).value();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].id == StreamId{"st-2"});
    CHECK(listed[1].ended_at == kStart + 1min);
    CHECK(test->open_stream_sessions().value().at(0).id == StreamId{"st-2"});

    test->prune_events({.events_since = kStart, .sessions_ended_since = kStart + 1min}).value();
    CHECK(test->stream_sessions(ChannelId{"a"}, {}).value().size() == 2);
    test->prune_events({.events_since = kStart, .sessions_ended_since = kStart + 1min + 1ms})
        .value();
    CHECK(test->stream_sessions(ChannelId{"a"}, {}).value().size() == 1);
}

Recording recording_of(const std::string& id, WallTime started_at) {
    Recording recording;
    recording.id = RecordingId{id};
    recording.channel = ChannelId{"a"};
    recording.prefix = "ivs/v1/000000000000/a/2023/2/9/22/55/" + id;
    recording.started_at = started_at;
    return recording;
}

TEST_CASE("a recording is untold until its start and its end stand in the log") {
    TestCatalog test;
    test->add_recording(recording_of("r1", kStart)).value();
    test->add_recording(recording_of("r2", kStart + 1s)).value();
    const auto tell = [&test](const char* id, bool ended) {
        test->append_to_log(
                {{.session = std::nullopt,
                  .events = {event_of("a", ended ? "Recording End" : "Recording Start")},
                  .recording = ToldRecording{RecordingId{id}, ended}}},
                {})
            .value();
    };
    REQUIRE(test->untold_recordings().value().size() == 2);
    CHECK_FALSE(test->untold_recordings().value()[0].start_told);

    tell("r1", false);
    CHECK(test->untold_recordings().value().at(0).recording.id == RecordingId{"r1"});
    CHECK(test->untold_recordings().value().at(0).start_told);
    tell("r1", true);

    REQUIRE(test->untold_recordings().value().size() == 1);
    CHECK(test->untold_recordings().value()[0].recording.id == RecordingId{"r2"});
}

TEST_CASE("every event is owed to every receiver until it takes it or never will") {
    TestCatalog test;
    test->append_to_log({entry(event_of("a", "One")), entry(event_of("b", "Two"))},
                        {"http://x", "http://y"})
        .value();
    test->settle_delivery("http://x", 1).value();
    test->give_up_delivery("http://y", 1, "it answered 500").value();

    const auto x = test->pending_deliveries("http://x", 0, 10).value();
    const auto y = test->pending_deliveries("http://y", 0, 10).value();
    const auto dead = test->dead_deliveries(0, 10).value();

    REQUIRE(x.size() == 1);
    CHECK(x[0].cursor == 2);
    CHECK(x[0].channel == ChannelId{"b"});
    REQUIRE(y.size() == 1);
    CHECK(test->pending_deliveries("http://y", 2, 10).value().empty());
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].receiver == "http://y");
    CHECK(dead[0].cursor == 1);
    CHECK(dead[0].why == "it answered 500");
}

TEST_CASE("what is owed goes with the event, and with the receiver") {
    TestCatalog test;
    test->append_to_log({entry(event_of("a", "One"))}, {"http://x", "http://y"}).value();
    test->keep_receivers({"http://y"}).value();
    CHECK(test->pending_deliveries("http://x", 0, 10).value().empty());
    CHECK(test->pending_deliveries("http://y", 0, 10).value().size() == 1);

    test->prune_events({.events_since = kStart + 1ms}).value();

    CHECK(test->pending_deliveries("http://y", 0, 10).value().empty());
}

TEST_CASE("entries that cannot be written leave nothing behind, not even a number") {
    TestCatalog test;
    test.run(
        "CREATE TRIGGER no_two BEFORE INSERT ON events WHEN NEW.name = 'Two' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END");

    CHECK_FALSE(
        test->append_to_log({entry(event_of("a", "One")), entry(event_of("a", "Two"))}, {}));

    CHECK(test->event_range().value().newest == 0);
    CHECK(cursors_of(test->append_to_log({entry(event_of("a", "Three"))}, {}).value()) ==
          Cursors{1});
}

}  // namespace
}  // namespace oxbow::catalog
