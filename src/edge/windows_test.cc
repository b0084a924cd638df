#include "edge/windows.h"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include "edge/test_recordings.h"

namespace oxbow::edge {
namespace {

using namespace test;

struct Fixture : TestRecordings {
    Fixture() {
        windows.emplace(Windows::Rooms{
            .catalog = *catalog, .ranges = *ranges, .channels = views, .clock = clock});
    }

    Result<Windows::View> load(WallTime from, WallTime to) {
        return windows->load({kChannel, std::nullopt, {from, to}});
    }
    /// What it lists: "r1-0 r1-1 | r2-0 ." with | for DISCONTINUITY and . for ENDLIST.
    std::string listed(WallTime from, WallTime to) {
        const auto view = load(from, to);
        return view ? listed_in(**view) : view.error().what;
    }
    static std::string listed_in(const WindowView& view) {
        std::string out;
        std::string text = view.playlist->str();
        for (std::size_t at = 0; at < text.size();) {
            const std::string line = text.substr(at, text.find('\n', at) - at);
            at += line.size() + 1;
            if (line == "#EXT-X-DISCONTINUITY") out += "| ";
            if (line == "#EXT-X-ENDLIST") out += ".";
            if (line.starts_with('#')) continue;
            // ../../seg/AsXego4U6tnj/r1/mp3k9a-0.ts
            const std::size_t id = line.find("/seg/") + 5 + kChannel.view().size() + 1;
            const std::size_t number = line.rfind('-');
            out += fmt::format("{}-{} ", line.substr(id, line.find('/', id) - id),
                               line.substr(number + 1, line.rfind('.') - number - 1));
        }
        return out;
    }

    /// The channel's live timeline, of which `segments` of 2 s from kStart on are in memory.
    std::shared_ptr<live::Timeline> go_live(const std::string& id, int segments) {
        auto timeline = std::make_shared<live::Timeline>(live::Timeline::Names{
            kChannel, RecordingId{id}, "ivs/v1/000000000000/AsXego4U6tnj/x", "mp3k9a"});
        grow(*timeline, segments);
        return timeline;
    }
    void grow(live::Timeline& timeline, int segments) {
        for (int i = 0; i < segments; ++i) {
            const std::uint64_t number = timeline.take_number();
            auto segment = std::make_shared<LiveSegment>();
            segment->duration = 2s;
            segment->program_date_time = kStart + 2s * static_cast<int>(number);
            segment->bytes.append(Bytes(kSegmentBytes, 0x47));
            timeline.list(number, {segment, {}});
        }
        show(timeline, true);
    }
    void show(live::Timeline& timeline, bool on_air) {
        auto view = std::make_shared<live::ChannelView>();
        view->channel = kChannel;
        if (on_air) {
            auto broadcast = std::make_shared<live::BroadcastView>();
            broadcast->recorded = true;
            view->on_air = broadcast;
        }
        view->timeline = timeline.view();
        views.publish(kChannel, view);
    }

    live::ChannelViews views;
    std::optional<Windows> windows;
};

}  // namespace

TEST_CASE(
    "a window lists what holds its first and last moment, and all between, across recordings") {
    Fixture at;
    at.add("r1", kStart, 4);
    at.add("r2", kStart + 1h, 4);
    at.clock.advance(2h);

    CHECK(at.listed(kStart + 5s, kStart + 1h + 3s) == "r1-2 r1-3 | r2-0 r2-1 .");
    CHECK(at.listed(kStart + 4s, kStart + 6s) == "r1-2 .");
    CHECK(at.listed(kWallTimeMin, kWallTimeMax) == "r1-0 r1-1 r1-2 r1-3 | r2-0 r2-1 r2-2 r2-3 .");
}

TEST_CASE("a window of one recording leaves the others out") {
    Fixture at;
    const auto row = at.add("r1", kStart, 4);
    at.add("r2", kStart + 1h, 4);

    const auto view = at.windows->load({kChannel, row.id, {kStart + 6s, kWallTimeMax}}).value();

    CHECK(Fixture::listed_in(*view) == "r1-3 .");
    CHECK(view->playlist->str().contains("\n../../../seg/AsXego4U6tnj/r1/mp3k9a-3.ts\n"));
    CHECK(view->settled);
    CHECK(at.windows->load({ChannelId{"another"}, row.id, {kStart, kWallTimeMax}}).error().code ==
          ErrorCode::NotFound);
}

TEST_CASE("a window into what is live grows until its end, and then never changes") {
    Fixture at;
    const auto row = at.add("r1", kStart, 5, false);
    at.show_open(row, playlist_of(kStart, 5, false));
    const auto timeline = at.go_live("r1", 7);

    CHECK(at.listed(kStart + 9s, kStart + 17s) == "r1-4 r1-5 r1-6 ");
    at.grow(*timeline, 1);
    CHECK(at.listed(kStart + 9s, kStart + 17s) == "r1-4 r1-5 r1-6 ");  // fresh for a while
    at.clock.advance(Windows::kWindowFresh);
    CHECK(at.listed(kStart + 9s, kStart + 17s) == "r1-4 r1-5 r1-6 r1-7 ");
    at.grow(*timeline, 3);
    at.clock.advance(Windows::kWindowFresh);
    const auto view = at.load(kStart + 9s, kStart + 17s).value();
    CHECK(Fixture::listed_in(*view) == "r1-4 r1-5 r1-6 r1-7 r1-8 .");
    CHECK(view->settled);

    at.clock.advance(1h);

    CHECK(at.windows->find({kChannel, std::nullopt, {kStart + 9s, kStart + 17s}}) == view);
}

TEST_CASE("what a window lists is the same whether it grew or is made at once") {
    Fixture at;
    const auto row = at.add("r1", kStart, 5, false);
    at.show_open(row, playlist_of(kStart, 5, false));
    const auto timeline = at.go_live("r1", 12);
    const auto grown = at.load(kStart + 1s, kStart + 18s).value();

    at.open.clear();
    at.put(row, playlist_of(kStart, 12, true));
    at.windows->forget(kChannel);
    const auto made = at.load(kStart + 1s, kStart + 18s).value();

    CHECK(grown->playlist->str() == made->playlist->str());
    CHECK(grown != made);
}

TEST_CASE("a segment that the recording lacks leaves a discontinuity behind it") {
    Fixture at;
    const auto row = at.add("r1", kStart, 0, false);
    const auto timeline = at.go_live("r1", 2);
    timeline->take_number();
    at.grow(*timeline, 1);

    CHECK(at.listed(kStart, kStart + 1h) == "r1-0 r1-1 | r1-3 ");
}

TEST_CASE("while a channel is off the air a window goes on until its end, and a moment longer") {
    Fixture at;
    at.add("r1", kStart, 4);
    const WallTime end = kStart + 20s;

    at.clock.advance(20s + Windows::kSettleTime - 1ms);
    CHECK(at.listed(kStart, end) == "r1-0 r1-1 r1-2 r1-3 ");
    at.clock.advance(Windows::kWindowFresh);

    const auto view = at.load(kStart, end).value();
    CHECK(Fixture::listed_in(*view) == "r1-0 r1-1 r1-2 r1-3 .");
    CHECK(view->settled);
}

TEST_CASE("a window of what is recorded elsewhere waits for the playlist that has its end") {
    Fixture at;
    const auto row = at.add("r1", kStart, 4, false);
    at.clock.advance(20s + Windows::kSettleTime);
    CHECK(at.listed(kStart, kStart + 20s) == "r1-0 r1-1 r1-2 r1-3 ");

    at.put(row, playlist_of(kStart, 12, false));
    at.clock.advance(Windows::kWindowFresh);

    CHECK(at.listed(kStart + 8s, kStart + 20s) == "r1-4 r1-5 r1-6 r1-7 r1-8 r1-9 .");
    CHECK(at.listed(kStart + 1s, kStart + 20s) ==
          "r1-0 r1-1 r1-2 r1-3 r1-4 r1-5 r1-6 r1-7 r1-8 r1-9 .");
}

TEST_CASE("without an end a window is over with the broadcast, and goes on with the next") {
    Fixture at;
    at.add("r1", kStart, 2);
    const auto view = at.load(kStart, kWallTimeMax).value();
    CHECK(Fixture::listed_in(*view) == "r1-0 r1-1 .");
    CHECK_FALSE(view->settled);

    at.add("r2", kStart + 1h, 1);
    at.clock.advance(Windows::kWindowFresh);

    CHECK(at.listed(kStart, kWallTimeMax) == "r1-0 r1-1 | r2-0 .");
}

TEST_CASE("where nothing is recorded the error says what is around it") {
    Fixture at;
    CHECK(at.listed(kStart, kStart + 1s) ==
          "nothing is recorded from 2023-11-14T22:13:20.000Z to 2023-11-14T22:13:21.000Z: there is "
          "no recording yet");
    at.add("r1", kStart, 4);
    at.add("r2", kStart + 1h, 4);

    CHECK(at.listed(kStart + 8s, kStart + 9s) ==
          "nothing is recorded from 2023-11-14T22:13:28.000Z to 2023-11-14T22:13:29.000Z: what is "
          "before it ends at 2023-11-14T22:13:28.000Z, what is behind it begins at "
          "2023-11-14T23:13:20.000Z");
    CHECK(at.listed(kWallTimeMin, kStart) ==
          "nothing is recorded from the beginning to 2023-11-14T22:13:20.000Z: what is behind it "
          "begins at 2023-11-14T22:13:20.000Z");
    CHECK(at.load(kStart + 2h, kWallTimeMax).error().code == ErrorCode::NotFound);
}

TEST_CASE("a window holds as many recordings as may be, and one more is refused") {
    Fixture at;
    for (std::size_t i = 0; i < Windows::kRecordingsMax; ++i)
        at.add(fmt::format("r{:03}", i), kStart + 10s * static_cast<int>(i), 1);
    CHECK(at.load(kStart, kStart + 100h).value()->recordings.size() == Windows::kRecordingsMax);

    at.add("one-more", kStart + 50h, 1);

    CHECK(at.load(kStart, kStart + 101h).error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("a window holds as many segments as may be, and one more is refused") {
    Fixture at;
    Windows small{{.catalog = *at.catalog,
                   .ranges = *at.ranges,
                   .channels = at.views,
                   .clock = at.clock,
                   .segments_max = 7}};
    at.add("r1", kStart, 4);
    at.add("r2", kStart + 1h, 4);

    CHECK(small.load({kChannel, std::nullopt, {kStart + 2s, kWallTimeMax}}).has_value());
    CHECK(small.load({kChannel, std::nullopt, {kStart, kWallTimeMax}}).error().code ==
          ErrorCode::LimitExceeded);
}

TEST_CASE("of more windows than are held the one asked for longest ago goes") {
    Fixture at;
    at.add("r1", kStart, 2);
    at.clock.advance(1h);
    const auto query = [](std::size_t n) {
        return WindowQuery{
            kChannel, std::nullopt, {kStart, kStart + 1s + 1ms * static_cast<int>(n)}};
    };
    for (std::size_t n = 0; n < Windows::kWindowsMax; ++n) REQUIRE(at.windows->load(query(n)));
    REQUIRE(at.windows->find(query(0)));

    REQUIRE(at.windows->load(query(Windows::kWindowsMax)));

    CHECK(at.windows->find(query(0)));
    CHECK_FALSE(at.windows->find(query(1)));
}

TEST_CASE("windows are let go of with a recording of their channel") {
    Fixture at;
    const auto row = at.add("r1", kStart, 2);
    at.clock.advance(1h);
    REQUIRE(at.load(kStart, kStart + 4s));

    at.windows->forget(ChannelId{"another"});
    CHECK(at.windows->find({kChannel, std::nullopt, {kStart, kStart + 4s}}));
    at.windows->forget(kChannel);

    CHECK_FALSE(at.windows->find({kChannel, std::nullopt, {kStart, kStart + 4s}}));
}

}  // namespace oxbow::edge
