#include "notify/s3_notifications.h"

#include <doctest/doctest.h>

#include <future>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

using namespace oxbow;
using namespace oxbow::notify;
namespace asio = boost::asio;

namespace {

constexpr std::string_view kSecret = "a-secret-of-16-b";
constexpr std::string_view kKey =
    "ivs/v1/1/AsXego4U6tnj/2026/1/2/3/4/r/events/recording-started.json";

std::string event_of(std::string_view key) {
    return R"({"Records":[{"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"",)"
           R"("eventTime":"2026-11-22T09:13:18.230487Z","eventName":"ObjectCreated:Put",)"
           R"("s3":{"bucket":{"name":"live"},"object":{"key":")" +
           std::string{key} + R"(","size":8,"eTag":"e","sequencer":"2E"}}}]})";
}

struct Fixture {
    net::HttpResponse ask(std::string_view body, std::string_view query = "secret=a-secret-of-16-b",
                          std::vector<net::HttpHeader> headers = {},
                          std::string_view method = "POST") {
        net::HttpAnswer answer = notifications.answer({.method = method,
                                                       .path = S3Notifications::kPath,
                                                       .query = query,
                                                       .headers = std::move(headers),
                                                       .body = body,
                                                       .peer = "127.0.0.1:1"});
        if (auto* const at_once = std::get_if<net::HttpResponse>(&answer))
            return std::move(*at_once);
        auto later =
            asio::co_spawn(loop, std::get<asio::awaitable<net::HttpResponse>>(std::move(answer)),
                           asio::use_future);
        loop.restart();
        loop.run();
        return later.get();
    }

    asio::io_context loop;
    std::vector<std::string> handled;
    Result<void> outcome;
    S3Notifications notifications{{.secret = std::string{kSecret}},
                                  [this](const ObjectCreatedRecord& record) {
                                      handled.push_back(record.key);
                                      return outcome;
                                  },
                                  loop.get_executor()};
};

}  // namespace

TEST_CASE("a notification with the secret is handled before it is answered") {
    Fixture it;
    CHECK(it.ask(event_of(kKey)).status == 200);
    CHECK(it.handled == std::vector<std::string>{std::string{kKey}});
    CHECK(it.ask(event_of(kKey), "", {{"authorization", "Bearer a-secret-of-16-b"}}).status == 200);
    CHECK(it.ask(event_of(kKey), "", {{"x-oxbow-secret", kSecret}}).status == 200);
    CHECK(it.handled.size() == 3);
}

TEST_CASE("without the secret nothing is read") {
    Fixture it;
    CHECK(it.ask(event_of(kKey), "").status == 403);
    CHECK(it.ask(event_of(kKey), "secret=a-secret-of-16-c").status == 403);
    CHECK(it.ask(event_of(kKey), "secret=").status == 403);
    CHECK(it.ask(event_of(kKey), "secret=a-secret-of-16-b", {{"authorization", "Bearer wrong"}})
              .status == 403);
    CHECK(it.handled.empty());
    S3Notifications closed{{}, [](const auto&) { return Result<void>{}; }, it.loop.get_executor()};
    auto answer = closed.answer({.method = "POST", .path = S3Notifications::kPath});
    CHECK(std::get<net::HttpResponse>(answer).status == 404);
}

TEST_CASE("keys of Ceph RGW come as they are") {
    Fixture it;
    const std::string key = "ivs/v1/1/a+b%zz c/events/recording-started.json";
    CHECK(it.ask(event_of(key)).status == 200);
    CHECK(it.handled == std::vector<std::string>{key});
}

TEST_CASE("objects of no interest are taken and passed over") {
    Fixture it;
    CHECK(it.ask(event_of("ivs/v1/1/a/2026/1/2/3/4/r/media/hls/0.ts")).status == 200);
    CHECK(it.handled.empty());
}

TEST_CASE("what cannot be handled now is sent again, what never can is not") {
    Fixture it;
    it.outcome = fail(ErrorCode::Unavailable, "the bucket is away");
    CHECK(it.ask(event_of(kKey)).status == 503);
    it.outcome = fail(ErrorCode::NotFound, "it is gone");
    CHECK(it.ask(event_of(kKey)).status == 200);
}

TEST_CASE("what is no notification is refused") {
    Fixture it;
    CHECK(it.ask("").status == 400);
    CHECK(it.ask("{}").status == 400);
    CHECK(it.ask(event_of(kKey), "secret=a-secret-of-16-b", {}, "GET").status == 405);
    CHECK(it.ask(std::string(kS3EventBytesMax + 1, ' ')).status == 413);
    CHECK(it.ask(std::string(kS3EventBytesMax, ' ')).status == 400);
}

TEST_CASE("what waits to be refused when the server ends may go after the notifications") {
    asio::io_context loop;
    auto notifications = std::make_unique<S3Notifications>(
        S3NotificationsOptions{.secret = std::string{kSecret}},
        [](const auto&) { return Result<void>{}; }, loop.get_executor());
    auto answer = notifications->answer({.method = "POST",
                                         .path = S3Notifications::kPath,
                                         .query = "secret=a-secret-of-16-b",
                                         .body = "{}"});
    auto later = asio::co_spawn(
        loop, std::get<asio::awaitable<net::HttpResponse>>(std::move(answer)), asio::use_future);
    loop.poll();

    CHECK(later.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
    notifications.reset();
}

TEST_CASE("only Amazon's own address confirms a subscription") {
    const auto message = [](const std::string& url) {
        return R"({"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:x","SubscribeURL":")" +
               url + R"("})";
    };
    const std::string good = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription";
    CHECK(subscription_to_confirm(message(good)).value() == good);
    for (const char* url :
         {"http://sns.eu-west-1.amazonaws.com/", "https://sns.evil.example/", "https://",
          "https://sns.x.amazonaws.com@evil.example/", "https://evil.example/sns.amazonaws.com",
          "https://sns.x.amazonaws.com:22/", "https://evil.amazonaws.com/", "file:///etc/passwd",
          "https://sns.bucket.s3.amazonaws.com/", "https://sns..amazonaws.com/", ""}) {
        CAPTURE(url);
        CHECK(subscription_to_confirm(message(url)).error().code == ErrorCode::Refused);
    }
    CHECK(subscription_to_confirm("{}").value() == std::nullopt);
    CHECK_FALSE(subscription_to_confirm("no JSON"));
}
