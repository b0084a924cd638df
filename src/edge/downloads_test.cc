#include "edge/downloads.h"

#include <doctest/doctest.h>

#include <vector>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "edge/test_recordings.h"

namespace oxbow::edge {
namespace {

using namespace test;
namespace asio = boost::asio;

/// Segment n of a recording is a hundred times the letter n.
std::string segment_text(int number) {
    return std::string(kSegmentBytes, static_cast<char>('a' + number));
}

struct Fixture : TestRecordings {
    /// With its chunks.
    catalog::Recording record(const std::string& id, int count, bool ended = true) {
        const auto row = add(id, kStart, count, ended);
        for (int chunk = 0; chunk * 5 < count; ++chunk) {
            std::string text;
            for (int i = chunk * 5; i < std::min(count, chunk * 5 + 5); ++i)
                text += segment_text(i);
            REQUIRE(bucket->put(chunk_key(row, chunk), as_bytes(text)));
        }
        return row;
    }
    static std::string chunk_key(const catalog::Recording& row, int chunk) {
        return fmt::format("{}/media/hls/720p30/{}.ts", row.prefix, chunk);
    }
    Result<Passage> passage(const catalog::Recording& row, WallTime from, WallTime to,
                            const live::TimelineView* timeline = nullptr) {
        return passage_of(row, ranges->index(row).value(), timeline, {from, to});
    }
    /// All pieces, or what came until it was cut short.
    std::vector<std::string> read(Passage passage, std::uint64_t offset, std::uint64_t length) {
        auto stream = read_passage(
            {.store = *bucket, .blocking = loop.get_executor(), .served = [this] { ++served; }},
            std::move(passage), offset, length, nullptr);
        CHECK(stream->bytes() == length);
        std::vector<std::string> out;
        while (true) {
            auto next = asio::co_spawn(loop, stream->next(), asio::use_future);
            loop.restart();
            loop.run();
            auto piece = next.get();
            if (!piece) return out;
            out.push_back(*std::move(piece));
        }
    }

    asio::io_context loop;
    int served = 0;
};

std::string joined(const std::vector<std::string>& pieces) {
    std::string out;
    for (const std::string& piece : pieces) out += piece;
    return out;
}

}  // namespace

TEST_CASE("a range of a recording is its segments, across chunks") {
    Fixture at;
    const auto row = at.record("r1", 12);

    const auto found = at.passage(row, kStart + 8s, kStart + 11s).value();

    CHECK(found.bytes == 2 * kSegmentBytes);
    CHECK(found.from == kStart + 8s);
    CHECK(found.to == kStart + 12s);
    CHECK(found.etag() == "r1-4-6");
    CHECK_FALSE(found.whole);
    CHECK(joined(at.read(found, 0, found.bytes)) == segment_text(4) + segment_text(5));
    CHECK(at.served == 1);
}

TEST_CASE("a part of a download is that part of it") {
    Fixture at;
    const auto whole = at.passage(at.record("r1", 7), kStart, kStart + 1h).value();
    REQUIRE(whole.whole);

    CHECK(joined(at.read(whole, 499, 2)) == "ef");
    CHECK(joined(at.read(whole, 500, 100)) == segment_text(5));
    CHECK(joined(at.read(whole, 700, 0)).empty());
}

TEST_CASE("what is not in a closed chunk yet comes from memory") {
    Fixture at;
    const auto row = at.record("r1", 5, false);
    live::Timeline timeline{{kChannel, row.id, row.prefix, "mp3k9a"}};
    for (int i = 0; i < 7; ++i) {
        auto segment = std::make_shared<LiveSegment>();
        segment->duration = 2s;
        segment->program_date_time = kStart + 2s * i;
        segment->bytes.append(as_bytes(segment_text(i)));
        timeline.list(timeline.take_number(), {segment, {}});
    }
    const auto view = timeline.view();

    const auto both = at.passage(row, kStart + 8s, kStart + 1h, view.get()).value();
    const auto tail = at.passage(row, kStart + 12s, kStart + 1h, view.get()).value();

    CHECK(joined(at.read(both, 0, both.bytes)) ==
          segment_text(4) + segment_text(5) + segment_text(6));
    CHECK(joined(at.read(both, 150, 60)) == std::string(50, 'f') + std::string(10, 'g'));
    CHECK(both.etag() == "r1-4-7");
    CHECK(joined(at.read(tail, 0, tail.bytes)) == segment_text(6));
    CHECK(tail.etag() == "r1-6-7");
}

TEST_CASE("a download is read in pieces of a limited size") {
    Fixture at;
    const std::size_t bytes = kDownloadPieceBytes + 1;
    const auto row = at.add("r1", kStart, 1);
    at.put(row, fmt::format("#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.000Z\n"
                            "#EXTINF:2.000,\n#EXT-X-BYTERANGE:{}@0\n0.ts\n#EXT-X-ENDLIST\n",
                            bytes));
    REQUIRE(at.bucket->put(Fixture::chunk_key(row, 0), as_bytes(std::string(bytes, 'x'))));
    const auto found = at.passage(row, kStart, kStart + 1h).value();

    const auto pieces = at.read(found, 0, found.bytes);

    REQUIRE(pieces.size() == 2);
    CHECK(pieces[0].size() == kDownloadPieceBytes);
    CHECK(pieces[1].size() == 1);
    CHECK(at.read(found, 1, kDownloadPieceBytes).size() == 1);
}

TEST_CASE("a download whose object is gone, or is shorter, ends early") {
    Fixture at;
    const auto row = at.record("r1", 10);
    const auto found = at.passage(row, kStart, kStart + 1h).value();
    REQUIRE(at.bucket->put(Fixture::chunk_key(row, 1), as_bytes("short")));
    CHECK(at.read(found, 0, found.bytes).empty());

    REQUIRE(at.bucket->remove(Fixture::chunk_key(row, 1)));

    CHECK(at.read(found, 0, found.bytes).empty());
}

TEST_CASE("where nothing is recorded a download says what is") {
    Fixture at;
    const auto row = at.record("r1", 5);

    const auto none = at.passage(row, kStart + 10s, kStart + 1h);

    CHECK(none.error().code == ErrorCode::NotFound);
    CHECK(none.error().what.contains("what is before it ends at 2023-11-14T22:13:30.000Z"));
}

TEST_CASE("a download is named by its channel and its first moment, and a range by its length") {
    Fixture at;
    const auto row = at.record("r1", 5);
    const auto whole = at.passage(row, kWallTimeMin, kWallTimeMax).value();
    const auto range = at.passage(row, kStart + 2s, kStart + 5s).value();

    CHECK(download_name("film_night-1", whole) == "film_night-1-2023-11-14T22-13-20Z.ts");
    CHECK(download_name("", range) == "AsXego4U6tnj-2023-11-14T22-13-22Z-4s.ts");
    CHECK(download_name("a\"b\r\n/../ü", whole) == "a-b---------2023-11-14T22-13-20Z.ts");
    CHECK(download_name(std::string(200, 'x'), whole).size() == 128 + 24);
}

TEST_CASE("as many downloads as may be are begun, and the next when one is over") {
    DownloadPlaces places;
    std::vector<std::shared_ptr<const void>> taken;
    for (std::size_t i = 0; i < DownloadPlaces::kDownloadsMax; ++i) taken.push_back(places.take());
    CHECK(taken.back());
    CHECK_FALSE(places.take());

    taken.pop_back();

    CHECK(places.take());
}

}  // namespace oxbow::edge
