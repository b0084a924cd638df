#include "live/live_channel.h"

#include <doctest/doctest.h>

using namespace oxbow;
using namespace oxbow::live;
using namespace std::chrono_literals;

namespace {

const ChannelId kChannel{"AsXego4U6tnj"};
const StreamId kStream{"st-1FQzeLONMT9XTKI43leLSo1"};
constexpr WallTime kStart{1'700'000'000s};

LiveSegmentPtr segment(int number, std::chrono::milliseconds duration, bool discontinuity = false) {
    auto made = std::make_shared<LiveSegment>();
    made->duration = duration;
    made->program_date_time = kStart + number * duration;
    made->discontinuity = discontinuity;
    made->bytes.append(Bytes(188, 0x47));
    return made;
}

std::shared_ptr<Timeline> timeline() {
    return std::make_shared<Timeline>(Timeline::Names{
        kChannel, RecordingId{"j8Z9O91ndcVs"}, "ivs/v1/000000000000/AsXego4U6tnj/x", "mp3k9a"});
}

void list(Timeline& timeline, int count, std::chrono::milliseconds duration) {
    for (int i = 0; i < count; ++i) {
        const std::uint64_t number = timeline.take_number();
        timeline.list(number, {segment(static_cast<int>(number), duration), {}});
    }
}

void list(LiveChannel& channel, int from, int count, std::chrono::milliseconds duration) {
    for (int i = from; i < from + count; ++i) {
        channel.list("/seg/" + std::to_string(i) + ".ts", {segment(i, duration, i == 1), {}});
    }
}

void list_recorded(LiveChannel& channel, Timeline& timeline, int count,
                   std::chrono::milliseconds duration) {
    for (int i = 0; i < count; ++i) {
        const std::uint64_t number = timeline.take_number();
        const MediaPlace media{segment(i, duration), {}};
        timeline.list(number, media);
        channel.list(timeline.uri(number), media, number);
    }
}

const Variant kVariant{.group_id = "720p30",
                       .bandwidth = 1'000'000,
                       .codecs = "avc1.64001F",
                       .width = 1280,
                       .height = 720};

Chunk chunk(std::uint64_t number, int segments) {
    Chunk made{.number = number};
    for (int i = 0; i < segments; ++i) {
        made.segments.push_back({static_cast<std::uint64_t>(i) * 188, 188, 2s, kStart});
    }
    return made;
}

}  // namespace

TEST_CASE("a segment has one permanent name that carries channel, recording and process epoch") {
    CHECK(timeline()->uri(57) == "/seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts");
}

TEST_CASE("a segment outside the live window stays in memory until its chunk is an object") {
    const auto line = timeline();
    list(*line, 20, 2s);
    CHECK(line->view()->held_segment(0) != nullptr);

    line->locate(chunk(0, 1));
    line->locate(chunk(1, 5));

    const auto view = line->view();
    CHECK(view->held_segment(5) == nullptr);
    CHECK(view->held_segment(6) != nullptr);
    CHECK(view->held_segment(19) != nullptr);
    CHECK(view->held_segment(20) == nullptr);
    CHECK(view->located.size() == 6);
    CHECK(view->located[1].chunk == 1);
    CHECK(view->located[1].offset == 0);
}

TEST_CASE("the window keeps at least twelve segments and at least 24 seconds in memory") {
    const auto line = timeline();
    list(*line, 40, 1s);
    line->locate(chunk(0, 40));

    CHECK(line->view()->held->size() == 24);
}

TEST_CASE("the rewind playlist only grows and ends with ENDLIST") {
    const auto line = timeline();
    list(*line, 3, 2s);
    const std::string before = line->view()->playlist.get()->str();

    list(*line, 2, 2s);
    line->end();

    const std::string after = line->view()->playlist.get()->str();
    CHECK(after.starts_with(before));
    CHECK(after.ends_with("#EXT-X-ENDLIST\n"));
    CHECK(line->view()->ended);
}

TEST_CASE("a timeline goes on behind what an earlier process left, under the names of both") {
    Timeline line{{.channel = kChannel,
                   .recording = RecordingId{"j8Z9O91ndcVs"},
                   .prefix = "prefix",
                   .epoch = "bbb"}};
    line.take_up({chunk(0, 1), chunk(1, 2)}, SegmentNames{"0:aaa"}, 3);

    CHECK(line.take_number() == 3);
    line.list(3, {segment(3, 2s, true), {}});

    const auto view = line.view();
    const std::string& text = view->playlist.get()->str();
    CHECK(text.find("\n../../../seg/AsXego4U6tnj/j8Z9O91ndcVs/aaa-2.ts\n#EXT-X-DISCONTINUITY\n") !=
          std::string::npos);
    CHECK(text.find("\n../../../seg/AsXego4U6tnj/j8Z9O91ndcVs/bbb-3.ts\n") != std::string::npos);
    CHECK(view->index_of("aaa", 2) == 2);
    // Of what is not synced yet, the index may be another segment's after a power loss.
    CHECK_FALSE(view->index_of("bucket", 2));
    CHECK(view->located[2].chunk == 1);
    CHECK(view->held_segment(2) == nullptr);
    CHECK(view->held_segment(3) != nullptr);
}

TEST_CASE("a segment that the recording lacks leaves a hole in numbers, places and time") {
    const auto line = timeline();
    list(*line, 2, 2s);
    static_cast<void>(line->take_number());
    list(*line, 1, 2s);

    const auto view = line->view();
    CHECK(view->playlist.get()->str().find(
              "-1.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:") != std::string::npos);
    CHECK(view->names.index_of("mp3k9a", 3) == 2);
    CHECK(view->held_segment(2) != nullptr);
    CHECK(line->lists(3));
    CHECK_FALSE(line->lists(2));
}

TEST_CASE("the live playlist slides and counts the discontinuities that it let go") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    list(channel, 0, 14, 2s);
    channel.publish();

    const auto on_air = views.get(kChannel)->on_air;
    CHECK(on_air->playlist.get()->str().find("#EXT-X-MEDIA-SEQUENCE:2\n") != std::string::npos);
    CHECK(on_air->playlist.get()->str().find("#EXT-X-DISCONTINUITY-SEQUENCE:1\n") !=
          std::string::npos);
    CHECK(on_air->playlist.get()->str().find("/seg/1.ts") == std::string::npos);
    CHECK(on_air->playlist.get()->str().find("\n../../../../../seg/2.ts\n") != std::string::npos);
}

TEST_CASE(
    "without a recording a segment stays for one more playlist's length after it was listed") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    list(channel, 0, 30, 2s);
    channel.publish();

    const auto on_air = views.get(kChannel)->on_air;
    CHECK(on_air->segment("/seg/29.ts") != nullptr);
    CHECK(on_air->segment("/seg/6.ts") != nullptr);
    CHECK(on_air->segment("/seg/5.ts") == nullptr);
}

TEST_CASE("a recorded broadcast holds in its window only what the playlist lists") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    const auto line = timeline();
    channel.set_timeline(line);
    channel.begin(kStream, kStart);
    list_recorded(channel, *line, 30, 2s);
    channel.publish();

    CHECK(views.get(kChannel)->on_air->segments->size() == 12);
}

TEST_CASE("a timeline that another follows stays until it has ended") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    const auto first = timeline();
    const auto second = std::make_shared<Timeline>(
        Timeline::Names{.channel = kChannel, .recording = RecordingId{"khwNsijdauqx"}});
    channel.set_timeline(first);
    channel.set_timeline(second);
    channel.publish();

    const auto both = views.get(kChannel);
    REQUIRE(both->timeline_of(first->recording()));
    CHECK(both->timeline_of(first->recording())->recording == first->recording());
    CHECK(both->timeline_of(second->recording())->recording == second->recording());
    CHECK_FALSE(both->timeline_of(RecordingId{"q5vTJvikNiEU"}));

    first->end();
    channel.publish();
    CHECK_FALSE(views.get(kChannel)->timeline_of(first->recording()));
    CHECK(views.get(kChannel)->timeline_of(second->recording()));
}

TEST_CASE("a segment that the disk has not taken stays for players when the window has left it") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.set_timeline(timeline());
    channel.begin(kStream, kStart);
    list(channel, 0, 14, 2s);
    channel.publish();

    CHECK(views.get(kChannel)->on_air->segment("/seg/0.ts") != nullptr);
}

TEST_CASE(
    "a channel cannot be watched before its first segment, and its playlist ends with ENDLIST") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    CHECK(views.get(kChannel)->watchable() == nullptr);

    channel.describe(kVariant);
    list(channel, 0, 1, 2s);
    channel.publish();
    CHECK(views.get(kChannel)->watchable()->multivariant->str().find(
              "/api/video/v1/playlist/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1.m3u8") !=
          std::string::npos);

    channel.end();
    CHECK(views.get(kChannel)->on_air == nullptr);
    CHECK(views.get(kChannel)
              ->broadcast(kStream.view())
              ->playlist.get()
              ->str()
              .ends_with("#EXT-X-ENDLIST\n"));

    channel.forget(kStream);
    CHECK(views.get(kChannel)->broadcast(kStream.view()) == nullptr);
}

TEST_CASE("with the end of a broadcast it shows until when the recording waits, not before") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    list(channel, 0, 1, 2s);
    channel.publish();

    channel.await_publisher(kStart + 60s);
    CHECK_FALSE(views.get(kChannel)->reconnect_until.has_value());
    channel.end();

    CHECK(views.get(kChannel)->on_air == nullptr);
    CHECK(views.get(kChannel)->reconnect_until == kStart + 60s);
}

TEST_CASE("a channel that is withdrawn is in no view, and comes back with its next broadcast") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    list(channel, 0, 1, 2s);
    channel.end();
    channel.forget(kStream);

    channel.withdraw();
    CHECK(views.get(kChannel) == nullptr);
    CHECK(views.all().empty());

    channel.begin(StreamId{"st-2"}, kStart + 10s);
    channel.publish();
    CHECK(views.get(kChannel)->on_air->stream == StreamId{"st-2"});
}

TEST_CASE("a new broadcast does not cut off the players of the one before") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    list(channel, 0, 3, 2s);

    channel.begin(StreamId{"st-2"}, kStart + 10s);

    const auto before = views.get(kChannel)->broadcast(kStream.view());
    CHECK(before->playlist.get()->str().ends_with("#EXT-X-ENDLIST\n"));
    CHECK(before->segment("/seg/2.ts") != nullptr);
    CHECK(views.get(kChannel)->on_air->stream == StreamId{"st-2"});
}

TEST_CASE(
    "an encoder that flaps keeps the playlists of its last four broadcasts, not of the fifth "
    "before") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    for (const char* stream : {"st-1", "st-2", "st-3", "st-4", "st-5"}) {
        channel.begin(StreamId{stream}, kStart);
        list(channel, 0, 1, 2s);
    }

    channel.end();

    CHECK(views.get(kChannel)->broadcast("st-1") == nullptr);
    CHECK(views.get(kChannel)->broadcast("st-2") != nullptr);
}

namespace {

constexpr std::string_view kPartPath = "/seg/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1/mp3k9a-p";

/// A segment of 2 s with parts 5 n to 5 n + 4.
LiveSegmentPtr segment_with_parts(std::uint64_t number) {
    auto made = std::make_shared<LiveSegment>();
    made->duration = 2s;
    made->part_path = kPartPath;
    for (std::uint64_t i = 0; i < 5; ++i)
        made->parts.push_back({.number = 5 * number + i, .duration = 400ms});
    return made;
}

std::vector<LivePart> first_parts(const LiveSegmentPtr& segment, std::size_t count) {
    std::vector<LivePart> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back({segment, segment->parts[i]});
    return out;
}

}  // namespace

TEST_CASE("what a reload asks for is held when the playlist holds it, and not before") {
    const PlaylistReach reach{.segments = 7, .open_parts = 2, .parts_of_newest = 5};

    CHECK(reach.holds(6, std::nullopt));
    CHECK_FALSE(reach.holds(7, std::nullopt));
    CHECK(reach.holds(7, 1));
    CHECK_FALSE(reach.holds(7, 2));
    CHECK(reach.holds(6, 4));
    CHECK(reach.holds(6, 5));  // behind its last part: the first of the next
    CHECK_FALSE(PlaylistReach{.segments = 7, .open_parts = 0, .parts_of_newest = 5}.holds(6, 5));
    CHECK(PlaylistReach{.segments = 7, .open_parts = 0, .parts_of_newest = 0}.holds(6, 5));
    CHECK(reach.holds(3, 99));
    CHECK_FALSE(reach.holds(8, 0));
}

TEST_CASE("a reload may be one segment and three parts ahead") {
    const PlaylistReach reach{.segments = 7, .open_parts = 2, .parts_of_newest = 5};

    CHECK_FALSE(reach.is_far_from(8, std::nullopt));
    CHECK(reach.is_far_from(9, std::nullopt));
    CHECK_FALSE(reach.is_far_from(7, 4));
    CHECK(reach.is_far_from(7, 5));
}

TEST_CASE("open parts are listed until their segment is, and can be fetched before and after") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    channel.describe(kVariant);
    const LiveSegmentPtr first = segment_with_parts(0);
    const LiveSegmentPtr second = segment_with_parts(1);
    const std::string hint = part_uri(kPartPath, 7);

    channel.add_parts(0, first_parts(first, 5), part_uri(kPartPath, 5));
    channel.list("/seg/0.ts", {first, {}});
    channel.add_parts(1, first_parts(second, 2), hint);
    channel.publish();
    const auto view = views.get(kChannel)->on_air;

    CHECK(view->reach.segments == 1);
    CHECK(view->reach.open_parts == 2);
    CHECK(view->reach.parts_of_newest == 5);
    CHECK(view->next_part == hint);
    CHECK(view->part(part_uri(kPartPath, 0)));
    CHECK(view->part(part_uri(kPartPath, 6)));
    CHECK_FALSE(view->part(hint));
    CHECK(view->with_parts.get()->str().find("PRELOAD-HINT") != std::string::npos);
    CHECK(view->playlist.get()->str().find("EXT-X-PART") == std::string::npos);

    channel.list("/seg/1.ts", {second, {}});
    channel.publish();
    CHECK(views.get(kChannel)->on_air->reach.open_parts == 0);
    channel.end();
    const auto ended = views.get(kChannel)->ended.at(0);
    CHECK(ended->next_part.empty());
    CHECK(ended->with_parts.get()->str().find("PRELOAD-HINT") == std::string::npos);
    CHECK(ended->part(part_uri(kPartPath, 9)));
}

TEST_CASE("parts of a segment that waits for the disk hide those of the next") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    channel.list("/seg/0.ts", {segment_with_parts(0), {}});

    channel.add_parts(2, first_parts(segment_with_parts(2), 1), part_uri(kPartPath, 11));
    channel.publish();
    const auto waits = views.get(kChannel)->on_air;
    CHECK(waits->reach.open_parts == 0);
    // What is listed next is hinted, though it is there; who has its name from before gets it.
    const std::string text = waits->with_parts.get()->str();
    const std::size_t hint = text.find("#EXT-X-PRELOAD-HINT");
    INFO(text);
    REQUIRE(hint != std::string::npos);
    CHECK(text.substr(hint).contains("mp3k9a-p10.ts"));
    CHECK(waits->part(part_uri(kPartPath, 10)));
    CHECK(waits->next_part == part_uri(kPartPath, 11));

    channel.list("/seg/1.ts", {segment_with_parts(1), {}});
    channel.publish();
    CHECK(views.get(kChannel)->on_air->reach.open_parts == 1);
}

TEST_CASE("before the first segment is listed there are neither parts nor a hint") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);

    channel.add_parts(0, first_parts(segment_with_parts(0), 2), part_uri(kPartPath, 2));
    channel.publish();

    const auto view = views.get(kChannel)->on_air;
    CHECK(view->reach.open_parts == 0);
    CHECK(view->next_part.empty());
    CHECK(view->with_parts.get()->str().find("#EXT-X-PART:") == std::string::npos);
    CHECK(view->with_parts.get()->str().find("#EXT-X-PRELOAD-HINT") == std::string::npos);
}

TEST_CASE("a timeline shows parts behind what is recorded, and not of what is lost") {
    const auto recorded = timeline();
    const LiveSegmentPtr first = segment_with_parts(0);
    const LiveSegmentPtr second = segment_with_parts(1);

    recorded->add_parts(0, first_parts(first, 5), part_uri(kPartPath, 5));
    CHECK(recorded->view()->reach.open_parts == 5);
    recorded->list(recorded->take_number(), {first, {}});
    recorded->add_parts(1, first_parts(second, 5), part_uri(kPartPath, 10));
    CHECK(recorded->view()->reach.segments == 1);
    CHECK(recorded->view()->reach.open_parts == 5);

    const auto hinted = [&recorded] {
        const std::string text = recorded->view()->with_parts.get().whole->str();
        const std::size_t hint = text.find("#EXT-X-PRELOAD-HINT");
        return text.substr(hint, text.find('\n', hint) - hint);
    };
    CHECK(hinted().ends_with("p10.ts\""));
    recorded->add_parts(2, first_parts(segment_with_parts(2), 2), part_uri(kPartPath, 12));
    CHECK(recorded->view()->reach.open_parts == 5);
    CHECK(hinted().ends_with("p10.ts\""));  // not 12: 10 is listed before, when 1 is written

    recorded->lose(recorded->take_number());
    CHECK(recorded->view()->reach.open_parts == 2);
    CHECK(hinted().ends_with("p12.ts\""));

    CHECK(recorded->view()->with_parts.get().whole->str().find("#EXT-X-DISCONTINUITY\n") !=
          std::string::npos);
    recorded->list(recorded->take_number(), {segment_with_parts(2), {}});
    const std::string closed = recorded->view()->with_parts.get().whole->str();
    CHECK(closed.find("#EXT-X-DISCONTINUITY\n") == closed.rfind("#EXT-X-DISCONTINUITY\n"));
    CHECK(closed.find("#EXT-X-DISCONTINUITY\n") != std::string::npos);

    recorded->end_parts();
    CHECK(recorded->view()->with_parts.get().whole->str().find("HINT") == std::string::npos);
    recorded->end();
    CHECK(recorded->view()->with_parts.get().whole->str().ends_with("#EXT-X-ENDLIST\n"));
}

TEST_CASE("a segment is found under the name that was given out for it before it was there") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    channel.describe(kVariant);
    list(channel, 0, 1, 2s);
    channel.promise(1, "/seg/1.ts");
    channel.promise(2, "/seg/promised.ts");
    channel.promise(2, "/seg/again.ts");
    channel.publish();

    const auto before = views.get(kChannel)->on_air;
    CHECK(before->coming() == std::vector<std::string>{"/seg/1.ts", "/seg/promised.ts"});
    CHECK(before->promised_as("/seg/again.ts") == nullptr);
    CHECK(before->segment_at(1) == nullptr);

    list(channel, 1, 2, 2s);
    channel.publish();
    const auto after = views.get(kChannel)->on_air;
    CHECK(after->coming().empty());
    REQUIRE(after->promised_as("/seg/promised.ts"));
    CHECK(after->segment_at(2) == after->segment("/seg/2.ts"));
    CHECK(after->segment_at(0) == after->segment("/seg/0.ts"));
    CHECK(after->segment_at(3) == nullptr);
}

TEST_CASE("what has left the window is not found by its number, also where it is kept a while") {
    ChannelViews views;
    LiveChannel channel{kChannel, views};
    channel.begin(kStream, kStart);
    channel.describe(kVariant);
    list(channel, 0, 40, 2s);
    channel.publish();

    const auto view = views.get(kChannel)->on_air;
    CHECK(view->segment_at(39) == view->segment("/seg/39.ts"));
    CHECK(view->segment_at(28) == view->segment("/seg/28.ts"));
    CHECK(view->segment_at(27) == nullptr);
}
