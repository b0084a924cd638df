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
    parsed_as<VersionCommand>({"version"});
    CHECK(parsed_as<HelpCommand>({"help"}).text.contains("serve"));
}

TEST_CASE("help explains the command that it is asked for, either way") {
    const std::string asked = parsed_as<HelpCommand>({"help", "channel", "create"}).text;
    const std::string flagged = parsed_as<HelpCommand>({"channel", "create", "--help"}).text;

    CHECK(asked.contains("Usage: oxbow channel create"));
    CHECK(asked.contains("--no-record"));
    CHECK(flagged.contains("--no-record"));
}

TEST_CASE("a wrong command line is refused with what is wrong with it") {
    CHECK(usage_error({}).contains("subcommand"));
    CHECK(usage_error({"fly"}).contains("fly"));
    CHECK(usage_error({"serve", "--wings"}).contains("--wings"));
    CHECK(usage_error({"channel"}).contains("subcommand"));
    CHECK(usage_error({"channel", "create"}).contains("NAME"));
    CHECK(usage_error({"help", "fly"}) == "There is no command 'fly'; 'oxbow help' lists them.");
}

TEST_CASE("a client command without a server says how to start one, and exits with 1") {
    std::ostringstream out;
    std::ostringstream err;

    const int code = run_client_command({.data = "/nonexistent"}, out, err);

    CHECK(code == 1);
    CHECK(out.str().empty());
    CHECK(err.str() ==
          "oxbow: No server has started in /nonexistent: start one with 'oxbow serve --data "
          "/nonexistent', or name its data directory with --data.\n");
}

}  // namespace oxbow::app
