#include "ivs/events.h"

#include <doctest/doctest.h>

namespace oxbow::ivs {
namespace {

EventHead head() {
    return {.id = "0f8fad5b-d9cb-469f-a165-70867728950e",
            .time = WallTime{std::chrono::milliseconds{1'592'943'156'999}},
            .account = "123456789012",
            .region = "us-west-2",
            .channel_arn = "arn:aws:ivs:us-west-2:123456789012:channel/AsXego4U6tnj",
            .channel_name = "class",
            .stream = StreamId{"st-1FQzeLONMT9XTKI43leLSo1"}};
}

// {"detail":{...}} of an event of head(), whose other members are the same in all of them.
std::string detail_of(const EventDetail& detail) {
    const std::string text = to_json(head(), detail);
    return text.substr(text.find("\"detail\":"));
}

TEST_CASE("an event is what EventBridge delivers, its time in whole seconds") {
    CHECK(to_json(head(), StreamStateChange{.event_name = "Stream Start"}) ==
          R"({"version":"0","id":"0f8fad5b-d9cb-469f-a165-70867728950e",)"
          R"("detail-type":"IVS Stream State Change","source":"aws.ivs",)"
          R"("account":"123456789012","time":"2020-06-23T20:12:36Z","region":"us-west-2",)"
          R"("resources":["arn:aws:ivs:us-west-2:123456789012:channel/AsXego4U6tnj"],)"
          R"("detail":{"event_name":"Stream Start","channel_name":"class",)"
          R"("stream_id":"st-1FQzeLONMT9XTKI43leLSo1"}})");
}

TEST_CASE("a session that ended for a reason has its code, a failure its reason") {
    CHECK(detail_of(StreamStateChange{.event_name = "Session Ended",
                                      .code = "StreamTakeoverMediaMismatch"}) ==
          R"("detail":{"event_name":"Session Ended","code":"StreamTakeoverMediaMismatch",)"
          R"("channel_name":"class","stream_id":"st-1FQzeLONMT9XTKI43leLSo1"}})");
    CHECK(detail_of(StreamStateChange{.event_name = "Stream Failure", .reason = "No capacity."}) ==
          R"("detail":{"event_name":"Stream Failure","reason":"No capacity.",)"
          R"("channel_name":"class","stream_id":"st-1FQzeLONMT9XTKI43leLSo1"}})");
}

TEST_CASE("a limit breach tells the limit and what is above it") {
    const LimitBreach breach{.limit_name = "Ingest Bitrate",
                             .limit_value = 8'500'000,
                             .value = 9'000'000,
                             .limit_unit = "bits per second"};

    CHECK(detail_of(breach) ==
          R"("detail":{"limit_name":"Ingest Bitrate","limit_value":8500000,"exceeded_by":500000,)"
          R"("limit_unit":"bits per second","channel_name":"class",)"
          R"("stream_id":"st-1FQzeLONMT9XTKI43leLSo1"}})");
    CHECK(detail_type(breach) == "IVS Limit Breach");
    CHECK(event_name(breach) == "Ingest Bitrate");
}

TEST_CASE("a breach of the account's limit names neither channel nor stream") {
    const LimitBreach breach{.limit_name = "Concurrent Broadcasts",
                             .limit_value = 100,
                             .value = 101,
                             .limit_unit = "active streams"};
    EventHead account = head();
    account.channel_arn = "";
    const std::string text = to_json(account, breach);
    CHECK(text.find(R"("resources":[])") != std::string::npos);
    CHECK(text.substr(text.find("\"detail\":")) ==
          R"("detail":{"limit_name":"Concurrent Broadcasts","limit_value":100,"exceeded_by":1,)"
          R"("limit_unit":"active streams"}})");
}

TEST_CASE("a recording's event names its bucket, prefix, session and streams") {
    const RecordingStateChange change{
        .status = "Recording End",
        .bucket_name = "recordings",
        .prefix = "ivs/v1/123456789012/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs",
        .duration = std::chrono::milliseconds{70'000},
        .session_id = "j8Z9O91ndcVs",
        .stream_ids = {StreamId{"st-254s"}, StreamId{"st-1A2b"}}};

    CHECK(detail_of(change) ==
          R"("detail":{"recording_status":"Recording End","recording_status_reason":"",)"
          R"("recording_s3_bucket_name":"recordings",)"
          R"("recording_s3_key_prefix":)"
          R"("ivs/v1/123456789012/AsXego4U6tnj/2020/6/23/20/12/j8Z9O91ndcVs",)"
          R"("recording_duration_ms":70000,"recording_session_id":"j8Z9O91ndcVs",)"
          R"("recording_session_stream_ids":["st-254s","st-1A2b"],"channel_name":"class",)"
          R"("stream_id":"st-1FQzeLONMT9XTKI43leLSo1"}})");
    CHECK(event_name(change) == "Recording End");
}

TEST_CASE("breaches and failures are errors of their session, health is none") {
    CHECK(is_error("IVS Limit Breach", "Ingest Bitrate"));
    CHECK(is_error("IVS Stream State Change", "Stream Failure"));
    CHECK(is_error("IVS Recording State Change", "Recording Start Failure"));
    CHECK_FALSE(is_error("IVS Recording State Change", "Recording End"));
    CHECK_FALSE(is_error("IVS Stream Health Change", "Starvation Start"));
}

TEST_CASE("a deleted recording is told by an event of ours, which Amazon IVS does not have") {
    const std::string text =
        to_json(head(), RecordingDeleted{.reason = "max_age",
                                         .bucket_name = "recordings",
                                         .prefix = "ivs/v1/1/AsXego4U6tnj/2020/6/23/20/12/j8Z9",
                                         .duration = std::chrono::milliseconds{171'546},
                                         .bytes = 5'000'000'000,
                                         .session_id = "j8Z9",
                                         .stream_ids = {StreamId{"st-1"}}});

    CHECK(text.contains(R"("detail-type":"Oxbow Recording Change","source":"oxbow",)"));
    CHECK(
        text.contains(R"("detail":{"event_name":"Recording Deleted","reason":"max_age",)"
                      R"("recording_s3_bucket_name":"recordings",)"
                      R"("recording_s3_key_prefix":"ivs/v1/1/AsXego4U6tnj/2020/6/23/20/12/j8Z9",)"
                      R"("recording_duration_ms":171546,"recording_bytes":5000000000,)"
                      R"("recording_session_id":"j8Z9","recording_session_stream_ids":["st-1"],)"));
    CHECK_FALSE(is_error("Oxbow Recording Change", "Recording Deleted"));
}

}  // namespace
}  // namespace oxbow::ivs
