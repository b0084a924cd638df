#include "control/health_history.h"

#include <string>

#include <doctest/doctest.h>

namespace oxbow::control {
namespace {

using namespace std::chrono_literals;

const WallTime kBegin = parse_rfc3339("2026-11-23T09:00:00Z").value();

LiveStreamInfo stream_of(std::string channel, std::int64_t bits_per_second) {
    return {.channel = ChannelId{std::move(channel)},
            .stream_id = StreamId{"st-1"},
            .playback_url = {},
            .started_at = kBegin,
            .viewer_count = 3,
            .ingest =
                ivs::IngestConfiguration{.video = ivs::VideoIngest{.key_frame_interval_ms = 2'000},
                                         .audio = std::nullopt},
            .recent_bits_per_second = bits_per_second,
            .recent_frame_rate = bits_per_second > 0 ? 30.0 : 0.0};
}

}  // namespace

TEST_CASE("the samples of a channel are told from a time on") {
    HealthHistory history;
    history.take({stream_of("one", 4'000'000)}, kBegin);
    history.take({stream_of("one", 4'100'000), stream_of("two", 1)}, kBegin + 5s);

    const auto all = history.since(ChannelId{"one"}, {});
    const auto newer = history.since(ChannelId{"one"}, kBegin);

    REQUIRE(all.size() == 2);
    CHECK(all[0].bits_per_second == 4'000'000);
    CHECK(all[0].frame_rate == 30.0);
    CHECK(all[0].key_frame_interval_ms == 2'000);
    CHECK(all[0].viewers == 3);
    REQUIRE(newer.size() == 1);
    CHECK(newer[0].at == kBegin + 5s);
    CHECK(history.since(ChannelId{"none"}, {}).empty());
}

TEST_CASE("a stream that has just begun has no sample, one that goes silent has") {
    HealthHistory history;
    history.take({stream_of("one", 0)}, kBegin);
    CHECK(history.channels() == 0);
    history.take({stream_of("one", 4'000'000)}, kBegin + 5s);

    history.take({stream_of("one", 0)}, kBegin + 10s);
    history.take({stream_of("one", 0)}, kBegin + 25s);

    CHECK(history.since(ChannelId{"one"}, {}).size() == 2);
}

TEST_CASE("half an hour is kept, of streams that are over, too") {
    HealthHistory history;
    history.take({stream_of("one", 1)}, kBegin);

    history.take({}, kBegin + HealthHistory::kKept - 1ms);
    CHECK(history.channels() == 1);
    history.take({}, kBegin + HealthHistory::kKept);
    CHECK(history.channels() == 0);
}

TEST_CASE("a channel has 360 samples, and the oldest goes for the next") {
    HealthHistory history;
    for (std::size_t i = 0; i <= HealthHistory::kSamplesMax; ++i)
        history.take({stream_of("one", 1)}, kBegin + i * 1ms);

    const auto samples = history.since(ChannelId{"one"}, {});

    CHECK(samples.size() == HealthHistory::kSamplesMax);
    CHECK(samples.front().at == kBegin + 1ms);
}

TEST_CASE("beyond 2,000 channels those that are known go on, and a new one has no samples") {
    HealthHistory history;
    std::vector<LiveStreamInfo> streams;
    for (std::size_t i = 0; i < HealthHistory::kChannelsMax; ++i)
        streams.push_back(stream_of(std::to_string(i), 1));
    history.take(streams, kBegin);
    CHECK(history.channels() == HealthHistory::kChannelsMax);
    streams.push_back(stream_of("one-more", 1));

    history.take(streams, kBegin + 5s);

    CHECK(history.since(ChannelId{"one-more"}, {}).empty());
    CHECK(history.since(ChannelId{"0"}, {}).size() == 2);
}

}  // namespace oxbow::control
