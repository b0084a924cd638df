#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <doctest/doctest.h>
#include <boost/asio/ip/address.hpp>
#include <boost/json.hpp>

#include "app/cli.h"
#include "control/api.h"
#include "net/http_server.h"
#include "net/loops.h"

namespace oxbow::app {
namespace {

namespace json = boost::json;

class NothingLive final : public control::LiveControl {
public:
    std::optional<control::LiveStreamInfo> stream(const ChannelId&) const override { return {}; }
    std::vector<control::LiveStreamInfo> streams() const override { return {}; }
    bool stop_stream(const ChannelId&, const std::string&) override { return false; }
    Result<void> put_metadata(const ChannelId&, const std::string&) override { return {}; }
};

class AnyBucket final : public control::RecordingBuckets {
public:
    void check(const std::string&, std::function<void(bool)> done) override { done(true); }
};

class NothingDeleted final : public control::RecordingDeleter {
public:
    Result<void> delete_recording(const RecordingId&) override { return {}; }
};

class NothingRetained final : public control::RetentionPlans {
public:
    Result<control::RetentionPlan> plan() const override {
        return control::RetentionPlan{
            .configured = true,
            .dry_run = true,
            .removals = {
                {.recording = {.id = RecordingId{"j8Z9O91ndcVs"},
                               .channel = ChannelId{"AsXego4U6tnj"},
                               .configuration = "default",
                               .started_at = WallTime{std::chrono::milliseconds{1'592'943'152'152}},
                               .bytes = 12'300'000},
                 .reason = catalog::RemovalReason::MaxAge,
                 .why = "it is old"}}};
    }
};

/// The API of an empty server, behind a real socket and a ready.json.
class TestServer {
public:
    explicit TestServer(const std::string& public_url = "http://127.0.0.1:8080") {
        std::string name = "/tmp/oxbow-cli-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        data = name;
        catalog_ = catalog::Catalog::open(data / "oxbow.db").value();
        credentials_ = control::Credentials::load_or_create(data / "credentials").value();
        api_.emplace(*catalog_, live_, deleter_, retention_, *credentials_, buckets_, clock_,
                     control::ControlSettings{.ingest_url = "rtmp://127.0.0.1:1935/app",
                                              .public_url = public_url});
        server_.emplace(
            loops_.at(0),
            boost::asio::ip::tcp::endpoint{boost::asio::ip::make_address("127.0.0.1"), 0},
            [this](const net::HttpRequest& request) { return api_->handle(request); },
            net::HttpServerLimits{.body_bytes_max = 64 * 1024});
        std::ofstream{data / "ready.json"} << json::object{
            {"http", "http://127.0.0.1:8080"},
            {"api", "http://127.0.0.1:" + std::to_string(server_->address().port())},
            {"rtmp", "rtmp://127.0.0.1:1935/app"},
            {"credentials", (data / "credentials").string()}};
        loops_.start();
    }
    ~TestServer() {
        loops_.stop();
        loops_.join();
        std::filesystem::remove_all(data);
    }

    void add_default_configuration() {
        catalog::RecordingConfiguration configuration;
        configuration.arn =
            "arn:aws:ivs:us-east-1:000000000000:recording-configuration/mhDuKOMv6lTo";
        configuration.name = "default";
        configuration.bucket_name = "recordings";
        REQUIRE(catalog_->add_recording_configuration(configuration));
    }

    /// A recording of a channel, also of one that is deleted.
    void add_recording(const std::string& channel, const std::string& id) {
        catalog::Recording recording;
        recording.id = RecordingId{id};
        recording.channel = ChannelId{channel};
        recording.prefix = "ivs/v1/000000000000/" + channel + "/2020/6/23/20/12/" + id;
        recording.started_at = WallTime{std::chrono::milliseconds{1'592'943'152'152}};
        REQUIRE(catalog_->add_recording(recording));
    }

    std::filesystem::path data;

private:
    NothingLive live_;
    NothingDeleted deleter_;
    NothingRetained retention_;
    AnyBucket buckets_;
    SystemClock clock_;
    std::unique_ptr<catalog::Catalog> catalog_;
    std::unique_ptr<control::Credentials> credentials_;
    std::optional<control::ControlApi> api_;
    net::Loops loops_{1};
    std::optional<net::HttpServer> server_;
};

struct Ran {
    int code;
    std::string out;
    std::string err;
    json::object object() const { return json::parse(out).as_object(); }
};

Ran run(const TestServer& server, ClientCommand command) {
    std::ostringstream out;
    std::ostringstream err;
    command.data = server.data.string();
    const int code = run_client_command(command, out, err);
    return {code, out.str(), err.str()};
}

ClientCommand creating(std::string name, bool record, bool as_json) {
    return {.action = ClientAction::ChannelCreate,
            .target = std::move(name),
            .record = record,
            .data = {},
            .api = {},
            .json = as_json};
}

}  // namespace

TEST_CASE("a channel of a type that is to be transcoded is made, with a word that it is not") {
    TestServer server;
    ClientCommand command = creating("Tower", false, true);
    command.type = "STANDARD";

    const Ran ran = run(server, command);

    CHECK(ran.code == 0);
    CHECK(ran.err ==
          "oxbow: Type STANDARD is delivered as one rendition, as the encoder sends it: there is "
          "no transcoding yet.\n");
}

TEST_CASE("channel create --json has channel, streamKey and the whole ingest URL") {
    TestServer server;
    server.add_default_configuration();

    const Ran ran = run(server, creating("Tower", true, true));

    REQUIRE(ran.code == 0);
    const json::object made = ran.object();
    const std::string key{std::string_view{made.at("streamKey").at("value").as_string()}};
    CHECK(made.at("channel").at("name").as_string() == "Tower");
    CHECK(made.at("channel").at("type").as_string() == "BASIC");
    CHECK(
        made.at("channel").at("recordingConfigurationArn").as_string().ends_with("/mhDuKOMv6lTo"));
    CHECK(made.at("ingestUrl").as_string() == "rtmp://127.0.0.1:1935/app/" + key);
}

TEST_CASE("channel create says how to publish and where to watch") {
    const TestServer server;

    const Ran ran = run(server, creating("Tower", false, false));

    CHECK(ran.code == 0);
    CHECK(ran.out.starts_with("Channel 'Tower' is ready.\n\n  Channel id    "));
    CHECK(ran.out.contains("\n  Recorded      no\n"));
    CHECK(ran.out.contains("\n  Watch page    http://127.0.0.1:8080/watch/"));
    CHECK(ran.out.contains("  ffmpeg -re -i VIDEO.mp4 "));
    CHECK(ran.err.empty());
}

TEST_CASE(
    "the watch page stands on the public base of the server, not on the address it listens on") {
    const TestServer server{"https://live.example.org"};

    const Ran ran = run(server, creating("Tower", false, false));

    CHECK(ran.out.contains("\n  Watch page    https://live.example.org/watch/"));
}

TEST_CASE("a second channel of a name is made, with a warning that ids must be used") {
    const TestServer server;

    const Ran first = run(server, creating("Tower", false, true));
    const Ran second = run(server, creating("Tower", false, true));

    CHECK(first.err.empty());
    CHECK(second.code == 0);
    CHECK(second.object().at("channel").at("name").as_string() == "Tower");
    CHECK(second.err ==
          "oxbow: 2 channels are called 'Tower' now; say by its id which one is meant.\n");
}

TEST_CASE("without a recording configuration named default only an unrecorded channel is made") {
    const TestServer server;

    const Ran ran = run(server, creating("Tower", true, false));

    CHECK(ran.code == 1);
    CHECK(ran.err ==
          "oxbow: There is no recording configuration named 'default'; use --no-record.\n");
}

TEST_CASE("a channel is found by its name, its id and its ARN, and an ambiguous name is refused") {
    const TestServer server;
    const json::object made = run(server, creating("Tower", false, true)).object();
    const std::string arn{std::string_view{made.at("channel").at("arn").as_string()}};
    const auto shown = [&](std::string target) {
        return run(server, {.action = ClientAction::ChannelShow,
                            .target = std::move(target),
                            .data = {},
                            .api = {},
                            .json = true});
    };

    const Ran by_name = shown("Tower");
    const Ran by_id = shown(arn.substr(arn.find('/') + 1));
    const Ran by_arn = shown(arn);
    run(server, creating("Tower", false, true));
    const Ran ambiguous = shown("Tower");

    CHECK(by_name.object().at("channel") == made.at("channel"));
    CHECK(by_name.object().at("streamKey") == made.at("streamKey"));
    CHECK(by_name.object().at("ingestUrl") == made.at("ingestUrl"));
    CHECK(by_id.out == by_name.out);
    CHECK(by_arn.out == by_name.out);
    CHECK(ambiguous.err == "oxbow: 2 channels are called 'Tower'; say which by its id.\n");
    CHECK(shown("Nobody").err ==
          "oxbow: There is no channel 'Nobody'; 'oxbow channel list' shows them.\n");
}

TEST_CASE("channel show has the ARN, the state and the newest recording") {
    TestServer server;
    const json::object made = run(server, creating("Tower", false, true)).object();
    const std::string arn{std::string_view{made.at("channel").at("arn").as_string()}};
    const ClientCommand show{
        .action = ClientAction::ChannelShow, .target = "Tower", .data = {}, .api = {}};
    ClientCommand show_json = show;
    show_json.json = true;

    const Ran never = run(server, show);
    const Ran never_json = run(server, show_json);
    server.add_recording(arn.substr(arn.find('/') + 1), "j8Z9O91ndcVs");
    const Ran recorded = run(server, show);
    const Ran recorded_json = run(server, show_json);

    CHECK(never.out.contains("\n  ARN               " + arn + "\n"));
    CHECK(never.out.contains("\n  State             offline\n"));
    CHECK(never.out.contains("\n  Newest recording  none\n"));
    CHECK(never_json.object().at("isLive") == false);
    CHECK(never_json.object().at("newestRecording").is_null());
    CHECK(
        recorded.out.contains("\n  Newest recording  j8Z9O91ndcVs, RECORDING_STARTED, from "
                              "2020-06-23T20:12:32Z, 0:00\n"));
    CHECK(recorded_json.object().at("newestRecording").at("recordingId") == "j8Z9O91ndcVs");
}

TEST_CASE("recordings of a deleted channel are listed by its id, those of an unknown one are not") {
    TestServer server;
    server.add_recording("AsXego4U6tnj", "j8Z9O91ndcVs");
    const auto listed = [&](std::string target) {
        return run(server, {.action = ClientAction::RecordingList,
                            .target = std::move(target),
                            .data = {},
                            .api = {}});
    };

    const Ran deleted = listed("AsXego4U6tnj");
    const Ran unknown = listed("nope");
    const Ran no_id = listed("no/id");

    CHECK(deleted.code == 0);
    CHECK(deleted.out.contains("j8Z9O91ndcVs"));
    CHECK(unknown.code == 1);
    CHECK(unknown.err == "oxbow: There is no channel 'nope'; 'oxbow channel list' shows them.\n");
    CHECK(no_id.err == "oxbow: There is no channel 'no/id'; 'oxbow channel list' shows them.\n");
}

TEST_CASE("lists are tables for people and JSON for scripts") {
    const TestServer server;
    run(server, creating("Tower", false, false));

    const Ran text = run(server, {.action = ClientAction::ChannelList, .data = {}, .api = {}});
    const Ran data =
        run(server, {.action = ClientAction::ChannelList, .data = {}, .api = {}, .json = true});
    const Ran recordings =
        run(server, {.action = ClientAction::RecordingList, .data = {}, .api = {}});

    CHECK(text.out.starts_with("CHANNEL       NAME   TYPE   RECORDED  STATE\n"));
    CHECK(text.out.ends_with("  Tower  BASIC  no        offline\n"));
    CHECK(data.object().at("channels").as_array().size() == 1);
    CHECK(recordings.out == "There are no recordings.\n");
}

TEST_CASE("what the API refuses is one sentence and exit code 1") {
    const TestServer server;
    run(server, creating("Tower", false, false));

    const Ran ran =
        run(server, {.action = ClientAction::StreamStop, .target = "Tower", .data = {}, .api = {}});

    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err == "oxbow: The channel is not currently online.\n");
}

TEST_CASE("what retention would delete is shown with its reasons, and that it stays for now") {
    const TestServer server;

    const Ran text =
        run(server, {.action = ClientAction::RecordingRetention, .data = {}, .api = {}});

    CHECK(text.code == 0);
    CHECK(text.out ==
          "RECORDING     CHANNEL       STARTED               SIZE     WHY\n"
          "j8Z9O91ndcVs  AsXego4U6tnj  2020-06-23T20:12:32Z  12.3 MB  it is old\n"
          "\n1 recordings, 12.3 MB; recording.retention_dry_run is on, so they stay.\n");
}

}  // namespace oxbow::app
