#include "app/cli_refusal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/log.h"

namespace oxbow::app {
namespace {

constexpr std::size_t kRefusalBytesMax = 64;  // of what was typed

/// The command that was reached, and its words behind "oxbow": "channel create".
struct Reached {
    const CLI::App* command;
    std::string words;
};

Reached reached(const CLI::App& app) {
    Reached out{.command = &app, .words = {}};
    while (true) {
        const auto inner = out.command->get_subcommands();
        if (inner.empty()) return out;
        out.command = inner.front();
        if (!out.words.empty()) out.words += ' ';
        out.words += out.command->get_name();
    }
}

std::vector<std::string> names_in(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::App* const inner :
         command.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(inner->get_name());
    return names;
}

/// What is wrong, behind the name of the command: "needs CHANNEL".
std::string wrong_with(const CLI::App& command, const CLI::ParseError& error) {
    const auto unknown = command.remaining();
    const auto inner = names_in(command);
    if (!unknown.empty()) {
        const std::string shown = log::printable(unknown.front(), kRefusalBytesMax);
        if (!inner.empty()) return fmt::format("has no '{}'", shown);
        if (shown.starts_with('-')) return fmt::format("has no option {}", shown);
        return fmt::format("takes no '{}'", shown);
    }
    if (!inner.empty()) return fmt::format("needs one of: {}", fmt::join(inner, ", "));
    const std::string what = error.what();
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
        return fmt::format("needs {}", what.substr(0, what.find(" is required")));
    }
    // "--http: 1 required ADDR:PORT missing"
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && what.starts_with('-'))
        return fmt::format("needs a value behind {}", what.substr(0, what.find(':')));
    return fmt::format("was not understood: {}", log::printable(what));
}

}  // namespace

std::string refusal_of(const CLI::App& app, const CLI::ParseError& error) {
    const auto [command, words] = reached(app);
    const std::string space = words.empty() ? "" : " ";
    return fmt::format("'oxbow{}{}' {}; 'oxbow help{}{}' explains it.", space, words,
                       wrong_with(*command, error), space, words);
}

}  // namespace oxbow::app
