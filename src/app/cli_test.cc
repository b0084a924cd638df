#include "app/cli.h"

#include <cstdlib>
#include <sstream>
#include <vector>

#include <doctest/doctest.h>

namespace oxbow::app {
namespace {

/// An environment variable that is set while this lives.
class Environment {
public:
    Environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    ~Environment() { ::unsetenv(name_); }

private:
    const char* name_;
};

Result<CommandLine> parsed(std::vector<const char*> words) {
    words.insert(words.begin(), "oxbow");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

template <typename Command>
Command parsed_as(std::vector<const char*> words) {
    const auto command = parsed(std::move(words));
    REQUIRE(command);
    REQUIRE(std::holds_alternative<Command>(*command));
    return std::get<Command>(*command);
}

std::string usage_error(std::vector<const char*> words) {
    const auto command = parsed(std::move(words));
    return command ? "" : command.error().what;
}

}  // namespace

TEST_CASE("serve without options leaves everything to the file and the defaults") {
    const auto serve = parsed_as<ServeOptions>({"serve"});

    CHECK(serve.config == std::nullopt);
    CHECK(serve.data == std::nullopt);
    CHECK(serve.http == std::nullopt);
    CHECK_FALSE(serve.demo);
}

TEST_CASE("serve takes every address and file") {
    const auto serve =
        parsed_as<ServeOptions>({"serve",   "--config", "c",      "--data",       "d",
                                 "--role",  "edge",     "--http", "h:1",          "--https",
                                 "h:2",     "--api",    "h:3",    "--rtmp",       "h:4",
                                 "--rtmps", "h:5",      "--demo", "--ready-file", "r"});

    CHECK(serve.config == "c");
    CHECK(serve.data == "d");
    CHECK(serve.role == "edge");
    CHECK(serve.http == "h:1");
    CHECK(serve.https == "h:2");
    CHECK(serve.api == "h:3");
    CHECK(serve.rtmp == "h:4");
    CHECK(serve.rtmps == "h:5");
    CHECK(serve.demo);
    CHECK(serve.ready_file == "r");
}

TEST_CASE("the environment counts where a flag is not given") {
    const Environment data{"OXBOW_DATA", "/env"};
    const Environment http{"OXBOW_HTTP", "h:1"};

    const auto serve = parsed_as<ServeOptions>({"serve", "--data", "/flag"});

    CHECK(serve.data == "/flag");
    CHECK(serve.http == "h:1");
    CHECK(parsed_as<ClientCommand>({"stream", "list"}).data == "/env");
    CHECK(parsed_as<ClientCommand>({"stream", "list", "--data", "/flag"}).data == "/flag");
}

TEST_CASE("a channel is created with its name, recorded unless told otherwise") {
    const auto plain = parsed_as<ClientCommand>({"channel", "create", "one"});
    const auto told = parsed_as<ClientCommand>({"channel", "create", "one", "--type", "STANDARD",
                                                "--no-record", "--json", "--api", "http://h:1"});

    CHECK(plain.action == ClientAction::ChannelCreate);
    CHECK(plain.target == "one");
    CHECK(plain.type == "BASIC");
    CHECK(plain.record);
    CHECK_FALSE(plain.json);
    CHECK(told.type == "STANDARD");
    CHECK_FALSE(told.record);
    CHECK(told.json);
    CHECK(told.api == "http://h:1");
}

TEST_CASE("each client command has its action and its target") {
    const auto action = [](std::vector<const char*> words) {
        return parsed_as<ClientCommand>(std::move(words)).action;
    };

    CHECK(action({"channel", "list"}) == ClientAction::ChannelList);
    CHECK(action({"channel", "show", "a"}) == ClientAction::ChannelShow);
    CHECK(action({"channel", "delete", "a"}) == ClientAction::ChannelDelete);
    CHECK(action({"stream", "list"}) == ClientAction::StreamList);
    CHECK(action({"stream", "stop", "a"}) == ClientAction::StreamStop);
    CHECK(action({"recording", "list"}) == ClientAction::RecordingList);
    CHECK(action({"recording", "show", "a"}) == ClientAction::RecordingShow);
    CHECK(action({"recording", "lock", "a"}) == ClientAction::RecordingLock);
    CHECK(action({"recording", "unlock", "a"}) == ClientAction::RecordingUnlock);
    CHECK(action({"recording", "delete", "a"}) == ClientAction::RecordingDelete);
    CHECK(action({"credential", "create"}) == ClientAction::CredentialCreate);
    CHECK(action({"credential", "list"}) == ClientAction::CredentialList);
    CHECK(action({"credential", "delete", "a"}) == ClientAction::CredentialDelete);
    CHECK(parsed_as<ClientCommand>({"recording", "list", "a"}).target == "a");
}

TEST_CASE("check-config, version and help are commands of their own") {
    CHECK(parsed_as<CheckConfigCommand>({"check-config", "oxbow.toml"}).file == "oxbow.toml");
    CHECK_FALSE(parsed_as<VersionCommand>({"version"}).json);
    CHECK(parsed_as<VersionCommand>({"version", "--json"}).json);
    parsed_as<VersionCommand>({"--version"});
    CHECK(parsed_as<HelpCommand>({"help"}).text.contains("serve"));
}

TEST_CASE("help explains the command that it is asked for, either way") {
    const std::string asked = parsed_as<HelpCommand>({"help", "channel", "create"}).text;
    const std::string flagged = parsed_as<HelpCommand>({"channel", "create", "--help"}).text;

    CHECK(asked.contains("Usage: oxbow channel create"));
    CHECK(asked.contains("--no-record"));
    CHECK(flagged.contains("--no-record"));
}

TEST_CASE("help for a command that is not there says so") {
    CHECK(usage_error({"help", "fly"}) == "There is no command 'fly'; 'oxbow help' lists them.");
    CHECK(usage_error({"help", "channel", "fly"}) ==
          "There is no command 'channel fly'; 'oxbow help' lists them.");
}

TEST_CASE(
    "a refusal names the command that was reached, what it lacks, and where it is explained") {
    CHECK(usage_error({}) ==
          "'oxbow' needs one of: serve, channel, stream, recording, credential, token, "
          "catalog, behaviours, check-config, version, help; 'oxbow help' explains it.");
    CHECK(usage_error({"serv"}) == "'oxbow' has no 'serv'; 'oxbow help' explains it.");
    CHECK(usage_error({"channel"}) ==
          "'oxbow channel' needs one of: create, list, show, delete; 'oxbow help channel' explains "
          "it.");
    CHECK(usage_error({"channel", "creat", "x"}) ==
          "'oxbow channel' has no 'creat'; 'oxbow help channel' explains it.");
    CHECK(usage_error({"channel", "create"}) ==
          "'oxbow channel create' needs NAME; 'oxbow help channel create' explains it.");
    CHECK(usage_error({"channel", "create", "a", "b"}) ==
          "'oxbow channel create' takes no 'b'; 'oxbow help channel create' explains it.");
    CHECK(usage_error({"serve", "--nope"}) ==
          "'oxbow serve' has no option --nope; 'oxbow help serve' explains it.");
    CHECK(usage_error({"serve", "--http"}) ==
          "'oxbow serve' needs a value behind --http; 'oxbow help serve' explains it.");
}

TEST_CASE("a channel's name has 1 to 128 letters, digits, '-' and '_'") {
    const std::string longest(128, 'a');
    const std::string too_long(129, 'a');

    CHECK(parsed_as<ClientCommand>({"channel", "create", "a-B_9"}).target == "a-B_9");
    CHECK(parsed_as<ClientCommand>({"channel", "create", longest.c_str()}).target == longest);
    CHECK(usage_error({"channel", "create", ""}) ==
          "A channel's name must have 1 to 128 letters, digits, '-' and '_'; '' has not.");
    CHECK(usage_error({"channel", "create", "a b"}).contains("'a b' has not"));
    CHECK(usage_error({"channel", "create", too_long.c_str()}).contains("1 to 128"));
    CHECK(parsed_as<HelpCommand>({"help", "channel", "create"})
              .text.contains("1 to 128 letters, digits, '-' and '_'"));
}

TEST_CASE("a channel's type is one of those that there are") {
    CHECK(parsed_as<ClientCommand>({"channel", "create", "a", "--type", "ADVANCED_HD"}).type ==
          "ADVANCED_HD");
    CHECK(usage_error({"channel", "create", "a", "--type", "GOLD"}) ==
          "--type must be BASIC, STANDARD, ADVANCED_SD or ADVANCED_HD, not 'GOLD'.");
}

TEST_CASE("the API's address is a URL, or what serve was told to listen on") {
    const auto api = [](const char* url) {
        return parsed_as<ClientCommand>({"channel", "list", "--api", url}).api;
    };

    CHECK(api("http://h") == "http://h");
    CHECK(api("https://live.example.org:8443/prefix/") == "https://live.example.org:8443/prefix/");
    CHECK(api("http://[::1]:65535") == "http://[::1]:65535");
    CHECK(api("127.0.0.1:8081") == "127.0.0.1:8081");
    CHECK(usage_error({"channel", "list", "--api", "garbage"}) ==
          "--api must be a URL such as http://127.0.0.1:8081, not 'garbage'.");
    CHECK(usage_error({"channel", "list", "--api", "ftp://h:1"}).starts_with("--api "));
    CHECK(usage_error({"channel", "list", "--api", "http://"}).starts_with("--api "));
    CHECK(usage_error({"channel", "list", "--api", "http://a b"}).starts_with("--api "));
    CHECK(usage_error({"channel", "list", "--api", "http://h:65536"}).starts_with("--api "));
    CHECK(usage_error({"channel", "list", "--api", "h:0"}).starts_with("--api "));
}

TEST_CASE("an address of the environment is refused by the variable's name") {
    const Environment api{"OXBOW_API", "garbage"};

    CHECK(usage_error({"channel", "list"}).starts_with("OXBOW_API must be a URL "));
    CHECK(parsed_as<ClientCommand>({"channel", "list", "--api", "http://h"}).api == "http://h");
}

TEST_CASE("catalog rebuild works on a data directory, and needs to be told no more") {
    CHECK(parsed_as<CatalogRebuildCommand>({"catalog", "rebuild"}).data == std::nullopt);
    const auto command =
        parsed_as<CatalogRebuildCommand>({"catalog", "rebuild", "--data", "d", "--json"});
    CHECK(command.data == "d");
    CHECK(command.json);
    CHECK_FALSE(usage_error({"catalog"}).empty());
    CHECK(parsed_as<ClientCommand>({"recording", "retention"}).action ==
          ClientAction::RecordingRetention);
}

TEST_CASE("a client command without a server says how to start one, and exits with 1") {
    std::ostringstream out;
    std::ostringstream err;

    const int code = run_client_command({.data = "/nonexistent", .api = {}}, out, err);

    CHECK(code == 1);
    CHECK(out.str().empty());
    CHECK(err.str() ==
          "oxbow: No server runs in /nonexistent: start one with 'oxbow serve --data "
          "/nonexistent', or name its data directory with --data.\n");
}

TEST_CASE("a client command without the server's credentials says where it looked for them") {
    std::ostringstream out;
    std::ostringstream err;

    const int code = run_client_command({.data = "/nonexistent", .api = "http://h:1"}, out, err);

    CHECK(code == 1);
    CHECK(err.str() ==
          "oxbow: There is no credentials file /nonexistent/credentials to sign calls of "
          "http://h:1 with: name the data directory of that server with --data DIR.\n");
}

}  // namespace oxbow::app
