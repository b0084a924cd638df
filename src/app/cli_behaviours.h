#pragma once

#include <iosfwd>
#include <optional>
#include <string>

namespace oxbow::app {

/// `oxbow behaviours list` and `explain PATH`: of a configuration, without a server.
struct BehavioursCommand {
    std::optional<std::string> config;  // nullopt: the built-in list
    std::optional<std::string> path;    // to be explained; nullopt: list
    bool json = false;
};

/// Prints them, or the one that answers a path: why it does, and which headers it gives. Out: the
/// exit code.
int show_behaviours(const BehavioursCommand& command, std::ostream& out, std::ostream& err);

}  // namespace oxbow::app
