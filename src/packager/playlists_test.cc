#include "packager/playlists.h"

#include <doctest/doctest.h>

namespace oxbow {
using namespace std::chrono_literals;

namespace {

const WallTime kWall = parse_rfc3339("2026-11-22T11:08:45.155Z").value();

SegmentEntry entry(std::string uri, MediaTime duration, WallTime time, bool discontinuity = false) {
    return {.uri = std::move(uri),
            .duration = duration,
            .program_date_time = time,
            .discontinuity = discontinuity};
}

}  // namespace

TEST_CASE("the live playlist gives every segment its time and says what was removed") {
    const std::vector<SegmentEntry> window{entry("/seg/a-7.ts", 2s, kWall),
                                           entry("/seg/b-8.ts", 1'041ms, kWall + 7s, true)};

    CHECK(
        live_playlist({.entries = window, .media_sequence = 7, .discontinuity_sequence = 2}, "") ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:7\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:2\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:45.155Z\n"
        "#EXTINF:2.000,\n"
        "/seg/a-7.ts\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:52.155Z\n"
        "#EXTINF:1.041,\n"
        "/seg/b-8.ts\n");
}

TEST_CASE("the live playlist of a broadcast that ended has ENDLIST") {
    CHECK(live_playlist({.entries = {}, .ended = true}, "") ==
          "#EXTM3U\n"
          "#EXT-X-VERSION:3\n"
          "#EXT-X-TARGETDURATION:6\n"
          "#EXT-X-MEDIA-SEQUENCE:0\n"
          "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
          "#EXT-X-ENDLIST\n");
}

TEST_CASE(
    "the rewind playlist gives the time first, after a discontinuity, and on every tenth entry") {
    RewindPlaylist playlist;
    playlist.append(entry("0.ts", 1s, kWall));
    playlist.append(entry("1.ts", 1s, kWall + 1s));
    playlist.append(entry("2.ts", 1s, kWall + 9s, true));
    for (int i = 3; i < 11; ++i) playlist.append(entry("n.ts", 1s, kWall + 1s * (7 + i)));
    playlist.end();
    playlist.end();

    CHECK(playlist.segments() == 11);
    CHECK(playlist.version()->str() ==
          "#EXTM3U\n"
          "#EXT-X-VERSION:3\n"
          "#EXT-X-TARGETDURATION:6\n"
          "#EXT-X-PLAYLIST-TYPE:EVENT\n"
          "#EXT-X-MEDIA-SEQUENCE:0\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:45.155Z\n"
          "#EXTINF:1.000,\n0.ts\n"
          "#EXTINF:1.000,\n1.ts\n"
          "#EXT-X-DISCONTINUITY\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:54.155Z\n"
          "#EXTINF:1.000,\n2.ts\n"
          "#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n"
          "#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n#EXTINF:1.000,\nn.ts\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:09:02.155Z\n"
          "#EXTINF:1.000,\nn.ts\n"
          "#EXT-X-ENDLIST\n");
}

TEST_CASE("versions of a rewind playlist share their closed pieces and begin alike") {
    RewindPlaylist playlist;
    for (int i = 0; i < 2'000; ++i) playlist.append(entry("/seg/channel/1.ts", 1s, kWall));
    const auto before = playlist.version();

    playlist.append(entry("/seg/channel/2.ts", 1s, kWall));
    const auto after = playlist.version();

    CHECK(before->pieces().size() == 6);  // the head, four that are closed, and the end
    for (std::size_t i = 1; i + 1 < before->pieces().size(); ++i)
        CHECK(before->pieces()[i] == after->pieces()[i]);
    CHECK(after->str().starts_with(before->str()));
    CHECK(after->size() == before->size() + 50 + 33);  // the time, and the entry
    CHECK(after->size() == after->str().size());
}

TEST_CASE("a rewind playlist without segments is its header") {
    CHECK(RewindPlaylist{}.version()->str().ends_with("#EXT-X-MEDIA-SEQUENCE:0\n"));
}

namespace {

/// An entry of 2 s with five parts.
SegmentEntry entry_with_parts(std::uint64_t first_part) {
    auto segment = std::make_shared<LiveSegment>();
    segment->part_path = "/seg/c/s/e-p";
    for (std::uint64_t i = 0; i < 5; ++i)
        segment->parts.push_back(
            {.number = first_part + i, .duration = 400ms, .independent = i == 0});
    SegmentEntry made = entry("/seg/" + std::to_string(first_part) + ".ts", 2s, kWall);
    made.segment = segment;
    return made;
}

OpenParts open_parts() {
    return {.parts = {{.number = 50, .duration = 400ms, .independent = true}},
            .part_path = "/seg/c/s/e-p",
            .program_date_time = kWall + 20s,
            .hint = "/seg/c/s/e-p51.ts"};
}

}  // namespace

TEST_CASE("a live playlist with parts: those of the newest segments, the open ones, the hint") {
    const std::vector<SegmentEntry> window{entry_with_parts(5)};
    const OpenParts open = open_parts();

    CHECK(live_playlist({.entries = window, .media_sequence = 1}, "..", &open) ==
          "#EXTM3U\n"
          "#EXT-X-VERSION:9\n"
          "#EXT-X-TARGETDURATION:6\n"
          "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.230,HOLD-BACK=18\n"
          "#EXT-X-PART-INF:PART-TARGET=0.410\n"
          "#EXT-X-MEDIA-SEQUENCE:1\n"
          "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:08:45.155Z\n"
          "#EXT-X-PART:DURATION=0.400,URI=\"../seg/c/s/e-p5.ts\",INDEPENDENT=YES\n"
          "#EXT-X-PART:DURATION=0.400,URI=\"../seg/c/s/e-p6.ts\"\n"
          "#EXT-X-PART:DURATION=0.400,URI=\"../seg/c/s/e-p7.ts\"\n"
          "#EXT-X-PART:DURATION=0.400,URI=\"../seg/c/s/e-p8.ts\"\n"
          "#EXT-X-PART:DURATION=0.400,URI=\"../seg/c/s/e-p9.ts\"\n"
          "#EXTINF:2.000,\n"
          "/seg/5.ts\n"
          "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T11:09:05.155Z\n"
          "#EXT-X-PART:DURATION=0.400,URI=\"../seg/c/s/e-p50.ts\",INDEPENDENT=YES\n"
          "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"../seg/c/s/e-p51.ts\"\n");
}

TEST_CASE("a live playlist with parts names the segments that come, one without does not") {
    const OpenParts open = open_parts();
    const std::vector<std::string> coming{"/seg/c/r/e-7.ts", "/seg/c/r/e-8.ts"};
    const auto text = [&](bool ended, const OpenParts* parts) {
        return live_playlist({.entries = {}, .ended = ended, .prefetch = coming}, "..", parts);
    };

    CHECK(text(false, &open)
              .ends_with("e-p51.ts\"\n#EXT-X-PREFETCH:../seg/c/r/e-7.ts\n#EXT-X-PREFETCH:../seg/c/"
                         "r/e-8.ts\n"));
    CHECK_FALSE(text(false, nullptr).contains("PREFETCH"));
    CHECK_FALSE(text(true, &open).contains("PREFETCH"));
}

TEST_CASE("a broadcast that ended hints at nothing") {
    const OpenParts open = open_parts();

    const std::string text = live_playlist({.entries = {}, .ended = true}, "..", &open);

    CHECK(text.find("PRELOAD-HINT") == std::string::npos);
    CHECK(text.find("e-p50") == std::string::npos);
    CHECK(text.ends_with("#EXT-X-ENDLIST\n"));
}

TEST_CASE("parts are listed for 18 s, and a delta leaves out what is older than 36 s") {
    RewindPlaylist playlist;
    for (std::uint64_t i = 0; i < 30; ++i) playlist.append(entry_with_parts(5 * i));

    const auto versions = playlist.low_latency("..", open_parts());
    const std::string whole = versions.whole->str();
    const std::string delta = versions.delta->str();

    const auto count = [](const std::string& text, std::string_view what) {
        std::size_t found = 0;
        for (std::size_t at = text.find(what); at != std::string::npos;
             at = text.find(what, at + 1))
            ++found;
        return found;
    };
    CHECK(count(whole, "#EXTINF") == 30);
    CHECK(count(whole, "#EXT-X-PART:") == 9 * 5 + 1);
    CHECK(count(delta, "#EXTINF") == 18);
    CHECK(delta.find("#EXT-X-SKIP:SKIPPED-SEGMENTS=12\n") != std::string::npos);
    CHECK(whole.find("CAN-SKIP-UNTIL=36.000") != std::string::npos);
    // What the delta holds is the end of the whole, to the byte.
    const std::string rest = delta.substr(delta.find("SEGMENTS=12\n") + 12);
    CHECK(whole.ends_with(rest));
    CHECK(count(playlist.version()->str(), "#EXT-X-PART:") == 0);
    CHECK(count(playlist.version()->str(), "#EXTINF") == 30);
}

TEST_CASE("what playlists declare is by how far apart key frames are, with some tolerance") {
    CHECK(target_seconds_for(500ms) == 2);
    CHECK(target_seconds_for(2'002ms) == 2);
    CHECK(target_seconds_for(2'400ms) == 2);
    CHECK(target_seconds_for(2'401ms) == 3);
    CHECK(target_seconds_for(4s) == 4);
    CHECK(target_seconds_for(5'500ms) == 6);
    CHECK(target_seconds_for(60s) == 6);
    CHECK(segment_max_of(2) == 2'400ms);
    CHECK(segment_max_of(6) == 6s);
}

TEST_CASE("a playlist that declares 2 s has a hold-back of 6 s, and parts and deltas by it") {
    RewindPlaylist playlist{2};
    for (std::uint64_t i = 0; i < 30; ++i) playlist.append(entry_with_parts(5 * i));
    const OpenParts open = open_parts();

    const auto versions = playlist.low_latency("..", open);
    const std::string whole = versions.whole->str();
    const std::string live = live_playlist({.entries = {}, .target_seconds = 2}, "..", &open);

    CHECK(whole.contains("#EXT-X-TARGETDURATION:2\n"));
    CHECK(whole.contains("CAN-SKIP-UNTIL=12.000,HOLD-BACK=6\n"));
    CHECK(whole.contains("e-p135.ts"));        // of the last three segments
    CHECK_FALSE(whole.contains("e-p134.ts"));  // of the one before
    CHECK(versions.delta->str().contains("SKIPPED-SEGMENTS=24\n"));
    CHECK(playlist.version()->str().contains("#EXT-X-TARGETDURATION:2\n"));
    CHECK(live.contains("#EXT-X-TARGETDURATION:2\n"));
    CHECK(live.contains("HOLD-BACK=6\n"));
}

TEST_CASE("a delta that would leave out nothing is the whole playlist") {
    RewindPlaylist playlist;
    for (std::uint64_t i = 0; i < 18; ++i) playlist.append(entry_with_parts(5 * i));
    CHECK(playlist.low_latency("..", {}).delta->str().find("EXT-X-SKIP") == std::string::npos);

    playlist.append(entry_with_parts(90));
    CHECK(playlist.low_latency("..", {}).delta->str().find("SKIPPED-SEGMENTS=1\n") !=
          std::string::npos);
}

}  // namespace oxbow
