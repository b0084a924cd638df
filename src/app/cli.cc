#include "app/cli.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/cli_refusal.h"
#include "app/settings.h"
#include "base/log.h"

namespace oxbow::app {
namespace {

constexpr std::size_t kNameBytesMax = 128;  // as Amazon IVS allows
constexpr std::int64_t kTokenSecondsMax = 10LL * 366 * 24 * 3'600;
constexpr std::size_t kShownBytesMax = 64;  // of what was typed, in a sentence
constexpr std::array<std::string_view, 4> kChannelTypes{"BASIC", "STANDARD", "ADVANCED_SD",
                                                        "ADVANCED_HD"};

/// All that CLI11 writes into while it parses.
struct Parsed {
    ServeOptions serve;
    ClientCommand client;
    CatalogRebuildCommand rebuild;
    BehavioursCommand behaviours;
    CheckConfigCommand check_config;
    VersionCommand version;
    std::vector<std::string> help_of;
};

void add_serve(CLI::App& app, ServeOptions& options) {
    CLI::App* const serve = app.add_subcommand("serve", "Run the server until SIGTERM.");
    const auto add = [&](const char* flag, const char* variable, std::optional<std::string>& value,
                         const char* type, const char* text) {
        serve->add_option(flag, value, text)->envname(variable)->type_name(type);
    };
    add("--config", "OXBOW_CONFIG", options.config, "FILE",
        "Configuration in TOML. Default: none.");
    add("--data", "OXBOW_DATA", options.data, "DIR",
        "Where everything is kept. Default: ./oxbow-data.");
    add("--role", "OXBOW_ROLE", options.role, "ROLE",
        "all, live, edge or functions; see docs/roles.md. Default: all.");
    add("--http", "OXBOW_HTTP", options.http, "ADDR:PORT",
        "Where viewers come. Default: 127.0.0.1:8080. Port 0 takes a free one.");
    add("--https", "OXBOW_HTTPS", options.https, "ADDR:PORT",
        "Where viewers come by HTTPS. Default: 127.0.0.1:8443, once the configuration names a "
        "certificate.");
    add("--api", "OXBOW_API", options.api, "ADDR:PORT", "The API. Default: 127.0.0.1:8081.");
    add("--rtmp", "OXBOW_RTMP", options.rtmp, "ADDR:PORT",
        "Where encoders publish. Default: 127.0.0.1:1935.");
    add("--rtmps", "OXBOW_RTMPS", options.rtmps, "ADDR:PORT",
        "Where encoders publish by RTMPS. Default: 127.0.0.1:1936, once the configuration names a "
        "certificate.");
    add("--ready-file", "OXBOW_READY_FILE", options.ready_file, "FILE",
        "Written, like DATA/ready.json, once every listener accepts. Default: none.");
    serve->add_flag("--demo", options.demo, "Put three demo channels on the air.");
}

void add_catalog(CLI::App& app, CatalogRebuildCommand& command) {
    CLI::App* const catalog = app.add_subcommand("catalog", "Mend the list of recordings.");
    catalog->require_subcommand(1);
    CLI::App* const rebuild = catalog->add_subcommand(
        "rebuild",
        "Make the list of recordings again from what is in the bucket; with the server stopped.");
    rebuild
        ->add_option("--data", command.data,
                     "The data directory. Default: $OXBOW_DATA or ./oxbow-data.")
        ->envname("OXBOW_DATA")
        ->type_name("DIR");
    rebuild
        ->add_option("--config", command.config,
                     "The server's configuration in TOML. Default: none.")
        ->envname("OXBOW_CONFIG")
        ->type_name("FILE");
    rebuild->add_flag("--json", command.json, "Print JSON for scripts.");
}

void add_behaviours(CLI::App& app, BehavioursCommand& command) {
    CLI::App* const group = app.add_subcommand(
        "behaviours", "See how the answers to viewers are cached, compressed and let read.");
    group->require_subcommand(1);
    const auto add = [&](const char* name, const char* text) {
        CLI::App* const made = group->add_subcommand(name, text);
        made->add_option("--config", command.config,
                         "The server's configuration in TOML. Default: none, so the built-in list.")
            ->type_name("FILE");
        made->add_flag("--json", command.json, "Print JSON for scripts.");
        return made;
    };
    add("list", "List the behaviours in their order.");
    add("explain", "Say which behaviour answers a path, why, and which headers it gives.")
        ->add_option("PATH", command.path, "A path of the server, like /channels.json.")
        ->required()
        ->type_name("");
}

/// The commands that ask a running server.
class ClientCommands {
public:
    ClientCommands(CLI::App& app, ClientCommand& command) : app_(app), command_(command) {}

    void add_all() {
        add_channels();
        CLI::App* const stream = group("stream", "See what is on the air, or take it off.");
        leaf(stream, "list", "List the channels that are live.", ClientAction::StreamList);
        target(leaf(stream, "stop", "Disconnect a channel's encoder.", ClientAction::StreamStop),
               "CHANNEL", "Id, name or ARN of the channel.");
        add_recordings();
        CLI::App* const credential = group("credential", "Manage the access keys of the API.");
        leaf(credential, "create", "Make an access key; its secret is shown this once.",
             ClientAction::CredentialCreate);
        leaf(credential, "list", "List the access keys.", ClientAction::CredentialList);
        target(leaf(credential, "delete", "Delete an access key.", ClientAction::CredentialDelete),
               "ACCESS_KEY_ID", "The key, like AKIAIOSFODNN7EXAMPLE.");
        add_tokens();
    }

private:
    void add_channels() {
        CLI::App* const channel = group("channel", "Manage channels.");
        CLI::App* const create =
            leaf(channel, "create", "Make a channel, and say how to publish to it.",
                 ClientAction::ChannelCreate);
        target(create, "NAME", "Its name: 1 to 128 letters, digits, '-' and '_'.");
        create
            ->add_option("--type", command_.type,
                         "BASIC, STANDARD, ADVANCED_SD or ADVANCED_HD. Default: BASIC.")
            ->type_name("TYPE");
        create->add_flag_callback(
            "--no-record", [&command = command_] { command.record = false; },
            "Do not record it. By default it is recorded by the configuration named default.");
        create->add_flag("--rtmps-only", command_.rtmps_only,
                         "Let encoders publish by RTMPS only. By default plain RTMP may, too.");
        create->add_flag(
            "--private", command_.authorized,
            "Only viewers with a playback token may watch: see 'oxbow help token create'.");
        leaf(channel, "list", "List the channels.", ClientAction::ChannelList);
        constexpr const char* kChannel = "Id, name or ARN of the channel.";
        target(leaf(channel, "show", "Show a channel, its stream key and its addresses.",
                    ClientAction::ChannelShow),
               "CHANNEL", kChannel);
        target(leaf(channel, "delete", "Delete a channel that is offline; its recordings stay.",
                    ClientAction::ChannelDelete),
               "CHANNEL", kChannel);
    }

    void add_tokens() {
        CLI::App* const token = group("token", "Let viewers of private channels in.");
        CLI::App* const create =
            leaf(token, "create",
                 "Make a playback token and print it. Needs no server if --channel is an ARN.",
                 ClientAction::TokenCreate);
        TokenOptions& options = command_.token;
        create->add_option("--channel", command_.target, "Id, name or ARN of the channel.")
            ->required()
            ->type_name("CHANNEL");
        create
            ->add_option("--key", options.key_file,
                         "The private key in PEM whose public half was imported.")
            ->required()
            ->type_name("FILE");
        create
            ->add_option(
                "--expires-in", options.expires_in,
                "Playback may start for so long. Default: 600; more only without --viewer-id "
                "and --single-use.")
            ->type_name("SECONDS")
            ->check(CLI::Range(std::int64_t{1}, kTokenSecondsMax));
        create
            ->add_option("--viewer-id", options.viewer_id,
                         "Who it is for, so that the session can be revoked.")
            ->type_name("ID");
        create
            ->add_option("--viewer-session-version", options.viewer_session_version,
                         "A number that a revocation counts up to. Default: 0.")
            ->type_name("N");
        create
            ->add_option("--origin", options.origins,
                         "A web origin that may play, like https://*.example.com; may be repeated.")
            ->type_name("ORIGIN");
        create->add_flag("--strict-origin", options.strict_origin,
                         "Have the server check the origin, not the browser alone.");
        create->add_flag("--single-use", options.single_use, "It starts playback once.");
        create
            ->add_option("--max-resolution", options.max_resolution,
                         "SD, HD or FULL_HD. Default: no limit.")
            ->type_name("CLASS");
    }

    void add_recordings() {
        CLI::App* const recording = group("recording", "Manage recordings.");
        leaf(recording, "list", "List recordings, newest first.", ClientAction::RecordingList)
            ->add_option("CHANNEL", command_.target,
                         "Only those of this channel: id, name or ARN. Default: all.")
            ->type_name("");
        const auto add = [&](const char* name, const char* text, ClientAction action) {
            target(leaf(recording, name, text, action), "RECORDING_ID", "The recording's id.");
        };
        add("show", "Show a recording.", ClientAction::RecordingShow);
        add("lock", "Keep a recording from being deleted.", ClientAction::RecordingLock);
        add("unlock", "Let a recording be deleted again.", ClientAction::RecordingUnlock);
        add("delete", "Delete a finished recording and its objects.",
            ClientAction::RecordingDelete);
        leaf(recording, "retention",
             "Show what retention would delete now, and why; nothing is deleted by this.",
             ClientAction::RecordingRetention);
    }

    CLI::App* group(const char* name, const char* text) {
        CLI::App* const made = app_.add_subcommand(name, text);
        made->require_subcommand(1);
        return made;
    }

    CLI::App* leaf(CLI::App* parent, const char* name, const char* text, ClientAction action) {
        CLI::App* const made = parent->add_subcommand(name, text);
        made->callback([&command = command_, action] { command.action = action; });
        made->add_option(
                "--data", command_.data,
                "The server's data directory, to find it by. Default: $OXBOW_DATA or ./oxbow-data.")
            ->type_name("DIR");
        made->add_option(
                "--api", command_.api,
                "The server's API, like http://127.0.0.1:8081. Default: as DATA/ready.json says.")
            ->type_name("URL");
        made->add_flag("--json", command_.json, "Print JSON for scripts.");
        return made;
    }

    void target(CLI::App* leaf, const char* name, const char* text) {
        leaf->add_option(name, command_.target, text)->required()->type_name("");
    }

    CLI::App& app_;
    ClientCommand& command_;
};

/// "oxbow help channel create" is "oxbow channel create --help".
Result<CommandLine> help_of(CLI::App& app, const std::vector<std::string>& names) {
    if (names == std::vector<std::string>{"configuration"})
        return HelpCommand{configuration_text()};
    CLI::App* command = &app;
    std::vector<const char*> words{"oxbow"};
    std::string asked;  // "channel "
    for (const std::string& name : names) {
        const auto found =
            command->get_subcommands([&](CLI::App* sub) { return sub->get_name() == name; });
        if (found.empty()) {
            return fail(ErrorCode::Malformed,
                        fmt::format("There is no command '{}'; 'oxbow help' lists them.",
                                    log::printable(asked + name, kShownBytesMax)));
        }
        command = found.front();
        asked += name + " ";
        words.push_back(name.c_str());
    }
    words.push_back("--help");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port > 0;
}

/// Whether `text` is http(s)://HOST[:PORT][/PATH], or HOST:PORT, as OXBOW_API says it to `serve`.
bool is_api_url(std::string_view text) {
    const std::size_t scheme = text.find("://");
    const bool has_scheme = scheme != std::string_view::npos;
    if (has_scheme) {
        if (text.substr(0, scheme) != "http" && text.substr(0, scheme) != "https") return false;
        text.remove_prefix(scheme + 3);
    }
    const std::string_view authority = text.substr(0, text.find('/'));
    // Behind the bracket, because an address of version 6 has colons itself.
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    const std::string_view host = authority.substr(0, colon);
    const bool has_port = colon != std::string_view::npos;
    if (host.empty() || (!has_port && !has_scheme)) return false;
    if (!std::ranges::all_of(host, [](char c) {
            return is_name_character(c) || std::string_view{".:[]"}.contains(c);
        })) {
        return false;
    }
    return !has_port || is_port(authority.substr(colon + 1));
}

Result<void> check_new_channel(const ClientCommand& command) {
    const std::string& name = command.target;
    if (name.empty() || name.size() > kNameBytesMax ||
        !std::ranges::all_of(name, is_name_character)) {
        return fail(ErrorCode::Malformed,
                    fmt::format("A channel's name must have 1 to {} letters, digits, '-' and '_'; "
                                "'{}' has not.",
                                kNameBytesMax, log::printable(name, kShownBytesMax)));
    }
    if (std::ranges::find(kChannelTypes, command.type) == kChannelTypes.end()) {
        return fail(
            ErrorCode::Malformed,
            fmt::format("--type must be BASIC, STANDARD, ADVANCED_SD or ADVANCED_HD, not '{}'.",
                        log::printable(command.type, kShownBytesMax)));
    }
    return {};
}

/// What can be told wrong without a server to ask.
Result<void> check_client_command(const ClientCommand& command, std::string_view api_is_from) {
    if (command.api && !is_api_url(*command.api)) {
        return fail(ErrorCode::Malformed,
                    fmt::format("{} must be a URL such as http://127.0.0.1:8081, not '{}'.",
                                api_is_from, log::printable(*command.api, kShownBytesMax)));
    }
    if (command.action == ClientAction::ChannelCreate) return check_new_channel(command);
    return {};
}

/// Every client command has these options, and CLI11 would let the environment of those that were
/// not called overrule the flag of the one that was.
void fill_from_environment(std::optional<std::string>& option, const char* variable) {
    const char* const value = std::getenv(variable);
    if (!option && value != nullptr && *value != '\0') option = value;
}
void fill_from_environment(ClientCommand& command) {
    fill_from_environment(command.data, "OXBOW_DATA");
    fill_from_environment(command.api, "OXBOW_API");
}

Result<CommandLine> chosen(CLI::App& app, Parsed& parsed) {
    if (app.got_subcommand("serve")) return parsed.serve;
    if (app.got_subcommand("catalog")) return parsed.rebuild;
    if (app.got_subcommand("behaviours")) {
        fill_from_environment(parsed.behaviours.config, "OXBOW_CONFIG");
        return parsed.behaviours;
    }
    if (app.got_subcommand("check-config")) return parsed.check_config;
    if (app.got_subcommand("version")) return parsed.version;
    if (app.got_subcommand("help")) return help_of(app, parsed.help_of);
    const std::string_view api_is_from = parsed.client.api ? "--api" : "OXBOW_API";
    fill_from_environment(parsed.client);
    if (auto right = check_client_command(parsed.client, api_is_from); !right) {
        return std::unexpected(right.error());
    }
    return parsed.client;
}

}  // namespace

Result<CommandLine> parse_command_line(int argc, const char* const* argv) {
    Parsed parsed;
    CLI::App app{"Oxbow: many live channels, each of which can be rewound to its first second.",
                 "oxbow"};
    app.require_subcommand(1);
    app.option_defaults()->always_capture_default(false);
    add_serve(app, parsed.serve);
    ClientCommands{app, parsed.client}.add_all();
    add_catalog(app, parsed.rebuild);
    add_behaviours(app, parsed.behaviours);
    app.add_subcommand(
           "check-config",
           "Check a configuration file without starting anything, and try its S3 bucket.")
        ->add_option("FILE", parsed.check_config.file, "The configuration in TOML.")
        ->required()
        ->type_name("");
    app.add_subcommand("version", "Print the version.")
        ->add_flag("--json", parsed.version.json, "Print JSON for scripts.");
    app.set_version_flag("--version", "", "Print the version.");
    app.add_subcommand("help", "Explain a command.")
        ->add_option("COMMAND", parsed.help_of, "Like: channel create. Default: all commands.")
        ->type_name("");
    // Last: the commands made after it would repeat it.
    app.footer(
        "'oxbow help channel create' explains a command, 'oxbow help configuration' prints a "
        "configuration file.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return HelpCommand{app.help()};
    } catch (const CLI::CallForVersion&) {
        return VersionCommand{};
    } catch (const CLI::ParseError& error) {
        return fail(ErrorCode::Malformed, refusal_of(app, error));
    }
    return chosen(app, parsed);
}

}  // namespace oxbow::app
