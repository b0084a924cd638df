#include "remote/remote_streams.h"

#include <doctest/doctest.h>

#include <functional>
#include <future>
#include <thread>

#include <fmt/format.h>

#include "net/sigv4.h"
#include "remote/test_endpoint.h"

namespace oxbow::remote {
namespace {

using namespace std::chrono_literals;

const ChannelId kChannel{"AsXego4U6tnj"};
const std::string kArn = "arn:aws:ivs:eu-west-1:123456789012:channel/AsXego4U6tnj";
constexpr std::string_view kLive =
    R"({"stream":{"channelArn":"arn","health":"HEALTHY","playbackUrl":"https://a.example/x.m3u8",)"
    R"("startTime":"2026-11-23T09:05:00Z","state":"LIVE","streamId":"st-1","viewerCount":3}})";

/// The endpoint's next answer, and a client that asks it at the time of `clock`.
struct Fixture {
    Fixture()
        : endpoint([this](const net::HttpRequest& request) {
              last = fmt::format("{} {} {}", request.method, request.path, request.body);
              const auto secret = [](std::string_view id) {
                  return id == "KEY" ? std::optional<std::string>{"secret"} : std::nullopt;
              };
              if (before_answer) before_answer();
              is_signed = net::verify_v4(request, secret, "ivs", SystemClock{}.wall()).has_value();
              return answer;
          }) {}

    IvsClient make_client() {
        return IvsClient{{.endpoint = endpoint.url,
                          .region = "eu-west-1",
                          .credentials = {.configured = store::S3Credentials{"KEY", "secret"}}},
                         wall};
    }

    TestEndpoint::Answer answer{.body = std::string{kLive}};
    std::function<void()> before_answer;
    std::string last;
    bool is_signed = false;
    SystemClock wall;  // what signatures are dated by
    ManualClock clock{WallTime{}};
    TestEndpoint endpoint;
};

}  // namespace

TEST_CASE("GetStream is asked with a signature, and its stream is given") {
    Fixture it;
    IvsClient client = it.make_client();

    const auto stream = client.get_stream(kArn);

    REQUIRE(stream);
    REQUIRE(*stream);
    CHECK((*stream)->id == "st-1");
    CHECK((*stream)->playback_url == "https://a.example/x.m3u8");
    CHECK(format_rfc3339((*stream)->started_at) == "2026-11-23T09:05:00Z");
    CHECK(it.last == "POST /GetStream {\"channelArn\":\"" + kArn + "\"}");
    CHECK(it.is_signed);
}

TEST_CASE("what the endpoint refuses is told apart") {
    Fixture it;
    IvsClient client = it.make_client();
    const auto code = [&](int status, const std::string& type) {
        it.answer = {.status = status,
                     .body = R"({"__type":"com.amazonaws.ivs#)" + type + R"(","message":"why"})"};
        const auto stream = client.get_stream(kArn);
        REQUIRE_FALSE(stream);
        CHECK(stream.error().what.contains("why"));
        return stream.error().code;
    };
    CHECK(code(404, "ResourceNotFoundException") == ErrorCode::NotFound);
    CHECK(code(403, "AccessDeniedException") == ErrorCode::Refused);
    CHECK(code(429, "ThrottlingException") == ErrorCode::LimitExceeded);
    CHECK(code(503, "ServiceUnavailable") == ErrorCode::Unavailable);

    it.answer = {.status = 404,
                 .headers = "x-amzn-ErrorType: ChannelNotBroadcasting:http://x/\r\n"};
    CHECK(client.get_stream(kArn).value() == std::nullopt);
    it.answer = {.body = R"({"stream":{"state":"OFFLINE","streamId":"st-1","playbackUrl":"",)"
                         R"("startTime":"2026-11-23T09:05:00Z"}})"};
    CHECK(client.get_stream(kArn).value() == std::nullopt);
    it.answer = {.body = "<html>"};
    CHECK(client.get_stream(kArn).error().code == ErrorCode::Unavailable);
}

TEST_CASE("a channel that does not say that it is everybody's is private") {
    CHECK_FALSE(read_channel(R"({"channel":{"name":"a","authorized":false}})")->authorized);
    CHECK_FALSE(read_channel(R"({"channel":{"name":"a","authorized":false,)"
                             R"("playbackRestrictionPolicyArn":""}})")
                    ->authorized);
    // Whom its policy lets in is not known here.
    CHECK(read_channel(R"({"channel":{"name":"a","authorized":false,)"
                       R"("playbackRestrictionPolicyArn":"arn:aws:ivs:us-east-1:1:x/y"}})")
              ->authorized);
    CHECK(read_channel(R"({"channel":{"name":"a","authorized":true}})")->authorized);
    CHECK(read_channel(R"({"channel":{"name":"a"}})")->authorized);
    CHECK(read_channel(R"({"channel":{"name":"a","authorized":"no"}})")->authorized);
    CHECK(read_channel(R"({"channel":{"name":"a"}})")->name == "a");
    CHECK(read_channel("{}").error().code == ErrorCode::Malformed);
}

TEST_CASE("a channel is asked for once in a second") {
    Fixture it;
    IvsClient client = it.make_client();
    RemoteStreams streams{client, it.clock};
    CHECK_FALSE(streams.is_fresh(kChannel));
    CHECK(streams.now(kChannel) == std::nullopt);

    streams.refresh(kChannel, kArn);
    streams.refresh(kChannel, kArn);

    CHECK(it.endpoint.asked == 1);
    CHECK(streams.now(kChannel)->id == "st-1");
    it.clock.advance(RemoteStreams::kFresh - 1ms);
    CHECK(streams.is_fresh(kChannel));
    it.clock.advance(1ms);
    CHECK_FALSE(streams.is_fresh(kChannel));
    it.answer = {.status = 404, .headers = "x-amzn-ErrorType: ChannelNotBroadcasting\r\n"};
    streams.refresh(kChannel, kArn);
    CHECK(it.endpoint.asked == 2);
    CHECK(streams.now(kChannel) == std::nullopt);
}

TEST_CASE("who wants to know while the endpoint is being asked gets what it told last") {
    Fixture it;
    IvsClient client = it.make_client();
    RemoteStreams streams{client, it.clock};
    streams.refresh(kChannel, kArn);
    it.clock.advance(RemoteStreams::kFresh);
    std::promise<void> is_asked;
    std::promise<void> go_on;
    it.before_answer = [&] {
        is_asked.set_value();
        go_on.get_future().wait();
    };
    std::thread slow{[&] { streams.refresh(kChannel, kArn); }};
    is_asked.get_future().wait();

    streams.refresh(kChannel, kArn);

    CHECK(streams.now(kChannel)->id == "st-1");
    CHECK(it.endpoint.asked == 2);
    go_on.set_value();
    slow.join();
    CHECK(streams.is_fresh(kChannel));
}

TEST_CASE("an endpoint that throttles is left alone, and what it told last counts") {
    Fixture it;
    IvsClient client = it.make_client();
    RemoteStreams streams{client, it.clock};
    streams.refresh(kChannel, kArn);
    it.answer = {.status = 429};

    for (int second = 0; second < 64; ++second) {
        it.clock.advance(1s);
        streams.refresh(kChannel, kArn);
    }

    CHECK(it.endpoint.asked < 10);  // 1, 2, 4, ... seconds apart
    CHECK(streams.now(kChannel)->id == "st-1");
}

TEST_CASE("an endpoint that is away tells nothing after a while, and is asked again") {
    Fixture it;
    IvsClient client = it.make_client();
    RemoteStreams streams{client, it.clock};
    streams.refresh(kChannel, kArn);
    it.answer = {.status = 500};
    it.clock.advance(1s);
    streams.refresh(kChannel, kArn);

    it.clock.advance(RemoteStreams::kKeptMax - 1ms);
    CHECK(streams.now(kChannel)->id == "st-1");
    it.clock.advance(1ms);
    CHECK(streams.now(kChannel) == std::nullopt);

    it.answer = {.body = std::string{kLive}};
    it.clock.advance(RemoteStreams::kPauseMax);
    streams.refresh(kChannel, kArn);
    CHECK(streams.now(kChannel)->id == "st-1");
}

}  // namespace oxbow::remote
