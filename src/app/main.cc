#include <csignal>
#include <iostream>
#include <string_view>
#include <utility>
#include <variant>

#include "app/cli.h"
#include "app/rebuild.h"
#include "app/serve.h"
#include "pictures/helper.h"

namespace {

using namespace oxbow::app;

struct Run {
    int operator()(const ServeOptions& options) const {
        return serve(options, std::cout, std::cerr);
    }
    int operator()(const ClientCommand& command) const {
        return run_client_command(command, std::cout, std::cerr);
    }
    int operator()(const CatalogRebuildCommand& command) const {
        return rebuild_catalog(command, std::cout, std::cerr);
    }
    int operator()(const BehavioursCommand& command) const {
        return show_behaviours(command, std::cout, std::cerr);
    }
    int operator()(const CheckConfigCommand& command) const {
        return check_config(command.file, std::cout, std::cerr);
    }
    int operator()(const VersionCommand& command) const {
        if (command.json) {
            std::cout << "{\"version\":\"" << kVersion << "\"}\n";
        } else {
            std::cout << "oxbow " << kVersion << '\n';
        }
        return kExitDone;
    }
    int operator()(const HelpCommand& command) const {
        std::cout << command.text;
        return kExitDone;
    }
};

}  // namespace

int main(int argc, char** argv) {
    // For the server alone, and no command: see pictures/helper.h.
    if (argc == 2 && std::string_view{argv[1]} == oxbow::pictures::kHelperCommand)
        return oxbow::pictures::run_helper(oxbow::pictures::kHelperSocket);
    // A limit on the size of files is an error of the write that meets it, not the end of the
    // program.
    std::signal(SIGXFSZ, SIG_IGN);
    const auto command = parse_command_line(argc, argv);
    if (!command) {
        std::cerr << "oxbow: " << command.error().what << '\n';
        return kExitUsage;
    }
    return std::visit(Run{}, *command);
}
