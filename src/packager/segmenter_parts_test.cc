#include <algorithm>
#include <map>

#include <doctest/doctest.h>

#include "packager/mpegts.h"
#include "packager/segmenter.h"
#include "packager/test_transport_stream.h"
#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPartPath = "/seg/AsXego4U6tnj/st-1/mp3k9a-p";

/// A segmenter that cuts parts, and what it has given out so far.
struct Broadcast {
    explicit Broadcast(std::string part_path = std::string{kPartPath})
        : segmenter({}, start(std::move(part_path))) {
        collect(closed, segmenter.set_video_parameters(film_video()));
    }
    static Segmenter::Start start(std::string part_path) {
        Segmenter::Start out{.media = 0s, .wall = WallTime{1'000s}};
        out.part_path = std::move(part_path);
        return out;
    }
    Broadcast& push(AccessUnit unit) {
        collect(closed, segmenter.push(std::move(unit)));
        for (LivePart& part : segmenter.take_parts()) parts.push_back(std::move(part));
        return *this;
    }
    /// A key frame and pictures every 40 ms behind it, from `from` to `to`.
    Broadcast& group(Milliseconds from, Milliseconds to) {
        push(idr(from));
        for (Milliseconds at = from + 40ms; at < to; at += 40ms) push(slice(at));
        return *this;
    }
    Broadcast& finish() {
        collect(closed, segmenter.finish());
        for (LivePart& part : segmenter.take_parts()) parts.push_back(std::move(part));
        return *this;
    }

    Segmenter segmenter;
    std::vector<LiveSegmentPtr> closed;
    std::vector<LivePart> parts;
};

Bytes bytes_of(const SegmentPart& part) {
    Bytes out;
    for (const BytesView piece : part.bytes) append(out, piece);
    return out;
}

std::vector<std::int64_t> durations(const std::vector<SegmentPart>& parts) {
    std::vector<std::int64_t> out;
    for (const SegmentPart& part : parts) out.push_back(milliseconds(part.duration));
    return out;
}

}  // namespace

TEST_CASE("parts are cut at frame boundaries not above 0.4 s while their segment is open") {
    Broadcast cast;
    cast.group(0ms, 840ms);

    REQUIRE(cast.parts.size() == 2);
    CHECK(cast.closed.empty());
    CHECK(cast.parts[0].part.number == 0);
    CHECK(cast.parts[0].part.duration == 400ms);
    CHECK(cast.parts[0].part.independent);
    CHECK_FALSE(cast.parts[1].part.independent);
    CHECK(cast.segmenter.next_part() == 2);
    CHECK(part_uri(cast.parts[0].segment->part_path, 1) == "/seg/AsXego4U6tnj/st-1/mp3k9a-p1.ts");
}

TEST_CASE("the parts of a segment, joined, are the segment, and last as long") {
    Broadcast cast;
    collect(cast.closed, cast.segmenter.set_audio_parameters(stereo()));
    for (Milliseconds at = 0ms; at < 2s; at += 40ms) {
        cast.push(at == 0ms ? idr(at) : slice(at)).push(sound(at)).push(sound(at + 21ms));
    }
    cast.push(idr(2s));

    REQUIRE(cast.closed.size() == 1);
    const LiveSegment& segment = *cast.closed[0];
    CHECK(durations(segment.parts) == std::vector<std::int64_t>{400, 400, 400, 400, 400});
    CHECK(segment.duration == 2s);
    Bytes all;
    for (const SegmentPart& part : segment.parts) append(all, BytesView{bytes_of(part)});
    CHECK(all == joined(segment.bytes));
}

TEST_CASE("every part begins with PAT and PMT, and its first picture carries SPS and PPS") {
    Broadcast cast;
    cast.group(0ms, 2s).push(idr(2s));

    for (const SegmentPart& part : cast.closed.at(0)->parts) {
        const auto packets = read_packets(BytesView{bytes_of(part)});
        CHECK(packets.at(0).pid == 0);
        CHECK(packets.at(1).pid == MpegTsMuxer::kPmtPid);
        const auto pictures = read_pes(packets, MpegTsMuxer::kVideoPid);
        const Bytes& first = pictures.at(0).payload;
        const Bytes sps = film_video().sps.at(0);
        CHECK(std::ranges::search(first, sps).begin() != first.end());
    }
}

TEST_CASE("continuity counters run on from part to part") {
    Broadcast cast;
    cast.group(0ms, 2s).group(2s, 4s).finish();

    Bytes all;
    for (const LivePart& part : cast.parts) append(all, BytesView{bytes_of(part.part)});
    std::map<int, int> last;
    for (const TsPacket& packet : read_packets(BytesView{all})) {
        if (const auto before = last.find(packet.pid); before != last.end())
            CHECK(packet.continuity == (before->second + 1) % 16);
        last[packet.pid] = packet.continuity;
    }
}

TEST_CASE("the last part ends with its segment, and numbers run on") {
    Broadcast cast;
    cast.group(0ms, 1s).push(idr(1s));

    REQUIRE(cast.parts.size() == 3);
    CHECK(durations(cast.closed.at(0)->parts) == std::vector<std::int64_t>{400, 400, 200});
    cast.group(1s + 40ms, 1s + 480ms);
    REQUIRE(cast.parts.size() == 4);
    CHECK(cast.parts[3].part.number == 3);
}

TEST_CASE("twelve frames of 33 and 34 ms are one part") {
    Broadcast cast;
    cast.push(idr(0ms));
    for (int i = 1; i < 30; ++i) cast.push(slice(Milliseconds{i * 1'000 / 30}));

    REQUIRE(cast.parts.size() >= 2);
    CHECK(cast.parts[0].part.duration >= 400ms);
    CHECK(cast.parts[0].part.duration <= 402ms);
}

TEST_CASE(
    "what jitters by 20 ms is counted to the next part; more, and the segment is served whole") {
    for (const auto& [late, parts] : {std::pair{30ms, 6}, std::pair{31ms, 0}}) {
        CAPTURE(late.count());
        Broadcast cast;
        cast.group(0ms, 400ms);
        for (Milliseconds at = 400ms + late; at < 2s; at += 40ms) cast.push(slice(at));
        cast.push(idr(2s));

        CHECK(cast.closed.at(0)->duration == 2s);
        CHECK(static_cast<int>(cast.closed.at(0)->parts.size()) == parts);
        MediaTime total{};
        for (const SegmentPart& part : cast.closed.at(0)->parts) {
            CHECK(part.duration <= Segmenter::kPartTarget);
            total += part.duration;
        }
        if (parts > 0) CHECK(total == 2s);
    }
}

TEST_CASE("three segments in a row with frames longer than a part, and the broadcast has none") {
    Broadcast cast;
    for (int i = 0; i < 6; ++i) cast.push(idr(500ms * i)).push(slice(500ms * i + 250ms));
    CHECK(cast.segmenter.next_part());
    for (int i = 6; i < 14; ++i) cast.push(idr(Milliseconds{3'000 + 500 * (i - 6)}));

    CHECK(cast.closed.size() >= 3);
    for (int i = 0; i < 8; ++i) cast.push(idr(Milliseconds{7'500 + 1'000 * i}));
    CHECK_FALSE(cast.segmenter.next_part());
    const std::size_t before = cast.parts.size();
    cast.group(20s, 24s);
    CHECK(cast.parts.size() == before);
}

TEST_CASE("without a name for parts there are none") {
    Broadcast cast{""};
    cast.group(0ms, 2s).push(idr(2s));

    CHECK(cast.parts.empty());
    CHECK(cast.closed.at(0)->parts.empty());
    CHECK_FALSE(cast.segmenter.next_part());
}

TEST_CASE("parts of sound alone") {
    Broadcast cast;
    cast.segmenter = Segmenter{{}, Broadcast::start(std::string{kPartPath})};
    collect(cast.closed, cast.segmenter.set_audio_parameters(stereo()));
    for (int i = 0; i < 240; ++i) cast.push(sound(Milliseconds{i * 64 / 3}));

    REQUIRE(cast.closed.size() >= 1);
    REQUIRE(cast.closed[0]->parts.size() >= 5);
    MediaTime total{};
    for (const SegmentPart& part : cast.closed[0]->parts) {
        CHECK(part.duration <= Segmenter::kPartTarget);
        total += part.duration;
    }
    CHECK(total == cast.closed[0]->duration);
}

TEST_CASE("parts of a first segment, whose time may still become earlier, come with the segment") {
    Broadcast cast;
    for (Milliseconds at = 0ms; at < 2s; at += 40ms) {
        cast.segmenter.arrived(WallTime{1'000s} + at);
        cast.push(at == 0ms ? idr(at) : slice(at));
    }
    CHECK(cast.parts.empty());
    CHECK(cast.segmenter.next_part() == 4);

    cast.group(2s, 2s + 440ms);
    CHECK(cast.closed.at(0)->parts.size() == 5);
    REQUIRE(cast.parts.size() == 1);
    CHECK(cast.parts[0].part.number == 5);
}

}  // namespace oxbow
