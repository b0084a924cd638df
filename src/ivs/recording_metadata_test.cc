#include "ivs/recording_metadata.h"

#include <string>

#include <doctest/doctest.h>

namespace oxbow::ivs {
namespace {

using namespace std::chrono_literals;

// Files of a real recording, byte by byte (aws-samples/amazon-ivs-clip-manifest, MIT-0).
constexpr std::string_view kRealStarted =
    R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z","channel_arn":"arn:aws)"
    R"(:ivs:us-east-1:098435415742:channel/2rrcA103rn67","recording_status":"RECORDING_STAR)"
    R"(TED","media":{"hls":{"path":"media/hls","playlist":"master.m3u8","byte_range_playlis)"
    R"(t":"byte-range-multivariant.m3u8","renditions":[{"path":"160p30","playlist":"playlis)"
    R"(t.m3u8","byte_range_playlist":"byte-range-variant.m3u8","resolution_width":284,"reso)"
    R"(lution_height":160},{"path":"720p30","playlist":"playlist.m3u8","byte_range_playlist)"
    R"(":"byte-range-variant.m3u8","resolution_width":1280,"resolution_height":720},{"path")"
    R"(:"480p30","playlist":"playlist.m3u8","byte_range_playlist":"byte-range-variant.m3u8")"
    R"(,"resolution_width":852,"resolution_height":480},{"path":"360p30","playlist":"playli)"
    R"(st.m3u8","byte_range_playlist":"byte-range-variant.m3u8","resolution_width":640,"res)"
    R"(olution_height":360}]},"thumbnails":{"path":"media/thumbnails"}}})";
constexpr std::string_view kRealEnded =
    R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z","recording_ended_at":")"
    R"(2023-02-09T22:58:30Z","channel_arn":"arn:aws:ivs:us-east-1:098435415742:channel/2rrc)"
    R"(A103rn67","recording_status":"RECORDING_ENDED","media":{"hls":{"duration_ms":171546,)"
    R"("path":"media/hls","playlist":"master.m3u8","byte_range_playlist":"byte-range-multiv)"
    R"(ariant.m3u8","renditions":[{"path":"720p30","playlist":"playlist.m3u8","byte_range_p)"
    R"(laylist":"byte-range-variant.m3u8","resolution_width":1280,"resolution_height":720},)"
    R"({"path":"480p30","playlist":"playlist.m3u8","byte_range_playlist":"byte-range-varian)"
    R"(t.m3u8","resolution_width":852,"resolution_height":480},{"path":"360p30","playlist":)"
    R"("playlist.m3u8","byte_range_playlist":"byte-range-variant.m3u8","resolution_width":6)"
    R"(40,"resolution_height":360},{"path":"160p30","playlist":"playlist.m3u8","byte_range_)"
    R"(playlist":"byte-range-variant.m3u8","resolution_width":284,"resolution_height":160}])"
    R"(},"thumbnails":{"path":"media/thumbnails"}}})";

RenditionMetadata rendition(std::string path, int width, int height) {
    return {.path = std::move(path),
            .playlist = "playlist.m3u8",
            .byte_range_playlist = "byte-range-variant.m3u8",
            .width = width,
            .height = height};
}

RecordingMetadata real_recording() {
    RecordingMetadata metadata;
    metadata.channel_arn = "arn:aws:ivs:us-east-1:098435415742:channel/2rrcA103rn67";
    metadata.started_at =
        std::chrono::sys_days{std::chrono::year{2023} / 2 / 9} + 22h + 55min + 41'550ms;
    return metadata;
}

std::string minimal(std::string_view hls_members) {
    return R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z","channel_arn":"x",)"
           R"("recording_status":"RECORDING_STARTED","media":{"hls":{)" +
           std::string(hls_members) + "}}}";
}

TEST_CASE("recording-started.json has the bytes of Amazon's") {
    RecordingMetadata metadata = real_recording();
    metadata.renditions = {rendition("160p30", 284, 160), rendition("720p30", 1280, 720),
                           rendition("480p30", 852, 480), rendition("360p30", 640, 360)};
    metadata.thumbnails = ThumbnailMetadata{.path = "media/thumbnails"};

    CHECK(to_json(metadata) == kRealStarted);
}

TEST_CASE("recording-ended.json has the bytes of Amazon's") {
    RecordingMetadata metadata = real_recording();
    metadata.ended_at = std::chrono::sys_days{std::chrono::year{2023} / 2 / 9} + 22h + 58min + 30s;
    metadata.status = "RECORDING_ENDED";
    metadata.duration = 171'546ms;
    metadata.renditions = {rendition("720p30", 1280, 720), rendition("480p30", 852, 480),
                           rendition("360p30", 640, 360), rendition("160p30", 284, 160)};
    metadata.thumbnails = ThumbnailMetadata{.path = "media/thumbnails"};

    CHECK(to_json(metadata) == kRealEnded);
}

TEST_CASE("the real files are read, and written again they are the same") {
    const auto started = read_recording_metadata(kRealStarted).value();
    const auto ended = read_recording_metadata(kRealEnded).value();

    CHECK(to_json(started) == kRealStarted);
    CHECK(to_json(ended) == kRealEnded);
    CHECK(ended.duration == 171'546ms);
    CHECK(ended.renditions.at(3).path == "160p30");
    CHECK(ended.renditions.at(3).height == 160);
}

TEST_CASE("thumbnails of both kinds stand in the media, with their size") {
    RecordingMetadata metadata = real_recording();
    metadata.thumbnails = ThumbnailMetadata{"media/thumbnails", 1280, 720};
    metadata.latest_thumbnail = ThumbnailMetadata{"media/latest_thumbnail/thumb.jpg", 1280, 720};

    const std::string json = to_json(metadata);
    const auto again = read_recording_metadata(json).value();

    CHECK(json.ends_with(
        R"("renditions":[]},"thumbnails":{"path":"media/thumbnails","resolution_width":1280,)"
        R"("resolution_height":720},"latest_thumbnail":{"path":"media/latest_thumbnail/thumb.jpg",)"
        R"("resolution_width":1280,"resolution_height":720}}})"));
    CHECK(to_json(again) == json);
}

TEST_CASE("a path of thumbnails that leads out of the recording is refused") {
    const std::string json =
        R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z","channel_arn":"x",)"
        R"("recording_status":"RECORDING_STARTED","media":{"hls":{"path":"media/hls",)"
        R"("playlist":"master.m3u8","renditions":[]},"latest_thumbnail":{"path":"../../thumb.jpg"}}})";

    CHECK(read_recording_metadata(json).error().what.ends_with(
        "media.latest_thumbnail.path is not a relative path"));
}

TEST_CASE("our members stand behind Amazon's, and are read back") {
    RecordingMetadata metadata = real_recording();
    metadata.status = "RECORDING_ENDED_WITH_FAILURE";
    metadata.status_message = "InternalServerException";
    metadata.duration = 0ms;
    metadata.recording_session_id = "ss-1";
    metadata.recording_session_stream_ids = {"st-1", "st-2"};
    metadata.stream_id = "st-2";
    metadata.sequencer = "17423a5b00000001";

    const std::string json = to_json(metadata);
    const auto again = read_recording_metadata(json).value();

    CHECK(json ==
          R"({"version":"v1","recording_started_at":"2023-02-09T22:55:41Z",)"
          R"("channel_arn":"arn:aws:ivs:us-east-1:098435415742:channel/2rrcA103rn67",)"
          R"("recording_status":"RECORDING_ENDED_WITH_FAILURE",)"
          R"("recording_status_message":"InternalServerException","media":{"hls":{"duration_ms":0,)"
          R"("path":"media/hls","playlist":"master.m3u8",)"
          R"("byte_range_playlist":"byte-range-multivariant.m3u8","renditions":[]}},)"
          R"("recording_session_id":"ss-1","recording_session_stream_ids":["st-1","st-2"],)"
          R"("streamId":"st-2","sequencer":"17423a5b00000001"})");
    CHECK(to_json(again) == json);
}

TEST_CASE("a failed recording without byte-range playlists, and an audio rendition, are read") {
    const auto metadata =
        read_recording_metadata(
            minimal(R"("path":"media/hls","playlist":"master.m3u8",)"
                    R"("renditions":[{"path":"audio","playlist":"playlist.m3u8"}])"))
            .value();

    CHECK(metadata.byte_range_playlist.empty());
    CHECK(metadata.renditions.at(0).byte_range_playlist.empty());
    CHECK(metadata.renditions.at(0).width == 0);
}

TEST_CASE("a member that is missing or of the wrong type is named") {
    const auto what = [](const std::string& json) {
        return read_recording_metadata(json).error().what;
    };
    const std::string intro = "the recording metadata is not what Amazon IVS writes: ";

    CHECK(what("{}") == intro + "version is missing");
    CHECK(what(R"({"version":"v2"})") == intro + "version is not \"v1\"");
    CHECK(what(R"({"version":1})") == intro + "version is not a string");
    CHECK(what(R"({"version":"v1","recording_started_at":"yesterday"})") ==
          intro + "recording_started_at is not an RFC 3339 time");
    CHECK(what(minimal(R"("path":7)")) == intro + "media.hls.path is not a string");
    CHECK(what(minimal(R"("path":"a","playlist":"b")")) ==
          intro + "media.hls.renditions is missing or not an array");
    CHECK(
        what(minimal(R"("path":"a","playlist":"b","renditions":[{"path":"c","playlist":null}])")) ==
        intro + "media.hls.renditions[0].playlist is missing");
    CHECK(what(minimal(R"("path":"a","playlist":"b","renditions":["c"])")) ==
          intro + "media.hls.renditions[0] is not an object");
    CHECK(what(minimal(R"("duration_ms":-1)")) ==
          intro + "media.hls.duration_ms is not a whole number from 0 to 31622400000");
    CHECK(what(minimal(R"("duration_ms":1.5)")) ==
          intro + "media.hls.duration_ms is not a whole number from 0 to 31622400000");
}

TEST_CASE("a path that leads out of the recording is refused") {
    const auto code = [](std::string_view path) {
        return read_recording_metadata(
            minimal(R"("path":")" + std::string(path) + R"(","playlist":"b","renditions":[])"));
    };

    CHECK(code("a/b").has_value());
    CHECK(code("..").error().code == ErrorCode::Malformed);
    CHECK(code("a/../../b").error().code == ErrorCode::Malformed);
    CHECK(code("/a").error().code == ErrorCode::Malformed);
    CHECK(code("a//b").error().code == ErrorCode::Malformed);
    CHECK(code("a\\u0000b").error().code == ErrorCode::Malformed);
    CHECK(code("").error().code == ErrorCode::Malformed);
}

TEST_CASE("what is not a JSON object is refused") {
    const auto code = [](std::string_view json) {
        return read_recording_metadata(json).error().code;
    };

    CHECK(code("") == ErrorCode::Malformed);
    CHECK(code("{") == ErrorCode::Malformed);
    CHECK(code("[]") == ErrorCode::Malformed);
    CHECK(code("{}{}") == ErrorCode::Malformed);
    CHECK(code("{\"version\":\"\xff\"}") == ErrorCode::Malformed);
    CHECK(code(std::string(1000, '[')) == ErrorCode::Malformed);
}

TEST_CASE("metadata has at most 256 KiB and 100 renditions") {
    const auto padded = [](std::size_t bytes) {
        std::string json(kRealStarted);
        return json.append(bytes - json.size(), ' ');
    };
    const auto with_renditions = [](std::size_t count) {
        RecordingMetadata metadata = real_recording();
        metadata.renditions.assign(count, rendition("720p30", 1280, 720));
        return to_json(metadata);
    };

    CHECK(read_recording_metadata(padded(262'144)).has_value());
    CHECK(read_recording_metadata(padded(262'145)).error().code == ErrorCode::LimitExceeded);
    CHECK(read_recording_metadata(with_renditions(100)).has_value());
    CHECK(read_recording_metadata(with_renditions(101)).error().code == ErrorCode::LimitExceeded);
}

TEST_CASE("with the epochs of its segments go its times to the millisecond, in a member of ours") {
    RecordingMetadata metadata;
    metadata.started_at = WallTime{std::chrono::milliseconds{1'675'983'341'550}};
    metadata.ended_at = WallTime{std::chrono::milliseconds{1'675'983'510'007}};
    const std::string without = to_json(metadata);
    metadata.segment_epochs = "0:mp3k9a,57:mp4b1c";

    const std::string json = to_json(metadata);
    const auto read = read_recording_metadata(json).value();

    CHECK_FALSE(without.contains("oxbow"));
    CHECK(json.contains(R"("recording_started_at":"2023-02-09T22:55:41Z")"));
    CHECK(json.ends_with(R"("oxbow":{"started_at":"2023-02-09T22:55:41.550Z",)"
                         R"("ended_at":"2023-02-09T22:58:30.007Z",)"
                         R"("segment_epochs":"0:mp3k9a,57:mp4b1c"}})"));
    CHECK(read.started_at == metadata.started_at);
    CHECK(read.ended_at == metadata.ended_at);
    CHECK(read.segment_epochs == "0:mp3k9a,57:mp4b1c");
}

TEST_CASE("what the rewind playlist of a recording declares is read back") {
    RecordingMetadata metadata;
    metadata.segment_epochs = "0:mp3k9a";
    CHECK_FALSE(read_recording_metadata(to_json(metadata))->live_target_seconds);

    metadata.live_target_seconds = 2;
    CHECK(read_recording_metadata(to_json(metadata))->live_target_seconds == 2);
}

TEST_CASE("milliseconds that belong to another second do not count") {
    RecordingMetadata metadata;
    metadata.started_at = WallTime{std::chrono::milliseconds{1'675'983'341'550}};
    metadata.segment_epochs = "0:mp3k9a";
    std::string json = to_json(metadata);
    json.replace(json.find("22:55:41.550Z"), 13, "22:55:42.550Z");

    CHECK(read_recording_metadata(json)->started_at ==
          WallTime{std::chrono::milliseconds{1'675'983'341'000}});
}

}  // namespace
}  // namespace oxbow::ivs
