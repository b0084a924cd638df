#include "notify/s3_event.h"

#include <doctest/doctest.h>

namespace oxbow::notify {
namespace {

using namespace std::chrono_literals;

store::ObjectCreated created(std::string key) {
    return {.bucket = "recordings",
            .object = {.key = std::move(key),
                       .size = 905,
                       .etag = "17423a5b3f8e1000-389",
                       .last_modified = WallTime{1'675'983'341'550ms}},
            .time = WallTime{1'675'983'341'550ms},
            .sequencer = "17423A5B3F8E1000"};
}

std::string event_with(std::string_view record_members) {
    return R"({"Records":[{)" + std::string(record_members) + "}]}";
}

std::string event_of_key(std::string_view key) {
    return event_with(
        R"("eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":")" +
        std::string(key) + R"("}})");
}

std::string what(std::string_view json) {
    return read_s3_event(json).error().what;
}
ErrorCode code(std::string_view json) {
    return read_s3_event(json).error().code;
}

TEST_CASE("an event of our bucket has the members of Amazon S3's, in its order") {
    CHECK(render_s3_event(created("ivs/v1/a b&c.json"),
                          {.region = "us-west-2", .account = "123456789012"}) ==
          R"({"Records":[{"eventVersion":"2.6","eventSource":"aws:s3","awsRegion":"us-west-2",)"
          R"("eventTime":"2023-02-09T22:55:41.550Z","eventName":"ObjectCreated:Put",)"
          R"("userIdentity":{"principalId":"123456789012"},)"
          R"("requestParameters":{"sourceIPAddress":"127.0.0.1"},)"
          R"("responseElements":{"x-amz-request-id":"17423A5B3F8E1000",)"
          R"("x-amz-id-2":"17423A5B3F8E1000"},)"
          R"("s3":{"s3SchemaVersion":"1.0","configurationId":"oxbow",)"
          R"("bucket":{"name":"recordings","ownerIdentity":{"principalId":"123456789012"},)"
          R"("arn":"arn:aws:s3:::recordings"},)"
          R"("object":{"key":"ivs/v1/a+b%26c.json","size":905,"eTag":"17423a5b3f8e1000-389",)"
          R"("sequencer":"17423A5B3F8E1000"}}}]})");
}

TEST_CASE("what was rendered is read back") {
    const auto records = read_s3_event(render_s3_event(created("a b/ü+%.json"), {})).value();

    REQUIRE(records.size() == 1);
    CHECK(records[0].bucket == "recordings");
    CHECK(records[0].key == "a b/ü+%.json");
    CHECK(records[0].size == 905);
    CHECK(records[0].etag == "17423a5b3f8e1000-389");
    CHECK(records[0].sequencer == "17423A5B3F8E1000");
    CHECK(records[0].event_name == "ObjectCreated:Put");
    CHECK(records[0].event_time == WallTime{1'675'983'341'550ms});
}

TEST_CASE("every ObjectCreated record of an event is read, other kinds are passed over") {
    const auto records =
        read_s3_event(R"({"Records":[{"eventName":"ObjectCreated:CompleteMultipartUpload",)"
                      R"("s3":{"bucket":{"name":"b"},"object":{"key":"one"}}},)"
                      R"({"eventName":"ObjectRemoved:Delete"},)"
                      R"({"eventVersion":"2.1","eventName":"s3:ObjectCreated:Put",)"
                      R"("s3":{"bucket":{"name":"b"},"object":{"key":"ivs%2Fv1%2Ftwo"}}}]})")
            .value();

    REQUIRE(records.size() == 2);
    CHECK(records[0].key == "one");
    CHECK(records[0].event_name == "ObjectCreated:CompleteMultipartUpload");
    CHECK(records[0].sequencer.empty());
    CHECK(records[1].key == "ivs/v1/two");
    CHECK(records[1].event_name == "ObjectCreated:Put");
}

TEST_CASE("the test event that S3 sends at the configuration has no records") {
    CHECK(read_s3_event(R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"})")
              .value()
              .empty());
    CHECK(read_s3_event(R"({"Records":[]})").value().empty());
}

TEST_CASE("an event in an SNS notification is read; other SNS messages are told apart") {
    const auto records =
        read_s3_event(R"({"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:1:t","Message":)"
                      R"("{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":)"
                      R"({\"name\":\"b\"},\"object\":{\"key\":\"a+b\"}}}]}"})")
            .value();

    REQUIRE(records.size() == 1);
    CHECK(records[0].key == "a b");
    CHECK(code(R"({"Type":"SubscriptionConfirmation","TopicArn":"t","Message":"x"})") ==
          ErrorCode::Unsupported);
    CHECK(code(R"({"Type":"Notification","TopicArn":"t","Message":"x"})") == ErrorCode::Malformed);
}

TEST_CASE("an EventBridge event is read, its key as it stands") {
    const auto records =
        read_s3_event(
            R"({"version":"0","detail-type":"Object Created","source":"aws.s3",)"
            R"("time":"2023-02-09T22:55:41Z","detail":{"bucket":{"name":"b"},"object":)"
            R"({"key":"a+b","size":5,"etag":"e","sequencer":"0A"},"reason":"PutObject"}})")
            .value();

    REQUIRE(records.size() == 1);
    CHECK(records[0].key == "a+b");
    CHECK(records[0].etag == "e");
    CHECK(records[0].sequencer == "0A");
    CHECK(records[0].event_name == "ObjectCreated:Put");
    CHECK(records[0].event_time == WallTime{1'675'983'341'000ms});
    CHECK(read_s3_event(R"({"detail-type":"Object Deleted","detail":{}})").value().empty());
}

TEST_CASE("a member that is missing or wrong is named") {
    const std::string intro = "the notification is not an S3 event: ";

    CHECK(what("{}") == intro + "Records is missing or not an array");
    CHECK(what(R"({"Records":{}})") == intro + "Records is missing or not an array");
    CHECK(what(R"({"Records":[1]})") == intro + "Records[0] is not an object");
    CHECK(what(event_with("")) == intro + "Records[0].eventName is missing");
    CHECK(what(event_with(R"("eventName":"ObjectCreated:Put")")) ==
          intro + "Records[0].s3 is missing");
    CHECK(what(event_with(R"("eventName":"ObjectCreated:Put","s3":{"bucket":{"name":7}})")) ==
          intro + "Records[0].s3.object is missing");
    CHECK(
        what(event_with(
            R"("eventName":"ObjectCreated:Put","s3":{"object":{"key":"a"},"bucket":{"name":7}})")) ==
        intro + "Records[0].s3.bucket.name is not a string");
    CHECK(what(event_of_key("a%2")) ==
          intro + "Records[0].s3.object.key has a broken percent escape");
    CHECK(what(event_with(
              R"("eventName":"ObjectCreated:Put","eventTime":"now","s3":{"bucket":{"name":"b"},)"
              R"("object":{"key":"a"}})")) ==
          intro + "Records[0].eventTime is not an RFC 3339 time");
    CHECK(code("[]") == ErrorCode::Malformed);
    CHECK(code("not json") == ErrorCode::Malformed);
}

TEST_CASE("an event of another major version is not supported") {
    CHECK(code(event_with(R"("eventVersion":"3.0","eventName":"ObjectRemoved:Delete")")) ==
          ErrorCode::Unsupported);
    CHECK(what(event_with(R"("eventVersion":"3.0","eventName":"ObjectRemoved:Delete")")) ==
          "the notification is not an S3 event: Records[0].eventVersion is not 2.x");
}

TEST_CASE("an event has at most 256 KiB and 1,000 records") {
    const auto padded = [](std::size_t bytes) {
        std::string json = event_of_key("a");
        return json.append(bytes - json.size(), ' ');
    };
    const auto with_records = [](std::size_t count) {
        std::string json = R"({"Records":[{"eventName":"x"})";
        for (std::size_t i = 1; i < count; ++i) json += R"(,{"eventName":"x"})";
        return json + "]}";
    };

    CHECK(read_s3_event(padded(262'144)).has_value());
    CHECK(code(padded(262'145)) == ErrorCode::LimitExceeded);
    CHECK(read_s3_event(with_records(1000)).has_value());
    CHECK(code(with_records(1001)) == ErrorCode::LimitExceeded);
}

TEST_CASE("keys are form-URL-encoded and decoded") {
    CHECK(form_url_encode("red flower.jpg") == "red+flower.jpg");
    CHECK(form_url_encode("a/b+c") == "a/b%2Bc");
    CHECK(form_url_decode("red+flower%2Ejpg").value() == "red flower.jpg");
    CHECK(form_url_decode("%c3%BC").value() == "ü");
    CHECK(form_url_decode("").value().empty());
    CHECK(form_url_decode("%41").value() == "A");
    CHECK(form_url_decode("%").error().code == ErrorCode::Malformed);
    CHECK(form_url_decode("%4").error().code == ErrorCode::Malformed);
    CHECK(form_url_decode("%4g").error().code == ErrorCode::Malformed);
}

}  // namespace
}  // namespace oxbow::notify
