#include "meta/save_recording_start_meta.h"

#include <doctest/doctest.h>

#include "meta/test_bucket.h"

namespace oxbow::meta {
namespace {

using namespace std::chrono_literals;

/// The function over a bucket, and what the live service would know.
struct Function {
    /// Puts a recording-started.json and gives its key.
    std::string started(const std::string& channel, const std::string& recording,
                        WallTime started_at, const std::string& stream) const {
        ivs::RecordingMetadata metadata = metadata_of(channel, started_at);
        metadata.recording_session_stream_ids = {stream};
        const std::string key = ivs::recording_started_key(prefix_of(channel, recording));
        bucket.put(key, ivs::to_json(metadata));
        return key;
    }
    ivs::RecordingMetadata saved(const std::string& channel) const {
        return ivs::read_recording_metadata(bucket.get("recording-started-" + channel + ".json"))
            .value();
    }

    TestBucket bucket;
    ManualStreamStates streams;
    SaveRecordingStartMeta save{*bucket.store, streams};
};

TEST_CASE(
    "SaveRecordingStartMeta handles the recording-started.json of every channel, saving "
    "recording-started-{CHANNEL_ID}.json each") {
    Function function;
    const std::string one = function.started("AsXego4U6tnj", "j8Z9O91ndcVs", kStart, "st-1");
    const std::string two = function.started("2rrcA103rn67", "Pd8MyZnzUAFl", kStart + 1h, "st-2");

    CHECK(function.save.handle(one, "01").value());
    CHECK(function.save.handle(two, "02").value());

    CHECK(function.bucket.get("recording-started-AsXego4U6tnj.json") ==
          R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z",)"
          R"("channel_arn":"arn:aws:ivs:us-east-1:000000000000:channel/AsXego4U6tnj",)"
          R"("recording_status":"RECORDING_STARTED","media":{"hls":{)"
          R"("path":"ivs/v1/000000000000/AsXego4U6tnj/2023/2/9/22/55/j8Z9O91ndcVs/media/hls",)"
          R"("playlist":"master.m3u8","byte_range_playlist":"byte-range-multivariant.m3u8",)"
          R"("renditions":[{"path":"720p30","playlist":"playlist.m3u8",)"
          R"("byte_range_playlist":"byte-range-variant.m3u8",)"
          R"("resolution_width":1280,"resolution_height":720}]}},)"
          R"("recording_session_stream_ids":["st-1"],"streamId":"st-1","sequencer":"1"})");
    CHECK(function.saved("2rrcA103rn67").stream_id == "st-2");
    CHECK(function.saved("2rrcA103rn67").hls_path ==
          "ivs/v1/000000000000/2rrcA103rn67/2023/2/9/22/55/Pd8MyZnzUAFl/media/hls");
    CHECK(function.bucket.store->list("recording-started-").value().size() == 2);
}

TEST_CASE("metadata that Amazon IVS wrote keeps its thumbnails and gets the live stream's id") {
    Function function;
    const std::string prefix = "ivs/v1/098435415742/2rrcA103rn67/2023/2/9/22/55/Pd8MyZnzUAFl";
    function.bucket.put(
        prefix + "/events/recording-started.json",
        R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z","channel_arn":)"
        R"("arn:aws:ivs:us-west-2:098435415742:channel/2rrcA103rn67","recording_status":)"
        R"("RECORDING_STARTED","media":{"hls":{"path":"media/hls","playlist":"master.m3u8",)"
        R"("byte_range_playlist":"byte-range-multivariant.m3u8","renditions":[]},)"
        R"("thumbnails":{"path":"media/thumbnails"}}})");
    function.streams.channels[ChannelId{"2rrcA103rn67"}].live = LiveStream{StreamId{"st-9"}, "/x"};

    CHECK(function.save.handle(prefix + "/events/recording-started.json", "").value());

    CHECK(function.bucket.get("recording-started-2rrcA103rn67.json") ==
          R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z","channel_arn":)"
          R"("arn:aws:ivs:us-west-2:098435415742:channel/2rrcA103rn67","recording_status":)"
          R"("RECORDING_STARTED","media":{"hls":{)"
          R"("path":"ivs/v1/098435415742/2rrcA103rn67/2023/2/9/22/55/Pd8MyZnzUAFl/media/hls",)"
          R"("playlist":"master.m3u8","byte_range_playlist":"byte-range-multivariant.m3u8",)"
          R"("renditions":[]},"thumbnails":{"path":"media/thumbnails"}},"streamId":"st-9"})");
}

TEST_CASE("a stream id that was found once is kept when the event comes again after the stream") {
    Function function;
    const std::string key = ivs::recording_started_key(prefix_of("a", "r"));
    function.bucket.put(key, ivs::to_json(metadata_of("a", kStart)));
    function.streams.channels[ChannelId{"a"}].live = LiveStream{StreamId{"st-1"}, "/x"};
    function.save.handle(key, "").value();
    function.streams.channels[ChannelId{"a"}].live = std::nullopt;

    const bool again = function.save.handle(key, "").value();

    CHECK_FALSE(again);
    CHECK(function.saved("a").stream_id == "st-1");
}

TEST_CASE("without any stream the stream id is empty, as in the sample") {
    Function function;
    const std::string key = ivs::recording_started_key(prefix_of("a", "r"));
    function.bucket.put(key, ivs::to_json(metadata_of("a", kStart)));

    function.save.handle(key, "").value();

    CHECK(function.saved("a").stream_id == "");
}

TEST_CASE("a repeated event saves nothing") {
    Function function;
    const std::string key = function.started("a", "r", kStart, "st-1");

    CHECK(function.save.handle(key, "01").value());
    CHECK_FALSE(function.save.handle(key, "01").value());
    CHECK_FALSE(function.save.handle(key, "").value());
}

TEST_CASE("an older recording's late event never replaces a newer recording") {
    Function function;
    const std::string older = function.started("a", "older", kStart, "st-1");
    const std::string newer = function.started("a", "newer", kStart + 1s, "st-2");

    CHECK(function.save.handle(newer, "01").value());
    CHECK_FALSE(function.save.handle(older, "02").value());

    CHECK(function.saved("a").stream_id == "st-2");
}

TEST_CASE("a saved recording that was deleted from the bucket makes place for an older one") {
    Function function;
    const std::string older = function.started("a", "older", kStart, "st-1");
    const std::string newer = function.started("a", "newer", kStart + 1s, "st-2");
    function.save.handle(newer, "").value();
    function.bucket.store->remove(newer).value();

    CHECK(function.save.handle(older, "").value());

    CHECK(function.saved("a").stream_id == "st-1");
}

TEST_CASE("of two recordings of one second the later sequencer wins, in both orders of events") {
    Function forward;
    const std::string first = forward.started("a", "z", kStart, "st-1");
    const std::string second = forward.started("a", "b", kStart + 100ms, "st-2");
    Function backward;
    backward.started("a", "z", kStart, "st-1");
    backward.started("a", "b", kStart + 100ms, "st-2");

    forward.save.handle(first, "00ff").value();
    forward.save.handle(second, "0100").value();
    backward.save.handle(second, "100").value();
    backward.save.handle(first, "FF").value();

    CHECK(forward.saved("a").stream_id == "st-2");
    CHECK(backward.saved("a").stream_id == "st-2");
    CHECK(forward.bucket.get("recording-started-a.json") ==
          backward.bucket.get("recording-started-a.json"));
}

TEST_CASE("of two recordings of one second without sequencers the greater recording id wins") {
    Function forward;
    const std::string lesser = forward.started("a", "b", kStart, "st-1");
    const std::string greater = forward.started("a", "z", kStart, "st-2");
    Function backward;
    backward.started("a", "b", kStart, "st-1");
    backward.started("a", "z", kStart, "st-2");

    forward.save.handle(lesser, "").value();
    forward.save.handle(greater, "").value();
    backward.save.handle(greater, "").value();
    backward.save.handle(lesser, "").value();

    CHECK(forward.saved("a").stream_id == "st-2");
    CHECK(backward.saved("a").stream_id == "st-2");
}

TEST_CASE("a recording that says something else now is saved again, and its sequencer only rises") {
    Function function;
    const std::string key = function.started("a", "r", kStart, "st-1");
    function.save.handle(key, "0200").value();
    ivs::RecordingMetadata merged = metadata_of("a", kStart);
    merged.recording_session_stream_ids = {"st-1", "st-2"};
    function.bucket.put(key, ivs::to_json(merged));

    CHECK(function.save.handle(key, "").value());

    CHECK(function.saved("a").stream_id == "st-2");
    CHECK(function.saved("a").sequencer == "200");
}

TEST_CASE("'/events' inside the prefix is not taken for the events folder") {
    Function function;
    const std::string key = function.started("events", "events", kStart, "st-1");

    CHECK(function.save.handle(key, "").value());

    CHECK(function.saved("events").hls_path ==
          "ivs/v1/000000000000/events/2023/2/9/22/55/events/media/hls");
}

TEST_CASE("what is not a recording-started.json is passed over") {
    Function function;
    const std::string prefix = prefix_of("a", "r");

    CHECK_FALSE(function.save.handle(prefix + "/events/recording-ended.json", "").value());
    CHECK_FALSE(function.save.handle("recording-started-a.json", "").value());
    CHECK_FALSE(function.save.handle("recording-started.json", "").value());
    CHECK_FALSE(function.save.handle("", "").value());
}

TEST_CASE("a recording-started.json that is missing, misplaced or malformed is an error") {
    Function function;
    const std::string key = ivs::recording_started_key(prefix_of("a", "r"));
    const auto code = [&function](const std::string& of) {
        return function.save.handle(of, "").error().code;
    };

    CHECK(code(key) == ErrorCode::NotFound);
    CHECK(code("elsewhere/events/recording-started.json") == ErrorCode::Malformed);
    CHECK(code("/events/recording-started.json") == ErrorCode::Malformed);
    function.bucket.put(key, "{}");
    CHECK(code(key) == ErrorCode::Malformed);
    CHECK(function.save.handle(key, "").error().what ==
          "object '" + key +
              "': the recording metadata is not what Amazon IVS writes: version is missing");
    CHECK(function.save.handle(key, "not hex").error().code == ErrorCode::Malformed);
    CHECK(function.bucket.store->list("recording-started-").value().empty());
}

TEST_CASE("metadata of another channel than its key's is refused") {
    Function function;
    const std::string key = ivs::recording_started_key(prefix_of("a", "r"));
    function.bucket.put(key, ivs::to_json(metadata_of("victim", kStart)));

    const auto handled = function.save.handle(key, "");

    REQUIRE_FALSE(handled.has_value());
    CHECK(handled.error().code == ErrorCode::Malformed);
    CHECK(handled.error().what ==
          "object '" + key + "' is of channel 'victim', not of that in its key");
    CHECK(function.bucket.store->list("recording-started-").value().empty());
}

TEST_CASE("a saved object that cannot be read is replaced") {
    Function function;
    const std::string key = function.started("a", "r", kStart, "st-1");
    function.bucket.put("recording-started-a.json", "not json");

    CHECK(function.save.handle(key, "").value());

    CHECK(function.saved("a").stream_id == "st-1");
}

TEST_CASE("a sequencer has at most 64 hex digits") {
    Function function;
    const std::string key = function.started("a", "r", kStart, "st-1");

    CHECK(function.save.handle(key, std::string(64, 'a')).has_value());
    CHECK(function.save.handle(key, std::string(65, 'a')).error().code == ErrorCode::Malformed);
}

}  // namespace
}  // namespace oxbow::meta
