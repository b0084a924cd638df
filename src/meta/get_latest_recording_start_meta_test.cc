#include "meta/get_latest_recording_start_meta.h"

#include <doctest/doctest.h>

#include "meta/save_recording_start_meta.h"
#include "meta/test_bucket.h"

namespace oxbow::meta {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kBase = "http://127.0.0.1:8080";

RecordingState recording_state(const std::string& recording, const std::string& stream) {
    RecordingState state;
    state.recording_id = RecordingId{recording};
    state.stream_ids = {StreamId{stream}};
    state.started_at = kStart;
    state.duration = 171'546ms;
    return state;
}

/// The function over a bucket, in which the recordings are saved as the other function saves them.
struct Function {
    /// Saves the start of a recording of the channel, and tells it.
    void save(const std::string& channel, const std::string& recording, WallTime started_at) {
        const std::string key = ivs::recording_started_key(prefix_of(channel, recording));
        bucket.put(key, ivs::to_json(metadata_of(channel, started_at)));
        SaveRecordingStartMeta{*bucket.store, streams}.handle(key, "").value();
        latest.saved(ChannelId{channel}).value();
    }
    ManualStreamStates::Channel& channel(const std::string& id) {
        return streams.channels[ChannelId{id}];
    }
    std::string answer(const std::string& id) {
        return latest.answer(ChannelId{id}, kBase).value()->str();
    }

    TestBucket bucket;
    ManualStreamStates streams;
    GetLatestRecordingStartMeta latest{*bucket.store, streams};
};

LiveStream live_stream(const std::string& id) {
    return {StreamId{id}, "/api/video/v1/a.m3u8"};
}

constexpr std::string_view kLiveOnly =
    R"({"isChannelLive":true,"livePlaybackUrl":"http://127.0.0.1:8080/api/video/v1/a.m3u8"})";

TEST_CASE("live and recording: the five members of the sample, in its order, then ours") {
    Function function;
    function.channel("a").live = live_stream("st-1");
    function.channel("a").recording = recording_state("r", "st-1");
    function.save("a", "r", kStart);

    CHECK(function.answer("a") ==
          R"({"isChannelLive":true,"livePlaybackUrl":"http://127.0.0.1:8080/api/video/v1/a.m3u8",)"
          R"("masterKey":"ivs/v1/000000000000/a/2023/2/9/22/55/r/media/hls/)"
          R"(byte-range-multivariant.m3u8","recordingStartedAt":"2023-02-09T22:55:41Z",)"
          R"("playlistDuration":171,"recordingStatus":"RECORDING_STARTED","streamId":"st-1",)"
          R"("rewindPlaybackUrl":"http://127.0.0.1:8080/rewind/a.m3u8"})");
}

TEST_CASE("live, nothing recorded yet or recording off") {
    Function function;
    function.channel("a").live = live_stream("st-1");

    CHECK(function.answer("a") == kLiveOnly);
}

TEST_CASE("live, nothing recorded yet, but it can be rewound") {
    Function function;
    function.channel("a").live = live_stream("st-1");
    function.channel("a").live->rewindable = true;

    CHECK(function.answer("a").ends_with(
        R"("rewindPlaybackUrl":"http://127.0.0.1:8080/rewind/a.m3u8"})"));
    CHECK_FALSE(function.answer("a").contains("masterKey"));
}

TEST_CASE("live again with recording off: the recording before is not this stream's") {
    Function function;
    function.channel("a").live = live_stream("st-2");
    function.channel("a").recording = recording_state("r", "st-1");
    function.channel("a").recording->status = RecordingStatus::Ended;
    function.save("a", "r", kStart);

    CHECK(function.answer("a") == kLiveOnly);
}

TEST_CASE("live and recording, but the event of the new recording is still on its way") {
    Function function;
    function.channel("a").live = live_stream("st-2");
    function.channel("a").recording = recording_state("newer", "st-2");
    function.save("a", "older", kStart);

    CHECK(function.answer("a") == kLiveOnly);
}

TEST_CASE("offline, inside the reconnect window") {
    Function function;
    function.channel("a").recording = recording_state("r", "st-1");
    function.channel("a").recording->reconnect_until = kStart + 60s;
    function.save("a", "r", kStart);

    CHECK(function.answer("a") ==
          R"({"isChannelLive":false,"livePlaybackUrl":"",)"
          R"("masterKey":"ivs/v1/000000000000/a/2023/2/9/22/55/r/media/hls/)"
          R"(byte-range-multivariant.m3u8","recordingStartedAt":"2023-02-09T22:55:41Z",)"
          R"("playlistDuration":171,"recordingStatus":"RECORDING_STARTED",)"
          R"("reconnectUntil":"2023-02-09T22:56:41Z"})");
}

TEST_CASE("reconnected: the recording goes on under the same masterKey for the new stream") {
    Function function;
    function.channel("a").live = live_stream("st-2");
    function.channel("a").recording = recording_state("r", "st-1");
    function.save("a", "r", kStart);
    const std::string before_merge = function.answer("a");

    function.channel("a").recording->stream_ids.push_back(StreamId{"st-2"});

    CHECK(before_merge.contains("/r/media/hls/byte-range-multivariant.m3u8"));
    CHECK(before_merge.contains(R"("streamId":"st-2")"));
    CHECK(function.answer("a") == before_merge);
}

TEST_CASE("offline, a recording exists") {
    Function function;
    function.channel("a").recording = recording_state("r", "st-1");
    function.channel("a").recording->status = RecordingStatus::Ended;
    function.channel("a").recording->ended_at = kStart + 171'546ms;
    function.save("a", "r", kStart);

    CHECK(function.answer("a") ==
          R"({"isChannelLive":false,"livePlaybackUrl":"",)"
          R"("masterKey":"ivs/v1/000000000000/a/2023/2/9/22/55/r/media/hls/)"
          R"(byte-range-multivariant.m3u8","recordingStartedAt":"2023-02-09T22:55:41Z",)"
          R"("playlistDuration":171,"recordingStatus":"RECORDING_ENDED",)"
          R"("recordingEndedAt":"2023-02-09T22:58:33Z"})");
}

TEST_CASE("a recording that failed says so, also while its stream is still live") {
    Function function;
    function.channel("a").recording = recording_state("r", "st-1");
    function.channel("a").recording->status = RecordingStatus::EndedWithFailure;
    function.channel("a").recording->ended_at = kStart + 1s;
    function.save("a", "r", kStart);
    const std::string offline = function.answer("a");

    function.channel("a").live = live_stream("st-1");

    CHECK(offline.contains(R"("recordingStatus":"RECORDING_ENDED_WITH_FAILURE",)"
                           R"("recordingEndedAt":"2023-02-09T22:55:42Z"})"));
    CHECK(function.answer("a").contains(
        R"("recordingStatus":"RECORDING_ENDED_WITH_FAILURE","streamId":"st-1")"));
}

TEST_CASE("a known channel that is offline and was never recorded answers null") {
    Function function;
    function.channel("a");

    CHECK(function.answer("a") == "null");
}

TEST_CASE("offline before the event of its only recording came: offline, not never recorded") {
    Function function;
    function.channel("a").recording = recording_state("r", "st-1");

    CHECK(function.answer("a") == R"({"isChannelLive":false,"livePlaybackUrl":""})");
}

TEST_CASE("an unknown channel is not found") {
    Function function;

    const auto answer = function.latest.answer(ChannelId{"a"}, kBase);

    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == ErrorCode::NotFound);
    CHECK(answer.error().what == "there is no channel 'a'");
}

TEST_CASE(
    "GetLatestRecordingStartMeta takes the channel id as its parameter and answers for that "
    "channel") {
    Function function;
    function.channel("a").live = live_stream("st-1");
    function.channel("a").recording = recording_state("ra", "st-1");
    function.channel("b").recording = recording_state("rb", "st-2");
    function.channel("b").recording->status = RecordingStatus::Ended;
    function.channel("c");
    function.save("a", "ra", kStart);
    function.save("b", "rb", kStart + 1h);

    const std::string a = function.answer("a");
    const std::string b = function.answer("b");

    CHECK(a.starts_with(R"({"isChannelLive":true,)"));
    CHECK(a.contains(R"("masterKey":"ivs/v1/000000000000/a/2023/2/9/22/55/ra/)"));
    CHECK(a.contains(R"("rewindPlaybackUrl":"http://127.0.0.1:8080/rewind/a.m3u8")"));
    CHECK(b.starts_with(R"({"isChannelLive":false,)"));
    CHECK(b.contains(R"("masterKey":"ivs/v1/000000000000/b/2023/2/9/22/55/rb/)"));
    CHECK(b.contains(R"("recordingStartedAt":"2023-02-09T23:55:41Z")"));
    CHECK(function.answer("c") == "null");
}

TEST_CASE("an absolute playback URL stays as it is; the base URL may end with '/'") {
    Function function;
    function.channel("a").live = LiveStream{StreamId{"st-1"}, "https://live.example/a.m3u8"};
    function.channel("a").recording = recording_state("r", "st-1");
    function.save("a", "r", kStart);

    const std::string answer = function.latest.answer(ChannelId{"a"}, "http://h/").value()->str();

    CHECK(answer.contains(R"("livePlaybackUrl":"https://live.example/a.m3u8")"));
    CHECK(answer.contains(R"("rewindPlaybackUrl":"http://h/rewind/a.m3u8")"));
}

TEST_CASE("playlistDuration is whole seconds, rounded down") {
    Function function;
    function.channel("a").recording = recording_state("r", "st-1");
    function.save("a", "r", kStart);

    function.channel("a").recording->duration = 1'999ms;
    const std::string almost_two = function.answer("a");
    function.channel("a").recording->duration = 2'000ms;

    CHECK(almost_two.contains(R"("playlistDuration":1,)"));
    CHECK(function.answer("a").contains(R"("playlistDuration":2,)"));
}

TEST_CASE("what says the same again is the same version, whether there is a stamp or not") {
    Function function;
    function.channel("a").recording = recording_state("r", "st-1");
    function.save("a", "r", kStart);
    const ChannelId a{"a"};

    for (const bool stamped : {false, true}) {
        function.channel("a").stamp = stamped ? std::make_shared<int>() : nullptr;
        const auto first = function.latest.answer(a, kBase).value();
        CHECK(function.latest.answer(a, kBase).value() == first);
        CHECK(function.latest.answer(a, "http://other").value()->str() == first->str());
        CHECK(function.latest.answer(a, kBase, "/p/AQ").value() != first);
    }
}

TEST_CASE("under a stamp the streams are not asked again; another stamp, save or URL is") {
    Function function;
    function.channel("a").live = live_stream("st-1");
    function.channel("a").stamp = std::make_shared<int>();
    const std::string live_only = function.answer("a");

    function.channel("a").recording = recording_state("r", "st-1");
    const std::string same_stamp = function.answer("a");
    function.channel("a").stamp = std::make_shared<int>();
    const std::string unsaved = function.answer("a");
    function.save("a", "r", kStart);
    const std::string saved = function.answer("a");
    const std::string elsewhere = function.latest.answer(ChannelId{"a"}, "http://h").value()->str();

    CHECK(live_only == kLiveOnly);
    CHECK(same_stamp == kLiveOnly);
    CHECK(unsaved == kLiveOnly);
    CHECK(saved.contains(R"("masterKey")"));
    CHECK(elsewhere.contains(R"("rewindPlaybackUrl":"http://h/rewind/a.m3u8")"));
}

TEST_CASE("saved metadata that was removed is forgotten; what cannot be read changes nothing") {
    Function function;
    function.channel("a").recording = recording_state("r", "st-1");
    function.save("a", "r", kStart);
    function.bucket.put("recording-started-a.json", "not json");

    const auto unreadable = function.latest.saved(ChannelId{"a"});
    const std::string kept = function.answer("a");
    function.bucket.store->remove("recording-started-a.json").value();
    function.latest.saved(ChannelId{"a"}).value();

    CHECK(unreadable.error().code == ErrorCode::Malformed);
    CHECK(kept.contains("masterKey"));
    CHECK(function.answer("a") == R"({"isChannelLive":false,"livePlaybackUrl":""})");
}

}  // namespace
}  // namespace oxbow::meta
