#include "app/behaviour_settings.h"

#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "app/cli_behaviours.h"

using namespace oxbow;
using namespace oxbow::app;
using namespace std::chrono_literals;

namespace {

/// What is wrong with a configuration, behind its name.
std::string wrong_in(std::string_view text) {
    Settings settings;
    const auto read = read_configuration_text(text, "f", settings);
    return read ? "nothing" : read.error().what.substr(1);
}

/// The same of one behaviour that says this, and the one for the rest.
std::string wrong_with(std::string_view lines) {
    return wrong_in(
        fmt::format("[[edge.behaviours]]\npath = \"/a/*\"\n{}\n[[edge.behaviours]]\n"
                    "path = \"*\"\n",
                    lines));
}

Settings settings_of(std::string_view text) {
    Settings settings;
    REQUIRE(read_configuration_text(text, "f", settings).has_value());
    return settings;
}

struct Shown {
    int code;
    std::string out;
    std::string err;
};
Shown shown(const BehavioursCommand& command) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = show_behaviours(command, out, err);
    return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("a configuration's behaviours are the whole list, each as it says") {
    const Settings settings = settings_of(R"(
        [edge]
        cors_origins = ["https://example.org"]
        [[edge.behaviours]]
        name = "media"
        path = "*.ts"
        cache_control = "public, max-age=60"
        ttl = { min = 1, default = 2, max = 3 }
        query = ["a", "b"]
        compress = false
        cors = { origins = ["*"], expose = ["Date"], allow_headers = ["Range"], max_age = 5, override = false }
        security = { strict_transport_security = "max-age=1", frame_options = "DENY" }
        headers = [{ name = "X-A", value = "b", override = false }]
        [[edge.behaviours]]
        path = "recording-started-*.json"
        function = "GetLatestRecordingStartMeta"
        query = "all"
        [[edge.behaviours]]
        path = "*"
    )");

    const auto behaviours = behaviours_of(settings);

    REQUIRE(behaviours->size() == 3);
    const edge::Behaviour& media = behaviours->at(0);
    CHECK(media.name == "media");
    CHECK(behaviours->pattern(0).text() == "/*.ts");
    CHECK(media.cache_control == "public, max-age=60");
    CHECK(media.ttl == edge::CacheTtl{1s, 2s, 3s});
    CHECK(media.query == std::vector<std::string>{"a", "b"});
    CHECK_FALSE(media.compress);
    CHECK(media.cors == edge::CorsPolicy{{"*"}, {"Date"}, {"Range"}, 5s, false});
    CHECK(media.security.size() == 2);
    CHECK(media.headers == std::vector<edge::AddedHeader>{{"X-A", "b", false}});
    CHECK(behaviours->at(1).function == edge::EdgeFunction::GetLatestRecordingStartMeta);
    CHECK(behaviours->at(1).name == "behaviour-2");
    CHECK_FALSE(behaviours->at(1).query);
    CHECK(behaviours->at(2).cors->origins == std::vector<std::string>{"https://example.org"});
}

TEST_CASE("without behaviours the built-in list counts, with the origins of all") {
    const auto behaviours =
        behaviours_of(settings_of("[edge]\ncors_origins = [\"https://*.example.org\"]"));

    CHECK(behaviours->size() == edge::built_in_behaviours().size());
    CHECK(behaviours->at(0).cors->origins == std::vector<std::string>{"https://*.example.org"});
}

TEST_CASE("what a behaviour gets wrong is told with its key and its line") {
    CHECK(wrong_with("") == "nothing");
    CHECK(wrong_with("cache_control = \"max-age\"") ==
          ":3: edge.behaviours[1].cache_control must be a Cache-Control such as \"public, "
          "max-age=60\", in lower case");
    CHECK(wrong_with("cachecontrol = \"no-store\"") ==
          ":3: edge.behaviours[1].cachecontrol is not known: there are path, name, cache_control, "
          "ttl, query, compress, function, cors, security, headers");
    CHECK(wrong_with("compress = \"yes\"") ==
          ":3: edge.behaviours[1].compress must be true or false");
    CHECK(wrong_with("name = \"A\"").starts_with(":3: edge.behaviours[1].name must be 1 to 32"));
    CHECK(wrong_with("name = \"none\"").starts_with(":3: edge.behaviours[1].name must be 1 to 32"));
    CHECK(wrong_with("function = \"Other\"") ==
          ":3: edge.behaviours[1].function must be \"GetLatestRecordingStartMeta\"");
    CHECK(wrong_with("function = \"GetLatestRecordingStartMeta\"") ==
          ":3: edge.behaviours[1].function needs a path that begins with \"/recording-started-\", "
          "where its answers are");
    CHECK(wrong_with("query = [\"a b\"]") ==
          ":3: edge.behaviours[1].query must be a list of at most 10 names of parameters, or "
          "\"all\"");
    CHECK(wrong_with("ttl = 5") == ":3: edge.behaviours[1].ttl must be a table");
    CHECK(wrong_with("\nttl = { min = 5, max = 4 }") ==
          ":4: edge.behaviours[1].ttl.min must not be above max");
    CHECK(wrong_with("ttl = { max = 31536001 }") ==
          ":3: edge.behaviours[1].ttl.max must be a number of seconds from 0 to 31536000");
    CHECK(
        wrong_with("cors = { origins = [\"example.org\"] }")
            .starts_with(":3: edge.behaviours[1].cors.origins must list \"*\" or origins such as"));
    CHECK(wrong_with("cors = { credentials = true }")
              .starts_with(
                  ":3: edge.behaviours[1].cors.credentials is not known: there are origins"));
    CHECK(wrong_with("security = { frame_options = \"DENY\\r\\nX: y\" }")
              .starts_with(":3: edge.behaviours[1].security.frame_options must have 1 to"));
    CHECK(wrong_with("headers = [\n{ name = \"X-A\", value = \"1\" },\n{ name = \"Set-Cookie\", "
                     "value = \"1\" }]") ==
          ":5: edge.behaviours[1].headers[2].name must be a header that the server does not decide "
          "itself");
    CHECK(wrong_with("headers = [{ name = \"X-A\", value = \"1\\r\\nX-B: 2\" }]")
              .starts_with(":3: edge.behaviours[1].headers[1].value must have 1 to"));
    CHECK(wrong_with(
              "headers = [{ name = \"X-A\", value = \"1\" }, { name = \"x-a\", value = \"2\" }]") ==
          ":3: edge.behaviours[1].headers[2].name is there twice");
    CHECK(wrong_with("headers = [{ name = \"X-A\" }]")
              .starts_with(":3: edge.behaviours[1].headers[1]"));
}

TEST_CASE("what is wrong with a list is told with its key and its line") {
    CHECK(
        wrong_in("[edge]\nbehaviours = 5") ==
        ":2: edge.behaviours must be a list of tables: write [[edge.behaviours]] in front of each");
    CHECK(wrong_in("[edge.behaviours]\npath = \"*\"")
              .starts_with(":1: edge.behaviours must be a list of tables"));
    CHECK(wrong_in("[edge]\nbehaviours = []")
              .starts_with(":2: edge.behaviours must have a behaviour"));
    CHECK(wrong_in("[edge]\nbehaviours = [5]") == ":2: edge.behaviours[1] must be a table");
    CHECK(wrong_in("[[edge.behaviours]]\nname = \"a\"") ==
          ":1: edge.behaviours[1] must have a path, such as path = \"/seg/*\"");
    CHECK(wrong_in("[[edge.behaviours]]\npath = \"/a b\"")
              .starts_with(":2: edge.behaviours[1].path must have no other characters"));
    CHECK(wrong_in("[[edge.behaviours]]\npath = \"/a\"") ==
          ":2: edge.behaviours[1].path must be \"*\": the last behaviour is for every path that no "
          "other matches");
    CHECK(
        wrong_in("[[edge.behaviours]]\npath = \"*\"\n[[edge.behaviours]]\npath = \"/a\"") ==
        ":2: edge.behaviours[1].path matches every path, so that no behaviour behind it can match");
    CHECK(wrong_with("[[edge.behaviours]]\npath = \"a/*\"") ==
          ":4: edge.behaviours[2].path is that of behaviour-1, which comes first");
    CHECK(wrong_in("[[edge.behaviours]]\npath = \"/a\"\nname = \"x\"\n[[edge.behaviours]]\npath = "
                   "\"*\"\nname = \"x\"") ==
          ":6: edge.behaviours[2].name must differ from all others: there is a x");
}

TEST_CASE("as many behaviours as there may be, and no more") {
    const auto list_of = [](std::size_t count) {
        std::string text;
        for (std::size_t i = 1; i < count; ++i)
            text += fmt::format("[[edge.behaviours]]\npath = \"/{}\"\n", i);
        return text + "[[edge.behaviours]]\npath = \"*\"\n";
    };

    CHECK(wrong_in(list_of(75)) == "nothing");
    CHECK(wrong_in(list_of(76)) == ":1: edge.behaviours must have at most 75 behaviours, not 76");
}

TEST_CASE("the request log is off unless it is told what to write and where") {
    const Settings none;
    const Settings some = settings_of(
        "[edge]\nrequest_log = \"sampled\"\nrequest_log_one_in = 7\nrequest_log_format = \"json\"\n"
        "request_log_file = \"/var/log/oxbow/requests.log\"");

    CHECK(none.request_log.mode == edge::LogMode::Off);
    CHECK(some.request_log.mode == edge::LogMode::Sampled);
    CHECK(some.request_log.one_in == 7);
    CHECK(some.request_log.format == edge::LogFormat::Json);
    CHECK(some.request_log.file == "/var/log/oxbow/requests.log");
    CHECK(settings_of("[edge]\nrequest_log_file = \"stderr\"").request_log.file.empty());
    CHECK(wrong_in("[edge]\nrequest_log = true") ==
          ":2: edge.request_log must be \"off\", \"sampled\" or \"on\"");
    CHECK(wrong_in("[edge]\nrequest_log_one_in = 0") ==
          ":2: edge.request_log_one_in must be a number from 1 to 1000000");
    CHECK(wrong_in("[edge]\nrequest_log_format = \"xml\"") ==
          ":2: edge.request_log_format must be \"common\" or \"json\"");
    CHECK(wrong_in("[edge]\nrequest_log_file = \"\"") ==
          ":2: edge.request_log_file must name a file, or be \"stderr\"");
}

TEST_CASE("an explanation says which behaviour it is, why, and what headers it gives") {
    const Shown text = shown({.path = "https://example.org/ivs/v1/0/x/../y/0.ts?x=1"});
    const Shown as_json = shown({.path = "recording-started-latest.json?x=1", .json = true});

    CHECK(text.code == 0);
    CHECK(text.out.contains("path        /ivs/v1/0/y/0.ts\n"));
    CHECK(text.out.contains("behaviour   media, number 5 of 11: /ivs/v1/*.ts\n"));
    CHECK(text.out.contains("/ivs/v1/*.ts matches the whole path, and none before it does\n"));
    CHECK(text.out.contains("not /seg/*\n"));
    CHECK(text.out.contains("cache key   /ivs/v1/0/y/0.ts\n"));
    CHECK(text.out.contains("Cache-Control: public, max-age=31536000, immutable\n"));
    CHECK(text.out.contains("Access-Control-Allow-Origin: *\n"));
    CHECK(text.out.contains("private, no-store"));
    const auto json = boost::json::parse(as_json.out);
    CHECK(json.at("number").as_int64() == 4);
    CHECK(json.at("behaviour").at("function").as_string() == "GetLatestRecordingStartMeta");
    CHECK(json.at("cacheKey").as_string() == "/recording-started-latest.json");
    CHECK(json.at("notMatched").as_array().size() == 3);
}

TEST_CASE("a list has the behaviours in their order") {
    const Shown text = shown({});
    const Shown as_json = shown({.json = true});

    CHECK(text.out.starts_with(" 1  /seg/*"));
    CHECK(text.out.contains("runs GetLatestRecordingStartMeta\n"));
    const auto list = boost::json::parse(as_json.out).at("behaviours").as_array();
    CHECK(list.size() == 11);
    CHECK(list.back().at("path").as_string() == "/*");
    CHECK(list.back().at("cacheControl").is_null());
    CHECK(list.at(1).at("query").as_array().size() == 6);
}

TEST_CASE("of a configuration that cannot be read nothing is shown, with the exit code for it") {
    const Shown none = shown({.config = "/nowhere/oxbow.toml"});

    CHECK(none.code == 2);
    CHECK(none.out.empty());
    CHECK(none.err == "oxbow: cannot read /nowhere/oxbow.toml: No such file or directory\n");
}
