#include <array>
#include <filesystem>
#include <future>
#include <optional>

#include <doctest/doctest.h>
#include <boost/asio/ip/address.hpp>

#include "base/random.h"
#include "net/http_server.h"
#include "net/loops.h"
#include "net/sigv4.h"
#include "net/test_request.h"
#include "notify/channel_events.h"
#include "notify/event_log.h"
#include "notify/receiver_name.h"
#include "notify/webhook.h"

// The log, what is put into it, and who gets it: with a real database and a real receiver.

namespace oxbow::notify {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr WallTime kStart{1'675'983'341'550ms};
constexpr std::chrono::milliseconds kSoon{10'000};  // nothing below waits for it when all is well

/// A data folder with a catalogue; what earlier processes left stays over restart().
class Data {
public:
    Data()
        : folder_(std::filesystem::temp_directory_path() /
                  ("oxbow-events-" + random_alphanumeric(12))) {
        std::filesystem::create_directories(folder_);
        restart();
    }
    ~Data() {
        catalog.reset();
        std::filesystem::remove_all(folder_);
    }
    void restart() {
        catalog.reset();
        catalog = catalog::Catalog::open(folder_ / "oxbow.db").value();
    }
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& event : catalog->events_after(0, 100, std::nullopt).value())
            out.push_back(event.name);
        return out;
    }

    std::unique_ptr<catalog::Catalog> catalog;

private:
    std::filesystem::path folder_;
};

using Names = std::vector<std::string>;

catalog::StreamSession session(std::optional<WallTime> live_at) {
    catalog::StreamSession out;
    out.id = StreamId{"st-1"};
    out.channel = ChannelId{"AsXego4U6tnj"};
    out.started_at = kStart;
    out.live_at = live_at;
    return out;
}

catalog::Recording recording() {
    catalog::Recording out;
    out.id = RecordingId{"j8Z9O91ndcVs"};
    out.channel = ChannelId{"AsXego4U6tnj"};
    out.prefix = "ivs/v1/000000000000/AsXego4U6tnj/2023/2/9/22/55/j8Z9O91ndcVs";
    out.started_at = kStart;
    out.streams = {StreamId{"st-0"}, StreamId{"st-1"}};
    return out;
}

/// A log and what writes to it, over `data`.
struct Events {
    explicit Events(Data& data, EventLogOptions options = {}, EventLog::Observer observer = {})
        : log(
              *data.catalog, clock, std::move(options),
              observer ? std::move(observer) : [](const auto&) {}),
          channels(log, *data.catalog, clock, {"us-east-1", "000000000000", "recordings"}) {}

    ManualClock clock{kStart};
    EventLog log;
    ChannelEvents channels;
};

TEST_CASE("a stream's life stands in the log in order, and in its session") {
    Data data;
    Events events{data};

    events.channels.session_created(session(std::nullopt));
    events.channels.stream_started(session(kStart + 1s));
    events.channels.starvation_started(session(kStart + 1s));
    events.channels.starvation_ended(session(kStart + 1s));
    events.channels.limit_breached(session(kStart + 1s), {.limit_name = "Ingest Bitrate",
                                                          .limit_value = 1,
                                                          .value = 3,
                                                          .limit_unit = "bits per second"});
    auto ended = session(kStart + 1s);
    ended.ended_at = kStart + 1min;
    events.channels.session_ended(ended);
    REQUIRE(events.log.drain(kSoon));

    CHECK(data.names() == Names{"Session Created", "Stream Start", "Starvation Start",
                                "Starvation End", "Ingest Bitrate", "Stream End", "Session Ended"});
    const auto row = data.catalog->stream_session(StreamId{"st-1"}).value();
    CHECK(row.live_at == kStart + 1s);
    CHECK(row.ended_at == kStart + 1min);
    CHECK(row.has_error_event);
}

TEST_CASE("a session that was never live has no Stream End") {
    Data data;
    Events events{data};
    auto ended = session(std::nullopt);
    ended.ended_at = kStart + 1s;

    events.channels.session_created(session(std::nullopt));
    events.channels.session_ended(ended);
    REQUIRE(events.log.drain(kSoon));

    CHECK(data.names() == Names{"Session Created", "Session Ended"});
}

TEST_CASE("a hole in a recording is told when it begins and when it ends, and is no end") {
    Data data;
    data.catalog->add_recording(recording()).value();
    Events events{data};
    events.channels.recording_changed(recording());
    events.channels.recording_interrupted(recording());
    events.channels.recording_resumed(recording());
    REQUIRE(events.log.drain(kSoon));

    CHECK(data.names() == Names{"Recording Start", "Recording Interrupted", "Recording Resumed"});
    const auto written = data.catalog->events_after(0, 10, std::nullopt).value();
    CHECK(written[1].body.contains("DiskInterrupted"));
}

TEST_CASE("a recording's start has no duration, its end has it, with all streams") {
    Data data;
    data.catalog->add_recording(recording()).value();
    Events events{data};
    catalog::Recording row = recording();
    events.channels.recording_changed(row);
    row.status = catalog::RecordingStatus::Ended;
    row.duration = 70s;
    events.channels.recording_changed(row);
    REQUIRE(events.log.drain(kSoon));

    const auto written = data.catalog->events_after(0, 10, std::nullopt).value();

    CHECK(data.names() == Names{"Recording Start", "Recording End"});
    CHECK(written[0].body.contains("\"recording_duration_ms\":0,"));
    CHECK(written[1].body.contains("\"recording_duration_ms\":70000,"));
    CHECK(written[1].body.contains("\"recording_session_stream_ids\":[\"st-0\",\"st-1\"]"));
    CHECK(written[1].body.contains("\"stream_id\":\"st-1\""));
    CHECK(data.catalog->untold_recordings().value().empty());
}

TEST_CASE("a recording that could not start has no prefix, and says why") {
    Data data;
    Events events{data};

    events.channels.recording_not_started(ChannelId{"AsXego4U6tnj"}, StreamId{"st-1"},
                                          RecordingId{"j8Z9O91ndcVs"});
    REQUIRE(events.log.drain(kSoon));

    const auto event = data.catalog->event(1).value();
    CHECK(event.name == "Recording Start Failure");
    CHECK(event.body.contains("\"recording_s3_key_prefix\":\"\""));
    CHECK(event.body.contains("\"recording_status_reason\":\"InternalServerException\""));
}

TEST_CASE("what a killed process left untold is told at the next start, once") {
    Data data;
    data.catalog->add_recording(recording()).value();
    {
        Events events{data};
        events.channels.session_created(session(std::nullopt));
        events.channels.stream_started(session(kStart + 1s));
    }
    data.restart();
    catalog::Recording row = recording();
    row.status = catalog::RecordingStatus::EndedWithFailure;
    row.status_message = "InternalServerException";
    data.catalog->update_recording(row).value();

    Events events{data};
    events.channels.take_up().value();
    REQUIRE(events.log.drain(kSoon));
    events.channels.take_up().value();
    REQUIRE(events.log.drain(kSoon));

    CHECK(data.names() == Names{"Session Created", "Stream Start", "Stream End", "Session Ended",
                                "Recording Start", "Recording End Failure"});
    CHECK(data.catalog->open_stream_sessions().value().empty());
}

TEST_CASE("above the limit of waiting entries the newest is dropped, the others are written") {
    Data data;
    std::promise<void> go_on;
    std::promise<void> is_writing;
    Events events{data, {.entries_max = 2, .batch_max = 1}, [&, first = true](const auto&) mutable {
                      if (first) is_writing.set_value();
                      if (first) go_on.get_future().wait();
                      first = false;
                  }};
    events.channels.session_created(session(std::nullopt));
    is_writing.get_future().wait();

    events.channels.stream_started(session(kStart));
    events.channels.starvation_started(session(kStart));
    events.channels.starvation_ended(session(kStart));
    go_on.set_value();
    REQUIRE(events.log.drain(kSoon));

    CHECK(data.names() == Names{"Session Created", "Stream Start", "Starvation Start"});
}

// --- Webhooks ------------------------------------------------------------------------------------

/// Keeps what it is sent, and answers with the next of `answers`, then with 204.
class Receiver {
public:
    explicit Receiver(std::vector<int> answers = {}) : answers_(std::move(answers)) {
        server_.emplace(
            loops_.at(0), asio::ip::tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0},
            [this](const net::HttpRequest& request) -> asio::awaitable<net::HttpResponse> {
                const bool planned = requests.size() < answers_.size();
                const int status = planned ? answers_[requests.size()] : 204;
                requests.push_back(kept(request));
                co_return net::HttpResponse{.status = status};
            },
            net::HttpServerLimits{.body_bytes_max = 100'000});
        url = "http://127.0.0.1:" + std::to_string(server_->address().port()) + "/hook?key=x";
        loops_.start();
    }
    ~Receiver() { end(); }
    /// Takes nothing more; `requests` may be read.
    void end() {
        loops_.stop();
        loops_.join();
    }

    std::string url;
    std::vector<net::TestRequest> requests;  // after end()

private:
    static net::TestRequest kept(const net::HttpRequest& request) {
        net::TestRequest out{.method = std::string{request.method},
                             .path = std::string{request.path},
                             .query = std::string{request.query},
                             .headers = {},
                             .body = std::string{request.body},
                             .peer = std::string{request.peer}};
        for (const net::HttpHeader& header : request.headers)
            out.headers.emplace_back(header.name, header.value);
        return out;
    }

    std::vector<int> answers_;
    net::Loops loops_{1};
    std::optional<net::HttpServer> server_;
};

Names bodies_of(const Receiver& receiver) {
    Names out;
    for (const auto& request : receiver.requests) out.push_back(request.body);
    return out;
}

void log_three(Data& data, const std::string& url) {
    Events events{data, {.receivers = {receiver_name(url)}}};
    events.channels.session_created(session(std::nullopt));
    events.channels.stream_started(session(kStart));
    events.channels.starvation_started(session(kStart));
    REQUIRE(events.log.drain(kSoon));
}

/// Waits until nothing is owed to the receiver any more, over the pauses between tries.
void deliver_all(Data& data, Webhook& webhook, const Receiver& receiver) {
    const std::string name = receiver_name(receiver.url);
    while (!data.catalog->pending_deliveries(name, 0, 1).value().empty())
        REQUIRE(webhook.drain(kSoon));
}

Names logged(const Data& data) {
    Names out;
    for (const auto& event : data.catalog->events_after(0, 100, std::nullopt).value())
        out.push_back(event.body);
    return out;
}

TEST_CASE("a receiver gets every event in order, each signed with its secret") {
    Data data;
    Receiver receiver;
    log_three(data, receiver.url);
    const SystemClock clock;
    {
        Webhook webhook{*data.catalog, clock, {.url = receiver.url, .secret = "a secret"}};
        CHECK(webhook.drain(kSoon));
    }
    receiver.end();

    CHECK(bodies_of(receiver) == logged(data));
    const net::HttpRequest first = receiver.requests.at(0);
    CHECK(first.method == "POST");
    CHECK(first.query == "key=x");
    CHECK(first.header("content-type") == "application/json");
    CHECK(first.header("oxbow-event-cursor") == "1");
    const std::string signature{first.header("oxbow-signature").value_or("")};
    const std::string time = signature.substr(2, signature.find(',') - 2);
    CHECK(signature == "t=" + time + ",v1=" +
                           net::hmac_sha256_hex("a secret", time + "." + std::string{first.body}));
    CHECK(data.catalog->pending_deliveries(receiver_name(receiver.url), 0, 10).value().empty());
}

TEST_CASE("what is refused is sent again before what comes behind it") {
    Data data;
    Receiver receiver{{500, 503, 302}};
    log_three(data, receiver.url);
    const SystemClock clock;
    {
        constexpr DeliveryTimes kPatient{
            .retry_for = 24h * 365 * 100, .backoff_first = 1ms, .backoff_max = 1ms};
        Webhook webhook{
            *data.catalog, clock, {.url = receiver.url, .secret = "s", .times = kPatient}};
        deliver_all(data, webhook, receiver);
    }
    receiver.end();

    const Names sent = logged(data);
    CHECK(bodies_of(receiver) == Names{sent[0], sent[0], sent[0], sent[0], sent[1], sent[2]});
    CHECK(data.catalog->dead_deliveries(0, 10).value().empty());
}

TEST_CASE("what a receiver never takes is a dead letter, and what comes behind it is delivered") {
    Data data;
    Receiver receiver{{400}};
    log_three(data, receiver.url);
    const SystemClock clock;  // years after the events: their time is over at the first failure
    {
        Webhook webhook{*data.catalog, clock, {.url = receiver.url, .secret = "s"}};
        CHECK(webhook.drain(kSoon));
    }
    receiver.end();

    CHECK(receiver.requests.size() == 3);
    const auto dead = data.catalog->dead_deliveries(0, 10).value();
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].cursor == 1);
    CHECK(dead[0].why == "it answered 400");
    CHECK(dead[0].receiver == receiver_name(receiver.url));
}

TEST_CASE("a restart goes on behind what was taken") {
    Data data;
    Receiver receiver;
    log_three(data, receiver.url);
    data.catalog->settle_delivery(receiver_name(receiver.url), 1).value();
    data.restart();
    const SystemClock clock;
    {
        Webhook webhook{*data.catalog, clock, {.url = receiver.url, .secret = "s"}};
        CHECK(webhook.drain(kSoon));
    }
    receiver.end();

    CHECK(bodies_of(receiver) == Names{logged(data)[1], logged(data)[2]});
}

TEST_CASE("the name of a receiver has nothing that may be secret") {
    CHECK(receiver_name("http://user:word@ops.example.org/hooks?token=x") ==
          "http://ops.example.org/hooks");
    CHECK(receiver_name("https://ops.example.org") == "https://ops.example.org");
    CHECK(receiver_name("https://ops.example.org/a@b#c") == "https://ops.example.org/a@b");
    CHECK(receiver_name("ops?x") == "ops");
}

TEST_CASE("the signature covers the time of sending and the body") {
    CHECK(webhook_signature("secret", kStart, "{}") ==
          "t=1675983341,v1=" + net::hmac_sha256_hex("secret", "1675983341.{}"));
}

}  // namespace
}  // namespace oxbow::notify
