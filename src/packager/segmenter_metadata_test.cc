#include <doctest/doctest.h>

#include "packager/id3.h"
#include "packager/segmenter.h"
#include "packager/test_transport_stream.h"
#include "packager/test_units.h"

namespace oxbow {
using namespace oxbow::test;
using namespace std::chrono_literals;

namespace {

/// A tag found: what it says, and where on the timeline.
struct Found {
    std::size_t segment;
    std::string text;
    MediaTime at;

    friend bool operator==(const Found&, const Found&) = default;
};

/// A segmenter and the segments it has closed so far.
struct Broadcast {
    explicit Broadcast(SegmenterLimits limits = {})
        : segmenter(limits, {.media = 0s, .wall = WallTime{1'000'000ms}}) {}

    Broadcast& video() {
        collect(closed, segmenter.set_video_parameters(film_video()));
        return *this;
    }
    Broadcast& audio(int channels = 2) {
        AudioParameters parameters = stereo();
        parameters.channels = channels;
        collect(closed, segmenter.set_audio_parameters(parameters));
        return *this;
    }
    Broadcast& push(AccessUnit unit) {
        collect(closed, segmenter.push(std::move(unit)));
        return *this;
    }
    Broadcast& sounds(Milliseconds from, int count) {
        for (int i = 0; i < count; ++i) push(sound(from + 20ms * i));
        return *this;
    }
    Broadcast& put(std::string_view text) {
        REQUIRE(segmenter.put_metadata(text));
        return *this;
    }
    Broadcast& finish() {
        collect(closed, segmenter.finish());
        return *this;
    }

    std::vector<Found> found() const {
        const std::size_t owner_end = id3_private(kPutMetadataOwner, {}).size();
        std::vector<Found> out;
        for (std::size_t i = 0; i < closed.size(); ++i) {
            for (const Pes& pes : read_pes(read_packets(joined(closed[i]->bytes)), 0x102)) {
                const BytesView text = BytesView{pes.payload}.subspan(owner_end);
                CHECK(pes.payload == id3_private(kPutMetadataOwner, text));
                out.push_back({i, std::string{as_text(text)}, MediaTime{pes.pts} - 10s});
            }
        }
        return out;
    }

    Segmenter segmenter;
    std::vector<LiveSegmentPtr> closed;
};

using Expected = std::vector<Found>;

}  // namespace

TEST_CASE("metadata is in the open segment at the time of the newest picture, each in its order") {
    Broadcast cast;
    cast.video().push(idr(0ms)).push(slice(40ms));

    cast.put("a").put("b").push(slice(80ms)).put("c").push(idr(1s)).put("d").finish();

    CHECK(cast.found() == Expected{{0, "a", 40ms}, {0, "b", 40ms}, {0, "c", 80ms}, {1, "d", 1s}});
}

TEST_CASE("where pictures are shown later than decoded, metadata is as much later") {
    Broadcast cast;
    cast.video().push(picture(0ms, KeyFrame::Yes, 500, 80ms)).put("first picture");
    cast.push(picture(40ms, KeyFrame::No, 500, 120ms)).put("in order");
    cast.push(picture(80ms, KeyFrame::No, 500, 0ms)).put("as before").finish();

    CHECK(cast.found() ==
          Expected{{0, "first picture", 80ms}, {0, "in order", 120ms}, {0, "as before", 160ms}});
}

TEST_CASE("before the first key frame metadata waits for the first segment") {
    Broadcast cast;
    cast.put("no media yet").video().audio().push(sound(0ms)).put("only sound");

    cast.push(idr(20ms)).finish();

    CHECK(cast.found() == Expected{{0, "no media yet", 0s}, {0, "only sound", 0s}});
}

TEST_CASE("between two segments metadata waits for the next") {
    Broadcast cast;
    cast.video().audio().push(idr(0ms)).push(slice(40ms)).audio(1);

    cast.put("m").push(slice(80ms)).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[1]->start == 80ms);
    CHECK(cast.found() == Expected{{1, "m", 80ms}});
}

TEST_CASE("metadata of a broadcast without pictures is at the time of the newest sound") {
    Broadcast cast;
    cast.audio().sounds(0ms, 102).put("m").finish();

    CHECK(cast.found() == Expected{{1, "m", 2'020ms}});
}

TEST_CASE("sound that is ahead of the pictures does not move metadata out of its segment") {
    Broadcast cast;
    cast.video().audio().push(idr(0ms)).push(slice(960ms)).sounds(0ms, 60);

    cast.put("m").push(idr(1s)).finish();

    CHECK(cast.closed.at(0)->duration == 1s);
    CHECK(cast.found() == Expected{{0, "m", 960ms}});
}

TEST_CASE("when the picture stands still metadata goes on with the sound, and never back") {
    Broadcast cast;
    cast.video().audio().push(idr(0ms)).sounds(0ms, 52).put("a");

    cast.push(slice(40ms)).put("b").push(slice(1'040ms)).put("c").finish();

    CHECK(cast.found() == Expected{{0, "a", 1'020ms}, {0, "b", 1'020ms}, {0, "c", 1'040ms}});
}

TEST_CASE("metadata that a full segment cannot hold is in the next, once") {
    SegmenterLimits limits;
    limits.bytes_max = 5'400;
    Broadcast cast{limits};
    cast.video().push(picture(0ms, KeyFrame::Yes, 3'000));

    cast.put(std::string(1'024, 'm')).put("fits").put("does not").push(slice(40ms)).finish();

    REQUIRE(cast.closed.size() == 2);
    CHECK(cast.closed[0]->bytes.size() <= 5'400);
    CHECK(cast.found() ==
          Expected{{0, std::string(1'024, 'm'), 0s}, {0, "fits", 0s}, {1, "does not", 40ms}});
}

TEST_CASE("1,024 bytes are taken, 1,025 are not, and any bytes will do") {
    Broadcast cast;
    cast.video().push(idr(0ms));

    CHECK(cast.segmenter.put_metadata(std::string(1'024, '\0')));
    const auto refused = cast.segmenter.put_metadata(std::string(1'025, 'm'));

    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::LimitExceeded);
    CHECK(cast.finish().found() == Expected{{0, std::string(1'024, '\0'), 0s}});
}

TEST_CASE("fifty pieces of metadata wait for media, the next is refused") {
    Broadcast cast;
    for (int i = 0; i < 50; ++i) cast.put("m");

    const auto refused = cast.segmenter.put_metadata("m");
    cast.video().push(idr(0ms));

    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::LimitExceeded);
    CHECK(cast.put("again").finish().found().size() == 51);
}

TEST_CASE("metadata alone makes no segment") {
    Broadcast cast;

    CHECK(cast.video().put("m").finish().closed.empty());
}

}  // namespace oxbow
