#include "ivs/recording_prefix.h"

#include <doctest/doctest.h>

namespace oxbow::ivs {
namespace {

using namespace std::chrono_literals;

constexpr WallTime at(std::chrono::year_month_day day, std::chrono::milliseconds time) {
    return std::chrono::sys_days{day} + time;
}

TEST_CASE("a recording's prefix is its UTC start to the minute, without zero padding") {
    const RecordingRef ref{.account = "123456789012",
                           .channel = ChannelId{"AsXego4U6tnj"},
                           .recording = RecordingId{"j8Z9O91ndcVs"},
                           .started_at = at(std::chrono::year{2023} / 2 / 9, 5h + 3min + 59'999ms)};

    CHECK(recording_prefix(ref) == "ivs/v1/123456789012/AsXego4U6tnj/2023/2/9/5/3/j8Z9O91ndcVs");
}

TEST_CASE("a recording's prefix is read back to the minute") {
    const auto ref =
        parse_recording_prefix("ivs/v1/098435415742/2rrcA103rn67/2023/2/9/22/55/Pd8MyZnzUAFl")
            .value();

    CHECK(ref.account == "098435415742");
    CHECK(ref.channel == ChannelId{"2rrcA103rn67"});
    CHECK(ref.recording == RecordingId{"Pd8MyZnzUAFl"});
    CHECK(ref.started_at == at(std::chrono::year{2023} / 2 / 9, 22h + 55min));
}

TEST_CASE("a padded prefix is read too") {
    const auto ref = parse_recording_prefix("ivs/v1/1/a/2023/02/09/05/03/b").value();

    CHECK(ref.started_at == at(std::chrono::year{2023} / 2 / 9, 5h + 3min));
}

TEST_CASE("what is not a recording's prefix is refused") {
    const auto code = [](std::string_view text) {
        return parse_recording_prefix(text).error().code;
    };

    CHECK(code("") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/2023/2/9/22/55") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/2023/2/9/22/55/") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/2023/2/9/22/55/b/") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/2023/2/9/22/55/b/media") == ErrorCode::Malformed);
    CHECK(code("ivs/v2/1/a/2023/2/9/22/55/b") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/x/a/2023/2/9/22/55/b") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/../2023/2/9/22/55/b") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/23/2/9/22/55/b") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/2023/2/30/22/55/b") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/2023/-1/9/22/55/b") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/2023/2/9/24/55/b") == ErrorCode::Malformed);
    CHECK(code("ivs/v1/1/a/2023/2/9/22/60/b") == ErrorCode::Malformed);
    CHECK(code("/ivs/v1/1/a/2023/2/9/22/55/b") == ErrorCode::Malformed);
}

TEST_CASE("the year of a prefix is a number of four digits") {
    CHECK(parse_recording_prefix("ivs/v1/1/a/1000/2/9/22/55/b").has_value());
    CHECK(parse_recording_prefix("ivs/v1/1/a/9999/2/9/22/55/b").has_value());
    CHECK_FALSE(parse_recording_prefix("ivs/v1/1/a/0999/2/9/22/55/b").has_value());
    CHECK_FALSE(parse_recording_prefix("ivs/v1/1/a/10000/2/9/22/55/b").has_value());
    CHECK_FALSE(parse_recording_prefix("ivs/v1/1/a/2x23/2/9/22/55/b").has_value());
}

TEST_CASE("a key below a recording's prefix tells the recording; the prefix alone is no key") {
    const auto ref = recording_of_key("ivs/v1/1/a/2023/2/9/22/55/b/media/hls/720p30/0.ts").value();

    CHECK(ref.channel == ChannelId{"a"});
    CHECK(ref.recording == RecordingId{"b"});
    CHECK(recording_of_key("ivs/v1/1/a/2023/2/9/22/55/b").error().code == ErrorCode::Malformed);
    CHECK(recording_of_key("recording-started-a.json").error().code == ErrorCode::Malformed);
}

TEST_CASE("a prefix is taken off a key as it stands there") {
    CHECK(prefix_of_key("ivs/v1/1/a/2023/02/9/22/05/a/media/hls").value() ==
          "ivs/v1/1/a/2023/02/9/22/05/a");
    CHECK(prefix_of_key("ivs/v1/1/a/2023/2/9/22/55/b/").value() == "ivs/v1/1/a/2023/2/9/22/55/b");
    CHECK(prefix_of_key("ivs/v1/1/a/2023/2/9/22/55/b").error().code == ErrorCode::Malformed);
}

TEST_CASE("keys of a recording") {
    CHECK(recording_started_key("p") == "p/events/recording-started.json");
    CHECK(recording_ended_key("p") == "p/events/recording-ended.json");
    CHECK(recording_failed_key("p") == "p/events/recording-failed.json");
    CHECK(chunk_key("p", "720p30", 17) == "p/media/hls/720p30/17.ts");
    CHECK(latest_metadata_key(ChannelId{"AsXego4U6tnj"}) == "recording-started-AsXego4U6tnj.json");
}

}  // namespace
}  // namespace oxbow::ivs
