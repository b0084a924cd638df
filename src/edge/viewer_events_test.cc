#include "edge/viewer_events.h"

#include <future>

#include <doctest/doctest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "net/loops.h"

namespace oxbow::edge {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr WallTime kStart{1'675'983'341'550ms};  // 2023-02-09T22:55:41.550Z
const ChannelId kChannel{"AsXego4U6tnj"};
const StreamId kStream{"st-1"};

/// A real channel whose views go to ViewerEvents, and readers of these.
struct Watching {
    Watching() { loops.start(); }
    ~Watching() {
        events.close();
        loops.stop();
        loops.join();
    }

    std::shared_ptr<net::HttpStream> read(std::string_view last_event_id,
                                          std::optional<std::string> only = std::nullopt) {
        return events.read(loops.at(0).get_executor(), last_event_id, only);
    }
    std::string next(const std::shared_ptr<net::HttpStream>& reader) {
        return asio::co_spawn(
                   loops.at(0), [reader] { return reader->next(); }, asio::use_future)
            .get()
            .value_or("the end");
    }

    /// A segment of 2 s into the live playlist, and the timeline if there is one.
    void list(int number) {
        auto segment = std::make_shared<LiveSegment>();
        segment->start = 2s * number;
        segment->duration = 2s;
        segment->program_date_time = kStart + 2s * number;
        segment->bytes.append(Bytes(188, 0x47));
        if (timeline) timeline->list(timeline->take_number(), {segment, {}});
        channel.list("/seg/" + std::to_string(number), {segment, {}});
        channel.publish();
    }
    void go_live(const StreamId& stream = kStream) {
        channel.begin(stream, clock.wall());
        channel.describe({.group_id = "720p30"});
    }
    void record() {
        timeline = std::make_shared<live::Timeline>(
            live::Timeline::Names{kChannel, RecordingId{"j8Z9O91ndcVs"}, "x", "e"});
        channel.set_timeline(timeline);
    }

    ManualClock clock{kStart};
    bool is_public = true;
    net::Loops loops{1};
    ViewerEvents events{
        "mp3k9a", clock, [this](const ChannelId&) { return is_public; }, {.gather = 0ms}};
    live::ChannelViews views;
    live::LiveChannel channel{kChannel, views,
                              [this](const live::ChannelView& view) { events.on_view(view); }};
    std::shared_ptr<live::Timeline> timeline;
};

TEST_CASE("a channel is live with its first segment, not before, and offline at its end") {
    Watching at;
    at.go_live();
    CHECK(at.next(at.read("")) == "id: mp3k9a-0\nevent: state\ndata: {\"channels\":[]}\n\n");

    at.list(0);
    at.list(1);
    at.channel.end();

    CHECK(at.next(at.read("mp3k9a-0")) ==
          "id: mp3k9a-1\nevent: live\ndata: {\"streamId\":\"st-1\","
          "\"startedAt\":\"2023-02-09T22:55:41.550Z\",\"channelId\":\"AsXego4U6tnj\"}\n\n"
          "id: mp3k9a-2\nevent: offline\ndata: {\"channelId\":\"AsXego4U6tnj\"}\n\n");
}

TEST_CASE("a recording starts with its first segment, grows in steps of 5 s, and ends") {
    Watching at;
    at.go_live();
    at.record();
    at.list(0);
    const auto reader = at.read("mp3k9a-1");  // behind recording-started

    at.list(1);
    at.list(2);
    at.list(3);
    at.timeline->end();
    at.channel.publish();

    CHECK(at.next(reader) ==
          "id: mp3k9a-2\nevent: live\ndata: {\"streamId\":\"st-1\","
          "\"startedAt\":\"2023-02-09T22:55:41.550Z\",\"channelId\":\"AsXego4U6tnj\"}\n\n"
          "id: mp3k9a-3\nevent: recording-grew\ndata: {\"recordingId\":\"j8Z9O91ndcVs\","
          "\"durationMs\":8000,\"channelId\":\"AsXego4U6tnj\"}\n\n"
          "id: mp3k9a-4\nevent: recording-ended\ndata: {\"recordingId\":\"j8Z9O91ndcVs\","
          "\"durationMs\":8000,\"channelId\":\"AsXego4U6tnj\"}\n\n");
}

TEST_CASE(
    "while a recording waits for its publisher the channel is interrupted, until it is back") {
    Watching at;
    at.go_live();
    at.record();
    at.list(0);
    at.channel.await_publisher(kStart + 1min);
    at.channel.end();
    const auto reader = at.read("mp3k9a-2");

    at.go_live(StreamId{"st-2"});
    at.channel.await_publisher(std::nullopt);
    at.channel.publish();
    at.list(1);

    CHECK(at.next(reader) ==
          "id: mp3k9a-3\nevent: interrupted\ndata: "
          "{\"reconnectUntil\":\"2023-02-09T22:56:41.550Z\",\"channelId\":\"AsXego4U6tnj\"}\n\n"
          "id: mp3k9a-4\nevent: live\ndata: {\"streamId\":\"st-2\","
          "\"startedAt\":\"2023-02-09T22:55:41.550Z\",\"channelId\":\"AsXego4U6tnj\"}\n\n");
}

TEST_CASE("a channel whose publisher does not come back goes offline with its recording's end") {
    Watching at;
    at.go_live();
    at.record();
    at.list(0);
    at.channel.await_publisher(kStart + 1min);
    at.channel.end();
    const auto reader = at.read("mp3k9a-3");

    at.clock.advance(1min);
    at.timeline->end();
    at.channel.publish();

    CHECK(at.next(reader) ==
          "id: mp3k9a-4\nevent: recording-ended\ndata: {\"recordingId\":\"j8Z9O91ndcVs\","
          "\"durationMs\":2000,\"channelId\":\"AsXego4U6tnj\"}\n\n"
          "id: mp3k9a-5\nevent: offline\ndata: {\"channelId\":\"AsXego4U6tnj\"}\n\n");
}

TEST_CASE("who is new, or comes from another process, begins with all that is not offline") {
    Watching at;
    at.go_live();
    at.record();
    at.list(0);
    const std::string state =
        "id: mp3k9a-2\nevent: state\ndata: {\"channels\":[{\"streamId\":\"st-1\","
        "\"startedAt\":\"2023-02-09T22:55:41.550Z\",\"channelId\":\"AsXego4U6tnj\","
        "\"state\":\"live\",\"recordingId\":\"j8Z9O91ndcVs\",\"durationMs\":2000}]}\n\n";

    CHECK(at.next(at.read("")) == state);
    CHECK(at.next(at.read("another-1")) == state);
    CHECK(at.next(at.read("mp3k9a-x")) == state);
    CHECK(at.next(at.read("", "another")) ==
          "id: mp3k9a-2\nevent: state\ndata: {\"channels\":[]}\n\n");
}

TEST_CASE("a channel that is deleted while it is live goes offline") {
    Watching at;
    at.go_live();
    at.list(0);
    const auto reader = at.read("mp3k9a-1");

    at.is_public = false;
    at.channel.publish();

    CHECK(at.next(reader) ==
          "id: mp3k9a-2\nevent: offline\ndata: {\"channelId\":\"AsXego4U6tnj\"}\n\n");
    CHECK(at.next(at.read("")) == "id: mp3k9a-2\nevent: state\ndata: {\"channels\":[]}\n\n");
}

TEST_CASE("a private channel is not told of") {
    Watching at;
    at.is_public = false;
    at.go_live();
    at.list(0);

    CHECK(at.next(at.read("")) == "id: mp3k9a-0\nevent: state\ndata: {\"channels\":[]}\n\n");
}

}  // namespace
}  // namespace oxbow::edge
