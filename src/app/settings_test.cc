#include "app/settings.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/random.h"

using namespace oxbow;
using namespace oxbow::app;
using namespace std::chrono_literals;

namespace {

/// A configuration file of its own, gone with it.
struct ConfigurationFile {
    explicit ConfigurationFile(std::string_view text) { std::ofstream{path} << text; }
    ~ConfigurationFile() { std::filesystem::remove(path); }
    std::string name() const { return path.string(); }

    std::filesystem::path path = std::filesystem::temp_directory_path() /
                                 ("oxbow-settings-" + random_alphanumeric(8) + ".toml");
};

std::string complaint(std::string_view text) {
    const ConfigurationFile file{text};
    Settings settings;
    const auto read = read_configuration(file.path, settings);
    REQUIRE_FALSE(read.has_value());
    return read.error().what.substr(file.name().size());
}

}  // namespace

TEST_CASE("a configuration sets what it names and leaves the defaults of the rest") {
    const ConfigurationFile file{R"(
        account = "123456789012"
        [edge]
        listen = "0.0.0.0:80"
        public_url = "https://live.example.org"
        cors_origins = ["https://example.org"]
        trusted_proxies = ["10.0.0.0/8", "::1"]
        [recording]
        reconnect_window_seconds = 300
        sync = "always"
        [server]
        loops = 256
    )"};
    Settings settings;

    REQUIRE(read_configuration(file.path, settings).has_value());

    CHECK(settings.account == "123456789012");
    CHECK(settings.http.host == "0.0.0.0");
    CHECK(settings.http.port == 80);
    CHECK(settings.public_url == "https://live.example.org");
    CHECK(settings.cors_origins == std::vector<std::string>{"https://example.org"});
    CHECK(settings.sync_recordings_always);
    CHECK(settings.reconnect_window == 300s);
    CHECK(settings.loops == 256);
    CHECK(settings.trusted_proxies.contain(boost::asio::ip::make_address("10.1.2.3")));
    CHECK_FALSE(settings.trusted_proxies.contain(boost::asio::ip::make_address("127.0.0.1")));
    CHECK(settings.rtmp.port == 1935);
    CHECK(settings.region == "us-east-1");
}

TEST_CASE("a wrong value is refused with its key and its line") {
    CHECK(complaint("\n[edge]\nlisten = 8080\n") == ":3: edge.listen must be a text in quotes");
    CHECK(complaint("account = \"12\"") == ":1: account must be 12 digits");
    CHECK(complaint("[recording]\nsync = \"never\"") ==
          ":2: recording.sync must be \"group\" or \"always\"");
    CHECK(complaint("[recording]\nreconnect_window_seconds = 301") ==
          ":2: recording.reconnect_window_seconds must be a number of seconds from 0 to 300");
    for (const char* seconds : {"9", "172801", "true"}) {
        CHECK(complaint(fmt::format("[recording]\nroll_over_seconds = {}", seconds)) ==
              ":2: recording.roll_over_seconds must be a number of seconds from 10 to 172800");
    }
    CHECK(complaint("[server]\nloops = 0") == ":2: server.loops must be a number from 1 to 256");
    CHECK(complaint("[server]\nloops = 257") == ":2: server.loops must be a number from 1 to 256");
    CHECK(complaint("[edge]\ntrusted_proxies = [\"10.0.0.0/33\"]") ==
          ":2: edge.trusted_proxies must list addresses or networks such as \"10.0.0.0/8\", not "
          "\"10.0.0.0/33\"");
    CHECK(complaint("data = \"\"") == ":1: data must be a directory such as \"./oxbow-data\"");
    CHECK(complaint("[edge]\ndefault_channel = \"no/such id!\"") ==
          ":2: edge.default_channel must be a channel's id such as \"AsXego4U6tnj\"; 'oxbow "
          "channel list' shows "
          "them");
    CHECK(complaint("[edge]\ncors_origins = []") ==
          ":2: edge.cors_origins must list an origin; [\"*\"] lets every page read");
    CHECK(complaint("[rtmp]\nlisten = \"localhost:1935\"") ==
          ":2: rtmp.listen must have a numeric address such as \"127.0.0.1:1935\", not "
          "\"localhost:1935\"");
}

TEST_CASE("a key that Oxbow does not know is refused with its line") {
    CHECK(complaint("[edge]\nlisten_on = \"127.0.0.1:1\"") ==
          ":2: edge.listen_on is no key that Oxbow knows; 'oxbow help configuration' lists them");
    CHECK(complaint("[moon]\nphase = 1") ==
          ":1: moon is no key that Oxbow knows; 'oxbow help configuration' lists them");
    CHECK(complaint("edge = 5") == ":1: edge is a section: write [edge]");
}

TEST_CASE("of several mistakes the one on the first line is told") {
    CHECK(complaint("region = \"\"\naccount = \"\"") ==
          ":1: region must be a region such as \"us-east-1\"");
    CHECK(complaint("[rtmp]\nlisten = 1\n[api]\nlisten = 1") ==
          ":2: rtmp.listen must be a text in quotes");
}

TEST_CASE("quotas of the API are numbers, and there are none unless configured") {
    CHECK(complaint("[api.quotas]\nchannels = -1") ==
          ":2: api.quotas.channels must be a number from 0");
    CHECK(complaint("[api.quotas]\nchannels = true") ==
          ":2: api.quotas.channels must be a number from 0");
    CHECK(complaint("[api.quotas]\namazon_call_rates = 5") ==
          ":2: api.quotas.amazon_call_rates must be true or false");
    const ConfigurationFile file{"[api.quotas]\nchannels = 0\namazon_call_rates = true"};
    Settings settings;
    REQUIRE(read_configuration(file.path, settings).has_value());
    CHECK(settings.quotas.channels == 0);
    CHECK(settings.quotas.amazon_call_rates);
    CHECK(Settings{}.quotas.channels == control::Quotas::kNone);
    CHECK_FALSE(Settings{}.quotas.amazon_call_rates);
}

TEST_CASE("what is not TOML is refused with its line") {
    CHECK(complaint("account = \"1\"\nregion = \n").starts_with(":2: this is not TOML: "));
}

TEST_CASE("what is wrong is told in one line, whatever the file has there") {
    CHECK_FALSE(complaint("e = t\n= 1").contains('\n'));
}

TEST_CASE("a configuration that is not there is named") {
    Settings settings;

    const auto read = read_configuration("/nowhere/oxbow.toml", settings);

    CHECK(read.error().what == "cannot read /nowhere/oxbow.toml: No such file or directory");
}

TEST_CASE("the configuration that help prints says the defaults that hold") {
    const ConfigurationFile file{configuration_text()};
    Settings settings;
    settings.data = settings.region = settings.account = settings.log_level = "other";
    settings.http = settings.api = settings.rtmp = {"192.0.2.1", 1};
    settings.cors_origins = {};
    settings.reconnect_window = 1s;
    settings.recording_max = 1s;
    settings.segment_max_seconds = 3;

    REQUIRE(read_configuration(file.path, settings));

    const Settings defaults;
    CHECK(settings.data == defaults.data);
    CHECK(settings.region == defaults.region);
    CHECK(settings.account == defaults.account);
    CHECK(settings.log_level == defaults.log_level);
    CHECK(settings.http == defaults.http);
    CHECK(settings.api == defaults.api);
    CHECK(settings.rtmp == defaults.rtmp);
    CHECK(settings.public_url == defaults.public_url);
    CHECK(settings.default_channel == defaults.default_channel);
    CHECK(settings.cors_origins == defaults.cors_origins);
    CHECK(settings.reconnect_window == defaults.reconnect_window);
    CHECK(settings.recording_max == defaults.recording_max);
    CHECK(settings.segment_max_seconds == defaults.segment_max_seconds);
}

TEST_CASE("a segment lasts 2 to 6 seconds at most, or as the channel's key frames are apart") {
    const auto read = [](const std::string& value) -> std::string {
        const ConfigurationFile file{"[ingest]\nsegment_max = " + value + "\n"};
        Settings settings;
        if (!read_configuration(file.path, settings)) return "refused";
        const auto seconds = settings.segment_max_seconds;
        return seconds ? std::to_string(*seconds) : "auto";
    };

    CHECK(read("\"auto\"") == "auto");
    CHECK(read("2") == "2");
    CHECK(read("6") == "6");
    for (const char* const junk : {"1", "7", "\"2\"", "2.0", "\"Auto\""})
        CHECK(read(junk) == "refused");
}

TEST_CASE("two listeners share no port, unless it is a free one or their addresses differ") {
    Settings settings;
    settings.http = {"127.0.0.1", 80};

    settings.rtmp = {"127.0.0.1", 80};
    CHECK(check_listeners(settings).error().what ==
          "--http (edge.listen) and --rtmp (rtmp.listen) would both listen on port 80: give each "
          "a port of its own");
    settings.rtmp = {"0.0.0.0", 80};
    CHECK_FALSE(check_listeners(settings));
    settings.rtmp = {"127.0.0.2", 80};
    CHECK(check_listeners(settings));
    settings.rtmp = settings.http = {"127.0.0.1", 0};
    CHECK(check_listeners(settings));
}

TEST_CASE("a configuration that is no file, or cannot be opened, is not taken for an empty one") {
    Settings settings;

    CHECK_FALSE(read_configuration(std::filesystem::temp_directory_path(), settings).has_value());
    CHECK_FALSE(read_configuration("/proc/self/mem/x", settings).has_value());
}

TEST_CASE("an address to listen on is a numeric address and a port") {
    CHECK(parse_listen_address("127.0.0.1:0").value().port == 0);
    CHECK(parse_listen_address("[::1]:65535").value().host == "::1");
    CHECK_FALSE(parse_listen_address("127.0.0.1").has_value());
    CHECK_FALSE(parse_listen_address("127.0.0.1:65536").has_value());
    CHECK_FALSE(parse_listen_address("127.0.0.1:").has_value());
    CHECK_FALSE(parse_listen_address("localhost:80").has_value());
    CHECK_FALSE(parse_listen_address(":80").has_value());
}
