#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <variant>

#include "app/cli_behaviours.h"
#include "app/cli_token.h"
#include "base/result.h"

namespace oxbow::app {

/// `oxbow serve`: what flags and environment say; nullopt: the configuration file or the default
/// decides.
struct ServeOptions {
    std::optional<std::string> config;
    std::optional<std::string> data;
    std::optional<std::string> role;
    std::optional<std::string> http;
    std::optional<std::string> https;
    std::optional<std::string> api;
    std::optional<std::string> rtmp;
    std::optional<std::string> rtmps;
    std::optional<std::string> ready_file;
    bool demo = false;
};

enum class ClientAction {
    ChannelCreate,
    ChannelList,
    ChannelShow,
    ChannelDelete,
    StreamList,
    StreamStop,
    RecordingList,
    RecordingShow,
    RecordingLock,
    RecordingUnlock,
    RecordingDelete,
    RecordingRetention,
    CredentialCreate,
    CredentialList,
    CredentialDelete,
    TokenCreate,
};

/// A command that asks a running server through its API.
struct ClientCommand {
    ClientAction action = ClientAction::ChannelList;
    /// ChannelCreate: the new name. Other channels, streams and tokens: id, ARN or name;
    /// RecordingList: the same, or empty for all. Recordings: the recording id. Credentials: the
    /// access key id.
    std::string target;
    std::string type = "BASIC";
    bool record = true;
    bool rtmps_only = false;  // ChannelCreate
    bool authorized = false;  // ChannelCreate: a private channel
    TokenOptions token;       // TokenCreate

    std::optional<std::string> data;
    std::optional<std::string> api;
    bool json = false;
};

/// `oxbow catalog rebuild`.
struct CatalogRebuildCommand {
    std::optional<std::string> config;
    std::optional<std::string> data;
    bool json = false;
};

struct CheckConfigCommand {
    std::string file;
};
struct VersionCommand {
    bool json = false;
};
struct HelpCommand {
    std::string text;
};

using CommandLine =
    std::variant<ServeOptions, ClientCommand, CatalogRebuildCommand, BehavioursCommand,
                 CheckConfigCommand, VersionCommand, HelpCommand>;

/// Reads the command line; where a flag is not given, its environment variable counts
/// ("OXBOW_DATA").
///
/// Errors: Malformed  with the sentence to print to stderr behind "oxbow: "; the exit code is
///         kExitUsage.
Result<CommandLine> parse_command_line(int argc, const char* const* argv);

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

/// Runs the command and gives the exit code. What was asked for goes to `out`, JSON with --json; a
/// failure, or what to beware of, is one sentence to `err`.
int run_client_command(const ClientCommand& command, std::ostream& out, std::ostream& err);

}  // namespace oxbow::app
