#include "control/api.h"

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "control/test_api.h"

namespace oxbow::control {
namespace {

std::string ids_of(const Reply& reply) {
    std::string out;
    for (const json::value& item : reply.body.at("recordings").as_array()) {
        out += std::string_view{item.at("recordingId").as_string()};
        out += ' ';
    }
    return out;
}

}  // namespace

TEST_CASE("an unsigned call is told nothing but that") {
    const TestApi api;

    const Reply reply = api.send({.method = "POST", .path = "/NoSuchOperation", .body = "{}"});

    CHECK(reply.status == 403);
    CHECK(reply.error_type == "MissingAuthenticationTokenException");
    CHECK(reply.text("/__type") == "MissingAuthenticationTokenException");
    CHECK(reply.text("/message") == reply.text("/exceptionMessage"));
    CHECK(header_of(reply.headers, "x-amzn-RequestId").size() == 36);
}

TEST_CASE("what needs no disk says so, and nothing else does") {
    const auto from_memory = [](std::string method, std::string path) {
        return ControlApi::answers_from_memory(
            {.method = std::move(method), .path = std::move(path)});
    };

    CHECK(from_memory("POST", "/GetStream"));
    CHECK(from_memory("POST", "/ListChannels"));
    CHECK(from_memory("GET", "/tags/arn%3Aaws"));
    CHECK_FALSE(from_memory("POST", "/tags/arn%3Aaws"));
    CHECK_FALSE(from_memory("POST", "/CreateChannel"));
    CHECK_FALSE(from_memory("POST", "/ListStreamSessions"));
    CHECK_FALSE(from_memory("POST", "/oxbow/ListRecordings"));
    CHECK_FALSE(from_memory("POST", "/NoSuchOperation"));
}

TEST_CASE("an unknown operation is 404") {
    const TestApi api;

    CHECK(api.call("NoSuchOperation").error_type == "UnknownOperationException");
    CHECK(api.call("NoSuchOperation").status == 404);
}

TEST_CASE("a created channel has its stream key, its ingest host and its playback URL") {
    const TestApi api;

    const Reply made =
        api.call("CreateChannel", R"({"name":"one","type":"BASIC","tags":{"a":"b"}})");
    const std::string arn = made.text("/channel/arn");
    const std::string id = arn.substr(arn.find('/') + 1);

    CHECK(made.status == 200);
    CHECK(arn == "arn:aws:ivs:us-east-1:000000000000:channel/" + id);
    CHECK(id.size() == 12);
    CHECK(made.text("/channel/name") == "one");
    CHECK(made.text("/channel/type") == "BASIC");
    CHECK(made.text("/channel/latencyMode") == "LOW");
    CHECK(made.text("/channel/ingestEndpoint") == "127.0.0.1");
    CHECK(made.text("/channel/playbackUrl") ==
          "http://127.0.0.1:8080/api/video/v1/us-east-1.000000000000.channel." + id + ".m3u8");
    CHECK(made.text("/channel/recordingConfigurationArn") == "");
    CHECK(made.text("/channel/tags/a") == "b");
    CHECK(made.text("/streamKey/channelArn") == arn);
    CHECK(made.text("/streamKey/value").starts_with("sk_us-east-1_" + id + "_"));
    CHECK(api.call("GetChannel", arn_body(arn)).body.at("channel") == made.body.at("channel"));
}

TEST_CASE("what a channel cannot be is refused by the member's name") {
    const TestApi api;
    const auto message = [&](std::string body) {
        const Reply reply = api.call("CreateChannel", std::move(body));
        return reply.error_type + ": " + reply.text("/message");
    };

    CHECK(message(R"({"name":"bad name!"})").starts_with("ValidationException: name must"));
    CHECK(message(R"({"type":"GOLD"})").starts_with("ValidationException: type must be one of"));
    CHECK(message(R"({"preset":"x"})").starts_with("ValidationException: preset belongs"));
    CHECK(message(R"({"containerFormat":"FRAGMENTED_MP4"})")
              .starts_with("ValidationException: containerFormat must"));
    CHECK(message(R"({"multitrackInputConfiguration":{"enabled":true}})") ==
          "ValidationException: multitrackInputConfiguration.enabled is not supported by Oxbow.");
    CHECK(
        message(
            R"({"recordingConfigurationArn":"arn:aws:ivs:us-east-1:1:recording-configuration/none"})") ==
        "ResourceNotFoundException: There is no recording configuration "
        "arn:aws:ivs:us-east-1:1:recording-configuration/none.");
}

TEST_CASE("without a certificate channels take plain RTMP, and cannot be made to refuse it") {
    const TestApi api;

    const Reply made = api.call("CreateChannel", "{}");
    const Reply secure = api.call("CreateChannel", R"({"insecureIngest":false})");
    const Reply changed = api.call(
        "UpdateChannel", R"({"insecureIngest":false,"arn":")" + made.text("/channel/arn") + "\"}");

    CHECK(made.at("/channel/insecureIngest").as_bool() == true);
    CHECK(secure.error_type == "ValidationException");
    CHECK(secure.text("/message") ==
          "insecureIngest cannot be false: there is no RTMPS, for the server has no certificate "
          "(tls.certificate, tls.key).");
    CHECK(changed.error_type == "ValidationException");
}

TEST_CASE("with RTMPS a channel takes nothing else, unless it is asked to, as with Amazon IVS") {
    const TestApi api{true};  // with RTMPS

    const Reply made = api.call("CreateChannel", "{}");
    const Reply plain = api.call("CreateChannel", R"({"insecureIngest":true})");
    const Reply renamed = api.call(
        "UpdateChannel", R"({"name":"still","arn":")" + plain.text("/channel/arn") + "\"}");
    const Reply changed = api.call(
        "UpdateChannel", R"({"insecureIngest":false,"arn":")" + plain.text("/channel/arn") + "\"}");

    CHECK(made.at("/channel/insecureIngest").as_bool() == false);
    CHECK(plain.at("/channel/insecureIngest").as_bool() == true);
    CHECK(renamed.at("/channel/insecureIngest").as_bool() == true);
    CHECK(changed.at("/channel/insecureIngest").as_bool() == false);
}

TEST_CASE("channels are listed page by page, oldest first") {
    TestApi api;
    api.channel("a");
    api.clock.advance(1s);
    api.channel("b");
    api.clock.advance(1s);
    api.channel("c");

    const Reply first = api.call("ListChannels", R"({"maxResults":2})");
    const Reply second = api.call(
        "ListChannels", R"({"maxResults":2,"nextToken":")" + first.text("/nextToken") + R"("})");

    CHECK(first.at("/channels").as_array().size() == 2);
    CHECK(first.text("/channels/0/name") == "a");
    CHECK_FALSE(first.at("/channels/0").as_object().contains("playbackUrl"));
    CHECK(second.at("/channels").as_array().size() == 1);
    CHECK(second.text("/channels/0/name") == "c");
    CHECK_FALSE(second.body.contains("nextToken"));
}

TEST_CASE("a page that is exactly full has no next one") {
    const TestApi api;
    api.channel("a");
    api.channel("b");

    CHECK_FALSE(api.call("ListChannels", R"({"maxResults":2})").body.contains("nextToken"));
}

TEST_CASE("pages out of range and foreign tokens are refused") {
    const TestApi api;

    CHECK(api.call("ListChannels", R"({"maxResults":100})").status == 200);
    CHECK(api.call("ListChannels", R"({"maxResults":101})").error_type == "ValidationException");
    CHECK(api.call("ListChannels", R"({"nextToken":"from-1000000"})").status == 200);
    CHECK(api.call("ListChannels", R"({"nextToken":"from-1000001"})").status == 400);
    CHECK(api.call("ListChannels", R"({"nextToken":"from--1"})").status == 400);
    CHECK(api.call("ListChannels", R"({"nextToken":"x"})").status == 400);
}

TEST_CASE("channels are filtered by name, and by one filter only") {
    const TestApi api;
    api.channel("a");
    api.channel("b");

    const Reply found = api.call("ListChannels", R"({"filterByName":"b"})");
    const Reply both =
        api.call("ListChannels", R"({"filterByName":"b","filterByRecordingConfigurationArn":""})");

    REQUIRE(found.at("/channels").as_array().size() == 1);
    CHECK(found.text("/channels/0/name") == "b");
    CHECK(both.status == 409);
}

TEST_CASE("a deleted channel is gone, and a live one cannot be deleted") {
    TestApi api;
    const std::string arn = api.channel();
    api.go_live(arn);

    const Reply live = api.call("DeleteChannel", arn_body(arn));
    api.call("StopStream", channel_body(arn));
    const Reply offline = api.call("DeleteChannel", arn_body(arn));

    CHECK(live.status == 409);
    CHECK(live.error_type == "ConflictException");
    CHECK(offline.status == 204);
    CHECK(offline.body.empty());
    CHECK(header_of(offline.headers, "Content-Type").empty());
    CHECK(api.call("GetChannel", arn_body(arn)).error_type == "ResourceNotFoundException");
}

TEST_CASE("a channel that is deleted lets go of a publisher who is not on the air yet") {
    const TestApi api;
    const std::string arn = api.channel();

    const Reply deleted = api.call("DeleteChannel", arn_body(arn));

    CHECK(deleted.status == 204);
    CHECK(api.live.stops ==
          std::vector{ivs::channel_of_arn(arn)->str() + ": the channel was deleted"});
}

TEST_CASE("an ARN that is none is malformed, one of another account is not found") {
    const TestApi api;
    std::string foreign = api.channel();
    foreign.replace(foreign.find("000000000000"), 12, "111111111111");

    CHECK(api.call("GetChannel", arn_body("channel")).error_type == "ValidationException");
    CHECK(api.call("GetChannel", arn_body(foreign)).error_type == "ResourceNotFoundException");
    CHECK(api.call("GetChannel").text("/message") == "arn is required.");
}

TEST_CASE("a stream key is listed without its value, and reset by deleting and creating it") {
    const TestApi api;
    const Reply made = api.call("CreateChannel", "{}");
    const std::string channel = made.text("/channel/arn");
    const std::string key = made.text("/streamKey/arn");

    const Reply second = api.call("CreateStreamKey", channel_body(channel));
    const Reply listed = api.call("ListStreamKeys", channel_body(channel));
    const Reply read = api.call("GetStreamKey", arn_body(key));
    const Reply deleted = api.call("DeleteStreamKey", arn_body(key));
    const Reply created = api.call("CreateStreamKey", channel_body(channel));

    CHECK(second.error_type == "ServiceQuotaExceededException");
    CHECK(second.status == 402);
    CHECK(listed.text("/streamKeys/0/arn") == key);
    CHECK_FALSE(listed.at("/streamKeys/0").as_object().contains("value"));
    CHECK(read.text("/streamKey/value") == made.text("/streamKey/value"));
    CHECK(deleted.status == 204);
    CHECK(created.status == 200);
    CHECK(created.text("/streamKey/value") != made.text("/streamKey/value"));
    CHECK(api.call("GetStreamKey", arn_body(key)).status == 404);
}

TEST_CASE("a stream key is reset in one call, and keeps its tags") {
    const TestApi api;
    const std::string channel = api.channel();
    const std::string first =
        api.call("ListStreamKeys", channel_body(channel)).text("/streamKeys/0/arn");
    api.call("DeleteStreamKey", arn_body(first));
    const Reply tagged = api.call("CreateStreamKey",
                                  R"({"channelArn":")" + channel + R"(","tags":{"place":"roof"}})");

    const Reply reset = api.call("oxbow/ResetStreamKey", channel_body(channel));

    CHECK(reset.status == 200);
    CHECK(reset.text("/streamKey/value") != tagged.text("/streamKey/value"));
    CHECK(reset.text("/streamKey/tags/place") == "roof");
    CHECK(api.call("ListStreamKeys", channel_body(channel)).text("/streamKeys/0/arn") ==
          reset.text("/streamKey/arn"));
    CHECK(api.call("GetStreamKey", arn_body(tagged.text("/streamKey/arn"))).status == 404);
    api.call("DeleteStreamKey", arn_body(reset.text("/streamKey/arn")));
    CHECK(api.call("oxbow/ResetStreamKey", channel_body(channel)).status == 200);
    CHECK(api.call("oxbow/ResetStreamKey").status == 400);
    CHECK(api.call("oxbow/ResetStreamKey", channel_body(channel + "x")).status == 404);
}

TEST_CASE("a channel that is offline has no stream") {
    const TestApi api;
    const std::string arn = api.channel();

    CHECK(api.call("GetStream", channel_body(arn)).status == 404);
    CHECK(api.call("GetStream", channel_body(arn)).error_type == "ChannelNotBroadcasting");
    CHECK(api.call("StopStream", channel_body(arn)).error_type == "ChannelNotBroadcasting");
    CHECK(api.call("GetStream", channel_body(arn + "x")).error_type == "ResourceNotFoundException");
}

TEST_CASE("a channel that is live has one, until it is stopped") {
    TestApi api;
    const std::string arn = api.channel();
    api.go_live(arn);

    const Reply live = api.call("GetStream", channel_body(arn));
    const Reply stopped = api.call("StopStream", channel_body(arn));

    CHECK(live.text("/stream/channelArn") == arn);
    CHECK(live.text("/stream/streamId") == "st-1FQzeLONMT9XTKI43leLSo1");
    CHECK(live.text("/stream/startTime") == "2026-11-23T09:00:00Z");
    CHECK(live.text("/stream/state") == "LIVE");
    CHECK(live.text("/stream/health") == "HEALTHY");
    CHECK(live.at("/stream/viewerCount").as_int64() == 3);
    CHECK(live.text("/stream/playbackUrl").starts_with("http://127.0.0.1:8080/api/video/v1/"));
    CHECK(stopped.status == 200);
    CHECK(stopped.body.empty());
    CHECK(api.call("GetStream", channel_body(arn)).status == 404);
}

TEST_CASE("streams are listed in the order of their start, and filtered by health") {
    TestApi api;
    const std::string later = api.channel("later");
    const std::string sooner = api.channel("sooner");
    api.go_live(later, kNow + 1s);
    api.go_live(sooner, kNow);
    api.live.on_air[0].starving = true;

    const Reply all = api.call("ListStreams");
    const Reply starving = api.call("ListStreams", R"({"filterBy":{"health":"STARVING"}})");

    CHECK(all.text("/streams/0/channelArn") == sooner);
    CHECK(all.text("/streams/1/channelArn") == later);
    CHECK_FALSE(all.at("/streams/0").as_object().contains("playbackUrl"));
    REQUIRE(starving.at("/streams").as_array().size() == 1);
    CHECK(starving.text("/streams/0/channelArn") == later);
    CHECK(api.call("ListStreams", R"({"filterBy":{"health":"ILL"}})").status == 400);
}

TEST_CASE("recording configurations are listed and read") {
    const TestApi api;
    catalog::RecordingConfiguration configuration;
    configuration.arn = "arn:aws:ivs:us-east-1:000000000000:recording-configuration/mhDuKOMv6lTo";
    configuration.name = "default";
    configuration.bucket_name = "recordings";
    configuration.reconnect_window = 60s;
    configuration.thumbnail_interval = 5s;
    REQUIRE(api.catalog->add_recording_configuration(configuration));

    const Reply listed = api.call("ListRecordingConfigurations");
    const Reply read = api.call("GetRecordingConfiguration", arn_body(configuration.arn));

    CHECK(listed.text("/recordingConfigurations/0/name") == "default");
    CHECK(listed.text("/recordingConfigurations/0/state") == "ACTIVE");
    CHECK(read.text("/recordingConfiguration/destinationConfiguration/s3/bucketName") ==
          "recordings");
    CHECK(read.at("/recordingConfiguration/recordingReconnectWindowSeconds").as_int64() == 60);
    CHECK(read.at("/recordingConfiguration/thumbnailConfiguration/targetIntervalSeconds")
              .as_int64() == 5);
    CHECK(api.call("GetRecordingConfiguration",
                   arn_body("arn:aws:ivs:us-east-1:1:recording-configuration/none"))
              .status == 404);
}

TEST_CASE("recordings are listed newest first, of one channel or of all") {
    const TestApi api;
    const std::string a = api.channel("a");
    const std::string b = api.channel("b");
    api.add_recording("a1", a, kNow);
    api.add_recording("b1", b, kNow + 1min);
    api.add_recording("a2", a, kNow + 2min);
    api.add_recording("b2", b, kNow + 3min);
    const std::string b_id = b.substr(b.find('/') + 1);

    const Reply all = api.call("oxbow/ListRecordings");
    const Reply first = api.call("oxbow/ListRecordings", R"({"maxResults":3})");
    const Reply second = api.call("oxbow/ListRecordings", R"({"nextToken":"from-3"})");
    const Reply one = api.call("oxbow/ListRecordings", R"({"channelId":")" + b_id + R"("})");

    CHECK(ids_of(all) == "b2 a2 b1 a1 ");
    CHECK(ids_of(first) == "b2 a2 b1 ");
    CHECK(first.text("/nextToken") == "from-3");
    CHECK(ids_of(second) == "a1 ");
    CHECK(ids_of(one) == "b2 b1 ");
    CHECK(all.at("/recordings/0/durationMs").as_int64() == 90'000);
    CHECK(all.text("/recordings/0/playbackUrl") ==
          "http://127.0.0.1:8080/ivs/v1/0/c/b2/media/hls/master.m3u8");
}

TEST_CASE("a locked recording is not deleted until it is unlocked") {
    const TestApi api;
    api.add_recording("r1", api.channel(), kNow);

    const Reply locked = api.call("oxbow/LockRecording", recording_body("r1"));
    const Reply refused = api.call("oxbow/DeleteRecording", recording_body("r1"));
    const Reply unlocked = api.call("oxbow/UnlockRecording", recording_body("r1"));
    const Reply deleted = api.call("oxbow/DeleteRecording", recording_body("r1"));

    CHECK(locked.at("/recording/locked").as_bool());
    CHECK(refused.error_type == "ConflictException");
    CHECK_FALSE(unlocked.at("/recording/locked").as_bool());
    CHECK(deleted.status == 204);
    CHECK(api.deleter.deleted == std::vector<std::string>{"r1"});
}

TEST_CASE("a recording under way is not deleted, and an unknown one is not found") {
    const TestApi api;
    api.add_recording("r1", api.channel(), kNow, catalog::RecordingStatus::Started);

    CHECK(api.call("oxbow/DeleteRecording", recording_body("r1")).status == 409);
    CHECK(api.call("oxbow/DeleteRecording", recording_body("r2")).status == 404);
    CHECK(api.call("oxbow/GetRecording", recording_body("r1")).text("/recording/status") ==
          "RECORDING_STARTED");
    CHECK(api.deleter.deleted.empty());
}

TEST_CASE("a recording that is being deleted is there for its delete alone") {
    const TestApi api;
    api.add_recording("r1", api.channel(), kNow);
    REQUIRE(api.catalog->mark_deleting(RecordingId{"r1"}, "requested"));

    CHECK(api.call("oxbow/GetRecording", recording_body("r1")).status == 404);
    CHECK(api.call("oxbow/LockRecording", recording_body("r1")).status == 404);
    CHECK(api.call("oxbow/ListRecordings").at("/recordings").as_array().empty());
    CHECK(api.call("oxbow/DeleteRecording", recording_body("r1")).status == 204);
    CHECK(api.deleter.deleted == std::vector<std::string>{"r1"});
}

TEST_CASE("what retention would delete is told with its reasons, all of it in count and bytes") {
    TestApi api;
    const catalog::Removal removal{.recording = {.id = RecordingId{"r1"},
                                                 .channel = ChannelId{"AsXego4U6tnj"},
                                                 .configuration = "default",
                                                 .started_at = kNow,
                                                 .bytes = 7},
                                   .reason = catalog::RemovalReason::MaxAge,
                                   .why = "it is old"};
    api.retention.answer = {.configured = true,
                            .dry_run = true,
                            .removals = std::vector<catalog::Removal>(1'001, removal)};

    const Reply plan = api.call("oxbow/PlanRetention");

    CHECK(plan.at("/configured").as_bool());
    CHECK(plan.at("/dryRun").as_bool());
    CHECK(plan.at("/count").to_number<int>() == 1'001);
    CHECK(plan.at("/bytes").to_number<int>() == 7'007);
    CHECK(plan.at("/recordings").as_array().size() == 1'000);
    CHECK(plan.text("/recordings/0/recordingId") == "r1");
    CHECK(plan.text("/recordings/0/recordingConfiguration") == "default");
    CHECK(plan.text("/recordings/0/reason") == "max_age");
    CHECK(plan.text("/recordings/0/why") == "it is old");
}

TEST_CASE("a new credential is shown with its secret once, and the last one cannot be deleted") {
    const TestApi api;
    const std::string first = api.credentials->list()[0].access_key_id;

    const Reply made = api.call("oxbow/CreateCredential");
    const Reply listed = api.call("oxbow/ListCredentials");
    const std::string second = made.text("/credential/accessKeyId");
    const Reply deleted =
        api.call("oxbow/DeleteCredential", R"({"accessKeyId":")" + second + R"("})");
    const Reply last = api.call("oxbow/DeleteCredential", R"({"accessKeyId":")" + first + R"("})");

    CHECK(made.text("/credential/secretAccessKey").size() == 40);
    REQUIRE(listed.at("/credentials").as_array().size() == 2);
    CHECK_FALSE(listed.at("/credentials/1").as_object().contains("secretAccessKey"));
    CHECK(deleted.status == 204);
    CHECK(last.error_type == "ConflictException");
}

}  // namespace oxbow::control
