#include "control/test_api.h"

namespace oxbow::control {

TEST_CASE("the health of streams is told by channel, and of what is no channel by its error") {
    TestApi api;
    const std::string arn = api.channel();
    const std::string gone = arn.substr(0, arn.rfind('/')) + "/gone";
    api.go_live(arn);
    api.live.on_air[0].recent_bits_per_second = 4'120'000;
    api.live.on_air[0].recent_frame_rate = 29.974;
    api.sample_health();

    const Reply reply = api.call("oxbow/BatchGetStreamHealth",
                                 R"({"channelArns":[")" + arn + R"(",")" + gone + R"("]})");

    CHECK(reply.status == 200);
    CHECK(reply.at("/sampleIntervalMs") == 5'000);
    CHECK(reply.text("/streams/0/channelArn") == arn);
    CHECK(json::serialize(reply.at("/streams/0/samples")) ==
          "[[1795424400000,4120000,2.997E1,0,3]]");
    CHECK(reply.text("/errors/0/code") == "ResourceNotFoundException");
}

TEST_CASE("health is asked for from a time on, of at most 50 channels") {
    TestApi api;
    const std::string arn = api.channel();
    std::string arns = "\"" + arn + "\"";
    for (int more = 1; more < 50; ++more) arns += ",\"" + arn + std::to_string(more) + "\"";

    CHECK(api.call("oxbow/BatchGetStreamHealth", "{\"channelArns\":[" + arns + "]}").status == 200);
    CHECK(
        api.call("oxbow/BatchGetStreamHealth", "{\"channelArns\":[" + arns + ",\"" + arn + "x\"]}")
            .error_type == "ValidationException");
    CHECK(api.call("oxbow/BatchGetStreamHealth").error_type == "ValidationException");
    CHECK(api.call("oxbow/BatchGetStreamHealth", R"({"channelArns":[")" + arn + R"("],"since":-1})")
              .error_type == "ValidationException");
}

TEST_CASE("the server's status tells the time, where to publish, the disk and what waits") {
    TestApi api;
    api.server_status = {.disk_free = 3,
                         .disk_size = 5,
                         .bucket = "bucket recordings of https://s3",
                         .rtmps_url = {},
                         .uploads = std::nullopt};
    const Reply folder = api.call("oxbow/GetServerStatus");
    api.server_status.rtmps_url = "rtmps://127.0.0.1:1936/app";
    api.server_status.uploads = ServerStatus::Uploads{
        .objects = 2, .bytes = 700, .age = 1'100ms, .failures = 4, .trouble = "it is away"};

    const Reply far = api.call("oxbow/GetServerStatus");

    CHECK(json::serialize(folder.body) ==
          R"({"server":{"time":"2026-11-23T09:00:00.000Z","ingestUrl":"rtmp://127.0.0.1:1935/app",)"
          R"("disk":{"freeBytes":3,"sizeBytes":5},"bucket":"bucket recordings of https://s3"}})");
    CHECK(far.text("/server/secureIngestUrl") == "rtmps://127.0.0.1:1936/app");
    CHECK(json::serialize(far.at("/server/uploads")) ==
          R"({"objects":2,"bytes":700,"oldestAgeMs":1100,"failures":4,"trouble":"it is away"})");
}

}  // namespace oxbow::control
