#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "control/api.h"
#include "ivs/recording_metadata.h"
#include "net/sigv4.h"
#include "net/test_request.h"

// What the tests of this room share: the API over a database of its own.

namespace oxbow::control {

namespace json = boost::json;
using namespace std::chrono_literals;

inline const WallTime kNow = parse_rfc3339("2026-11-23T09:00:00Z").value();

class FakeLive final : public LiveControl {
public:
    std::optional<LiveStreamInfo> stream(const ChannelId& channel) const override {
        for (const LiveStreamInfo& info : on_air) {
            if (info.channel == channel) return info;
        }
        return std::nullopt;
    }
    std::vector<LiveStreamInfo> streams() const override { return on_air; }
    bool stop_stream(const ChannelId& channel, const std::string& why) override {
        stops.push_back(channel.str() + ": " + why);
        return std::erase_if(on_air, [&](const auto& info) { return info.channel == channel; }) > 0;
    }
    Result<void> put_metadata(const ChannelId& channel, const std::string& text) override {
        metadata.push_back(channel.str() + ": " + text);
        return metadata_answer;
    }

    std::vector<LiveStreamInfo> on_air;
    std::vector<std::string> stops;     // "AsXego4U6tnj: why"
    std::vector<std::string> metadata;  // "AsXego4U6tnj: text"
    Result<void> metadata_answer;
};

/// Has the bucket "recordings"; finds out when told to.
class FakeBuckets final : public RecordingBuckets {
public:
    void check(const std::string& bucket, std::function<void(bool)> done) override {
        asked.push_back([bucket, done = std::move(done)] { done(bucket == "recordings"); });
    }
    void find_out() {
        for (const auto& answer : std::exchange(asked, {})) answer();
    }

    std::vector<std::function<void()>> asked;
};

class FakeDeleter final : public RecordingDeleter {
public:
    Result<void> delete_recording(const RecordingId& recording) override {
        deleted.push_back(recording.str());
        return {};
    }

    std::vector<std::string> deleted;
};

class FakeRetention final : public RetentionPlans {
public:
    Result<RetentionPlan> plan() const override { return answer; }

    RetentionPlan answer;
};

/// What came back: the status, the error's type from the header, and the JSON.
struct Reply {
    int status = 0;
    std::string error_type;
    json::object body;
    std::string headers;

    json::value at(std::string_view pointer) const { return json::value(body).at_pointer(pointer); }
    std::string text(std::string_view pointer) const {
        return std::string{std::string_view{at(pointer).as_string()}};
    }
};

inline std::string header_of(const std::string& headers, std::string_view name) {
    const std::size_t begin = headers.find(std::string{name} + ": ");
    if (begin == std::string::npos) return {};
    const std::size_t value = begin + name.size() + 2;
    return headers.substr(value, headers.find('\r', value) - value);
}

/// The API over a database of its own, called as its owner.
class TestApi {
public:
    explicit TestApi(bool rtmps = false) : rtmps_(rtmps) {
        std::string name = "/tmp/oxbow-api-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        catalog = catalog::Catalog::open(folder_ / "oxbow.db").value();
        credentials = Credentials::load_or_create(folder_ / "credentials").value();
        restart({});
    }
    ~TestApi() {
        api_.reset();
        catalog.reset();
        std::filesystem::remove_all(folder_);
    }

    void restart(Quotas quotas) {
        api_ = std::make_unique<ControlApi>(
            *catalog, live, deleter, retention, *credentials, buckets, clock,
            ControlSettings{.ingest_url = "rtmp://127.0.0.1:1935/app",
                            .rtmps = rtmps_,
                            .public_url = "http://127.0.0.1:8080",
                            .quotas = quotas,
                            .status = [this] { return server_status; }});
    }

    Reply call(std::string_view operation, std::string body = "{}") const {
        return request("POST", "/" + std::string{operation}, "", std::move(body));
    }

    Reply request(std::string method, std::string path, std::string query = "",
                  std::string body = "") const {
        const Credential key = credentials->list()[0];
        net::TestRequest request{.method = std::move(method),
                                 .path = std::move(path),
                                 .query = std::move(query),
                                 .headers = {{"host", "127.0.0.1:8081"}},
                                 .body = std::move(body)};
        for (auto& header : net::sign_v4({.method = request.method,
                                          .path = request.path,
                                          .query = request.query,
                                          .headers = request.headers,
                                          .payload_hash = net::sha256_hex(request.body)},
                                         {.access_key_id = key.access_key_id, .secret = key.secret},
                                         {.region = "us-east-1", .service = "ivs"}, clock.wall())) {
            request.headers.push_back(std::move(header));
        }
        return send(request);
    }

    Reply send(const net::HttpRequest& request) const {
        const net::HttpResponse response = api_->handle(request);
        std::string text;
        for (const BytesView piece : response.body.pieces) text += as_text(piece);
        Reply reply;
        reply.status = response.status;
        reply.headers = *response.header_block + response.extra_headers;
        reply.error_type = header_of(reply.headers, "x-amzn-ErrorType");
        if (!text.empty()) reply.body = json::parse(text).as_object();
        return reply;
    }

    void sample_health() const { api_->sample_health(); }

    /// A new channel's ARN.
    std::string channel(std::string_view name = "one") const {
        return call("CreateChannel", R"({"name":")" + std::string{name} + R"("})")
            .text("/channel/arn");
    }

    void go_live(const std::string& arn, WallTime at = kNow) {
        live.on_air.push_back({.channel = ivs::channel_of_arn(arn).value(),
                               .stream_id = StreamId{"st-1FQzeLONMT9XTKI43leLSo1"},
                               .playback_url = {},
                               .started_at = at,
                               .starving = false,
                               .viewer_count = 3});
    }

    void log(catalog::StreamSession session, std::vector<catalog::Event> events = {}) const {
        REQUIRE(catalog->append_to_log({{.session = std::move(session),
                                         .events = std::move(events),
                                         .recording = std::nullopt}},
                                       {}));
    }

    void add_recording(std::string id, const std::string& channel_arn, WallTime at,
                       catalog::RecordingStatus status = catalog::RecordingStatus::Ended) const {
        catalog::Recording recording;
        recording.id = RecordingId{std::move(id)};
        recording.channel = ivs::channel_of_arn(channel_arn).value();
        recording.prefix = "ivs/v1/0/c/" + recording.id.str();
        recording.status = status;
        recording.started_at = at;
        recording.duration = 90s;
        REQUIRE(catalog->add_recording(recording));
    }

    FakeLive live;
    FakeDeleter deleter;
    FakeRetention retention;
    FakeBuckets buckets;
    ServerStatus server_status;
    ManualClock clock{kNow};
    std::unique_ptr<catalog::Catalog> catalog;
    std::unique_ptr<Credentials> credentials;

private:
    std::filesystem::path folder_;
    bool rtmps_;
    std::unique_ptr<ControlApi> api_;
};

inline std::string arn_body(const std::string& arn) {
    return R"({"arn":")" + arn + R"("})";
}
inline std::string channel_body(const std::string& arn) {
    return R"({"channelArn":")" + arn + R"("})";
}
inline std::string recording_body(const std::string& id) {
    return R"({"recordingId":")" + id + R"("})";
}

}  // namespace oxbow::control
