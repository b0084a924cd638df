#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "control/test_api.h"

namespace oxbow::control {
namespace {

const std::string kPublicKey =
    R"(-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEIYy/aMQIOP2wNy6uVRP7DK8qoLkFcl5o\n)"
    R"(KuzSZX+Gbfd42VN8cBnTeh981yWdBRQDhqYU5TmR7weqmL/Uj7ctj/JCqQGt0o88\n)"
    R"(pm2WBcQWzWJ1qHNa0tdr3N2ty1yH6www\n-----END PUBLIC KEY-----\n)";

std::string tags_path(const std::string& arn) {
    std::string path = "/tags/";
    for (const char c : arn) path += c == ':' ? "%3A" : c == '/' ? "%2F" : std::string(1, c);
    return path;
}

std::string configuration_body(const std::string& bucket) {
    return R"({"destinationConfiguration":{"s3":{"bucketName":")" + bucket + R"("}}})";
}

std::string state_of(const TestApi& api, const std::string& arn) {
    return api.call("GetRecordingConfiguration", arn_body(arn))
        .text("/recordingConfiguration/state");
}

}  // namespace

TEST_CASE("an update changes what it names and leaves the rest") {
    const TestApi api;
    const std::string arn = api.channel("one");

    const Reply updated = api.call(
        "UpdateChannel", R"({"arn":")" + arn + R"(","name":"two","latencyMode":"NORMAL"})");

    CHECK(updated.text("/channel/name") == "two");
    CHECK(updated.text("/channel/type") == "STANDARD");
    CHECK(api.call("GetChannel", arn_body(arn)).text("/channel/latencyMode") == "NORMAL");
}

TEST_CASE("a live channel is neither updated nor deleted") {
    TestApi api;
    const std::string arn = api.channel();
    api.go_live(arn);

    CHECK(api.call("UpdateChannel", arn_body(arn)).error_type == "ConflictException");
    CHECK(api.call("DeleteChannel", arn_body(arn)).error_type == "ConflictException");
}

TEST_CASE("a batch tells which of its ARNs are not there") {
    const TestApi api;
    const std::string arn = api.channel();
    const std::string gone = "arn:aws:ivs:us-east-1:000000000000:channel/gone";

    const Reply batch =
        api.call("BatchGetChannel", R"({"arns":[")" + arn + R"(",")" + gone + R"("]})");

    CHECK(batch.text("/channels/0/arn") == arn);
    CHECK(batch.text("/errors/0/arn") == gone);
    CHECK(batch.text("/errors/0/code") == "ResourceNotFoundException");
    CHECK(api.call("BatchGetStreamKey", R"({"arns":[]})").status == 400);
}

TEST_CASE("a recording configuration is CREATING until its bucket was written to") {
    TestApi api;
    const Reply ours = api.call("CreateRecordingConfiguration", configuration_body("recordings"));
    const Reply other = api.call("CreateRecordingConfiguration", configuration_body("others"));
    const std::string ours_arn = ours.text("/recordingConfiguration/arn");
    const std::string other_arn = other.text("/recordingConfiguration/arn");

    CHECK(ours.text("/recordingConfiguration/state") == "CREATING");
    api.buckets.find_out();

    CHECK(state_of(api, ours_arn) == "ACTIVE");
    CHECK(state_of(api, other_arn) == "CREATE_FAILED");
    CHECK(api.call("CreateChannel", R"({"recordingConfigurationArn":")" + other_arn + R"("})")
              .error_type == "ValidationException");
}

TEST_CASE("a configuration that was CREATING when the process ended is looked at again") {
    TestApi api;
    const std::string arn =
        api.call("CreateRecordingConfiguration", configuration_body("recordings"))
            .text("/recordingConfiguration/arn");
    api.buckets.asked.clear();

    api.restart({});
    api.buckets.find_out();

    CHECK(state_of(api, arn) == "ACTIVE");
}

TEST_CASE("a recording configuration keeps what it was made with") {
    const TestApi api;

    const Reply made =
        api.call("CreateRecordingConfiguration",
                 R"({"name":"c","destinationConfiguration":{"s3":{"bucketName":"recordings"}},
            "recordingReconnectWindowSeconds":300,
            "thumbnailConfiguration":{"recordingMode":"INTERVAL","targetIntervalSeconds":7,
                                      "resolution":"HD","storage":["LATEST","SEQUENTIAL"]},
            "renditionConfiguration":{"renditionSelection":"CUSTOM","renditions":["HD"]}})");
    const Reply read =
        api.call("GetRecordingConfiguration", arn_body(made.text("/recordingConfiguration/arn")));

    const std::string at = "/recordingConfiguration";
    CHECK(read.at(at + "/recordingReconnectWindowSeconds").as_int64() == 300);
    CHECK(read.at(at + "/thumbnailConfiguration/targetIntervalSeconds").as_int64() == 7);
    CHECK(read.text(at + "/thumbnailConfiguration/resolution") == "HD");
    CHECK(read.text(at + "/thumbnailConfiguration/storage/0") == "LATEST");
    CHECK(read.text(at + "/renditionConfiguration/renditions/0") == "HD");
}

TEST_CASE("a recording configuration in use is not deleted") {
    TestApi api;
    const std::string arn =
        api.call("CreateRecordingConfiguration", configuration_body("recordings"))
            .text("/recordingConfiguration/arn");
    const std::string channel =
        api.call("CreateChannel", R"({"recordingConfigurationArn":")" + arn + R"("})")
            .text("/channel/arn");

    CHECK(api.call("DeleteRecordingConfiguration", arn_body(arn)).status == 409);
    api.call("UpdateChannel", R"({"arn":")" + channel + R"(","recordingConfigurationArn":""})");
    CHECK(api.call("DeleteRecordingConfiguration", arn_body(arn)).status == 204);
}

TEST_CASE("a playback key is imported once, and shown without itself") {
    const TestApi api;
    const std::string body = R"({"publicKeyMaterial":")" + kPublicKey + R"(","name":"k"})";

    const Reply made = api.call("ImportPlaybackKeyPair", body);
    const Reply again = api.call("ImportPlaybackKeyPair", body);
    const Reply listed = api.call("ListPlaybackKeyPairs");
    const Reply deleted = api.call("DeletePlaybackKeyPair", arn_body(made.text("/keyPair/arn")));

    CHECK(made.text("/keyPair/fingerprint") == "68:84:e2:67:8d:eb:bf:67:a7:c0:93:80:e3:cb:36:7b");
    CHECK_FALSE(made.at("/keyPair").as_object().contains("publicKeyMaterial"));
    CHECK(again.error_type == "ConflictException");
    CHECK_FALSE(listed.at("/keyPairs/0").as_object().contains("fingerprint"));
    CHECK(deleted.status == 200);
    CHECK(api.call("ListPlaybackKeyPairs").at("/keyPairs").as_array().empty());
}

TEST_CASE("a channel follows a policy that limits origins, which changes and stays while it does") {
    const TestApi api;
    const std::string policy =
        api.call("CreatePlaybackRestrictionPolicy", R"({"allowedOrigins":["https://a.example"]})")
            .text("/playbackRestrictionPolicy/arn");

    const Reply channel =
        api.call("CreateChannel", R"({"playbackRestrictionPolicyArn":")" + policy + R"("})");
    const Reply strict =
        api.call("UpdatePlaybackRestrictionPolicy",
                 R"({"arn":")" + policy + R"(","enableStrictOriginEnforcement":true})");

    CHECK(channel.text("/channel/playbackRestrictionPolicyArn") == policy);
    CHECK(strict.at("/playbackRestrictionPolicy/enableStrictOriginEnforcement").as_bool());
    CHECK(strict.text("/playbackRestrictionPolicy/allowedOrigins/0") == "https://a.example");
    CHECK(api.call("DeletePlaybackRestrictionPolicy", arn_body(policy)).status == 409);
}

TEST_CASE("a channel becomes private and public, and stays what it is where nothing is said") {
    const TestApi api;
    const std::string arn =
        api.call("CreateChannel", R"({"authorized":true})").text("/channel/arn");
    const auto authorized = [&](const std::string& more) {
        return api.call("UpdateChannel", R"({"arn":")" + arn + R"(")" + more + "}")
            .at("/channel/authorized")
            .as_bool();
    };

    CHECK(authorized(R"(,"name":"other")"));
    CHECK_FALSE(authorized(R"(,"authorized":false)"));
    CHECK_FALSE(authorized(""));
    CHECK(authorized(R"(,"authorized":true)"));
    CHECK(api.call("GetChannel", arn_body(arn)).at("/channel/authorized").as_bool());
    CHECK(api.call("ListChannels").at("/channels/0/authorized").as_bool());
}

TEST_CASE("a policy by country is refused when it is made") {
    const TestApi api;

    CHECK(api.call("CreatePlaybackRestrictionPolicy", R"({"allowedCountries":["DE"]})")
              .text("/message") ==
          "allowedCountries must be empty, which allows all: Oxbow cannot tell where a viewer is.");
}

TEST_CASE("a revocation is kept with the highest version it was told") {
    const TestApi api;
    const std::string arn = api.channel();
    const auto revoke = [&](std::string_view version) {
        return api.call("StartViewerSessionRevocation",
                        R"({"channelArn":")" + arn +
                            R"(","viewerId":"v","viewerSessionVersionsLessThanOrEqualTo":)" +
                            std::string{version} + "}");
    };

    CHECK(revoke("7").status == 200);
    CHECK(revoke("3").status == 200);

    const auto kept =
        api.catalog->viewer_session_revocations(ivs::channel_of_arn(arn).value()).value();
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].version == 7);
}

TEST_CASE("tags are added, listed and taken away, by the ARN in the path") {
    const TestApi api;
    const std::string path = tags_path(api.channel());

    CHECK(api.request("POST", path, "", R"({"tags":{"a b":"1","c":"2"}})").status == 200);
    CHECK(api.request("GET", path).text("/tags/a b") == "1");
    CHECK(api.request("DELETE", path, "tagKeys=a%20b&tagKeys=x").status == 200);
    CHECK(api.request("GET", path).at("/tags").as_object().size() == 1);
    CHECK(api.request("GET", tags_path("arn:aws:ivs:us-east-1:0:channel/gone")).status == 404);
    CHECK(api.request("GET", "/tags/nothing").error_type == "ValidationException");
    CHECK(api.request("DELETE", path).text("/message") == "tagKeys is required.");
}

TEST_CASE("a resource has fifty tags at most, with those that it has") {
    const TestApi api;
    const std::string path = tags_path(api.channel());
    std::string fifty;
    for (int i = 0; i < 50; ++i) fifty += "\"k" + std::to_string(i) + "\":\"v\",";
    fifty.pop_back();

    CHECK(api.request("POST", path, "", "{\"tags\":{" + fifty + "}}").status == 200);
    CHECK(api.request("POST", path, "", R"({"tags":{"k0":"w"}})").status == 200);
    CHECK(api.request("POST", path, "", R"({"tags":{"more":"v"}})").error_type ==
          "ValidationException");
}

TEST_CASE("metadata of 1,024 bytes passes five times a second, and not without a stream") {
    TestApi api;
    const std::string arn = api.channel();
    const auto put = [&](std::size_t bytes) {
        return api.call("PutMetadata", R"({"channelArn":")" + arn + R"(","metadata":")" +
                                           std::string(bytes, 'm') + R"("})");
    };

    CHECK(put(1).error_type == "ChannelNotBroadcasting");
    api.go_live(arn);
    CHECK(put(1'025).error_type == "ValidationException");
    CHECK(put(1'024).status == 204);
    CHECK(put(1).status == 204);
    CHECK(put(1).status == 204);
    CHECK(put(1).status == 204);
    CHECK(put(1).status == 204);
    CHECK(put(1).error_type == "ThrottlingException");
    api.clock.advance(1s);
    CHECK(put(1).status == 204);
}

TEST_CASE("metadata that the stream does not take is not accepted") {
    TestApi api;
    const std::string arn = api.channel();
    api.go_live(arn);
    const auto refusal = [&](ErrorCode code) {
        api.live.metadata_answer = fail(code, "Not now.");
        return api.call("PutMetadata", R"({"channelArn":")" + arn + R"(","metadata":"m"})")
            .error_type;
    };

    CHECK(refusal(ErrorCode::NotFound) == "ChannelNotBroadcasting");
    CHECK(refusal(ErrorCode::LimitExceeded) == "ThrottlingException");
    CHECK(refusal(ErrorCode::Timeout) == "ServiceUnavailable");
}

TEST_CASE("a channel's streams are told newest first, also after the channel is deleted") {
    const TestApi api;
    const std::string arn = api.channel();
    const ChannelId channel = ivs::channel_of_arn(arn).value();
    const std::string first = "st-1FQzeLONMT9XTKI43leLSo1";
    const std::string second = "st-2FQzeLONMT9XTKI43leLSo1";
    api.log({.id = StreamId{first}, .channel = channel, .started_at = kNow, .ended_at = kNow + 1s});
    api.log({.id = StreamId{second}, .channel = channel, .started_at = kNow + 1min});

    const Reply newest = api.call("GetStreamSession", channel_body(arn));
    const Reply named = api.call(
        "GetStreamSession", R"({"channelArn":")" + arn + R"(","streamId":")" + first + R"("})");
    api.call("DeleteChannel", arn_body(arn));
    const Reply listed = api.call("ListStreamSessions", channel_body(arn));

    CHECK(newest.text("/streamSession/streamId") == second);
    CHECK_FALSE(newest.at("/streamSession").as_object().contains("endTime"));
    CHECK(named.text("/streamSession/endTime") == "2026-11-23T09:00:01Z");
    CHECK(listed.at("/streamSessions").as_array().size() == 2);
    CHECK(api.call("GetStreamSession", channel_body("arn:aws:ivs:us-east-1:0:channel/x")).status ==
          404);
}

TEST_CASE("a session tells its channel and recording configuration as they were, and its events") {
    const TestApi api;
    const std::string arn = api.channel("before");
    const ChannelId channel = ivs::channel_of_arn(arn).value();
    catalog::RecordingConfiguration recorded;
    recorded.arn = "arn:aws:ivs:us-east-1:000000000000:recording-configuration/abcdABCDefgh";
    recorded.bucket_name = "recordings";
    api.log({.id = StreamId{"st-1FQzeLONMT9XTKI43leLSo1"},
             .channel = channel,
             .started_at = kNow,
             .channel_then = api.catalog->channel(channel).value(),
             .recording_configuration = recorded},
            {{.channel = channel,
              .stream = StreamId{"st-1FQzeLONMT9XTKI43leLSo1"},
              .type = "IVS Stream State Change",
              .name = "Session Created",
              .code = "",
              .time = kNow,
              .body = "{}"},
             {.channel = channel,
              .stream = StreamId{"st-1FQzeLONMT9XTKI43leLSo1"},
              .type = "IVS Limit Breach",
              .name = "Ingest Bitrate",
              .code = "",
              .time = kNow + 1s,
              .body = "{}"}});
    api.call("UpdateChannel", R"({"arn":")" + arn + R"(","name":"after"})");

    const Reply reply = api.call("GetStreamSession", channel_body(arn));

    CHECK(reply.text("/streamSession/channel/arn") == arn);
    CHECK(reply.text("/streamSession/channel/name") == "before");
    CHECK(reply.text("/streamSession/recordingConfiguration/arn") == recorded.arn);
    CHECK(reply.at("/streamSession/truncatedEvents").as_array().size() == 2);
    CHECK(reply.text("/streamSession/truncatedEvents/0/name") == "Ingest Bitrate");
    CHECK(reply.text("/streamSession/truncatedEvents/0/type") == "IVS Limit Breach");
    CHECK(reply.text("/streamSession/truncatedEvents/0/eventTime") == "2026-11-23T09:00:01Z");
    CHECK(reply.text("/streamSession/truncatedEvents/1/name") == "Session Created");
    CHECK_FALSE(reply.at("/streamSession").as_object().contains("ingestConfiguration"));
    CHECK(api.call("ListStreamSessions", channel_body(arn))
              .at("/streamSessions/0/hasErrorEvent")
              .as_bool());
}

TEST_CASE("a session tells what was ingested: as measured now while it is live, else as kept") {
    TestApi api;
    const std::string arn = api.channel();
    const ChannelId channel = ivs::channel_of_arn(arn).value();
    const StreamId stream{"st-1FQzeLONMT9XTKI43leLSo1"};
    ivs::IngestConfiguration ingest{
        .video = ivs::VideoIngest{.codec = "avc1.4D401F", .bits_per_second = 3'000'000},
        .audio = std::nullopt};
    api.log({.id = stream, .channel = channel, .started_at = kNow, .ingest = ingest});

    const Reply kept = api.call("GetStreamSession", channel_body(arn));
    api.go_live(arn);
    ingest.video->bits_per_second = 4'000'000;
    api.live.on_air[0].ingest = ingest;
    const Reply live = api.call("GetStreamSession", channel_body(arn));

    CHECK(kept.text("/streamSession/ingestConfiguration/video/codec") == "avc1.4D401F");
    CHECK(kept.at("/streamSession/ingestConfiguration/video/targetBitrate") == 3'000'000);
    CHECK(live.at("/streamSession/ingestConfiguration/video/targetBitrate") == 4'000'000);
}

TEST_CASE("a list of streams has those of the health that is asked for") {
    TestApi api;
    const std::string healthy = api.channel("healthy");
    const std::string starving = api.channel("starving");
    api.go_live(healthy);
    api.go_live(starving);
    api.live.on_air[1].starving = true;

    const Reply reply = api.call("ListStreams", R"({"filterBy":{"health":"STARVING"}})");

    CHECK(reply.at("/streams").as_array().size() == 1);
    CHECK(reply.text("/streams/0/channelArn") == starving);
    CHECK(reply.text("/streams/0/health") == "STARVING");
    CHECK(reply.at("/streams/0/viewerCount") == 3);
}

TEST_CASE("ads are refused by name") {
    const TestApi api;

    CHECK(api.call("InsertAdBreak").error_type == "AccessDeniedException");
    CHECK(api.call("UpdateAdConfiguration").text("/message") ==
          "Oxbow does not offer ads: no ad configurations, no ad breaks.");
}

TEST_CASE("configured quotas and call rates are kept, and there are none by default") {
    TestApi api;
    api.channel();
    api.restart({.channels = 2, .amazon_call_rates = true});

    CHECK(api.call("CreateChannel").status == 200);
    CHECK(api.call("CreateChannel").error_type == "ServiceQuotaExceededException");
    CHECK(api.call("CreateChannel").status == 402);
    CHECK(api.call("CreateChannel").status == 402);
    CHECK(api.call("CreateChannel").status == 402);
    CHECK(api.call("CreateChannel").error_type == "ThrottlingException");
    CHECK(api.call("ListChannels").status == 200);
}

}  // namespace oxbow::control
