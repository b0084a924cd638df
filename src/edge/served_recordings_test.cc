#include "edge/served_recordings.h"

#include <doctest/doctest.h>

namespace oxbow::edge {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{1'700'000'000'000ms};

void note_many(ServedRecordings& served, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) served.note("r" + std::to_string(i));
}

TEST_CASE("the last time that something of a recording was sent is known") {
    ManualClock clock{kStart};
    ServedRecordings served{clock};

    served.note("j8Z9O91ndcVs");
    clock.advance(5s);
    served.note_object(
        "ivs/v1/123456789012/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs/media/hls/0.ts");

    CHECK(served.last(RecordingId{"j8Z9O91ndcVs"}) == clock.steady());
    CHECK_FALSE(served.last(RecordingId{"another0recd"}));
}

TEST_CASE("a key of no recording is passed over") {
    CHECK(recording_in_key("recording-started-AsXego4U6tnj.json").empty());
    CHECK(recording_in_key("ivs/v1/1/a/2020/6/23/20/12/j8Z9O91ndcVs").empty());
    CHECK(recording_in_key("ivs/v1/1/a/2020/6/23/20/12/j8Z9O91ndcVs/x") == "j8Z9O91ndcVs");
}

TEST_CASE("as many recordings are known as may be; above it the one served longest ago goes") {
    ManualClock clock{kStart};
    ServedRecordings served{clock};
    note_many(served, 0, ServedRecordings::kServedMax);
    served.note("r0");
    CHECK(served.last(RecordingId{"r1"}));

    served.note("one more");

    CHECK(served.last(RecordingId{"r0"}));
    CHECK_FALSE(served.last(RecordingId{"r1"}));
    CHECK(served.last(RecordingId{"one more"}));
}

}  // namespace
}  // namespace oxbow::edge
