#include <iostream>
#include <utility>
#include <variant>

#include "app/cli.h"
#include "app/serve.h"

namespace {

using namespace oxbow::app;

struct Run {
    int operator()(const ServeOptions& options) const { return serve(options, std::cout, std::cerr); }
    int operator()(const ClientCommand& command) const { return run_client_command(command, std::cout, std::cerr); }
    int operator()(const CheckConfigCommand& command) const {
        return check_config(command.file, std::cout, std::cerr);
    }
    int operator()(const VersionCommand&) const {
        std::cout << "oxbow " << kVersion << '\n';
        return kExitDone;
    }
    int operator()(const HelpCommand& command) const {
        std::cout << command.text;
        return kExitDone;
    }
};

}  // namespace

int main(int argc, char** argv) {
    const auto command = parse_command_line(argc, argv);
    if (!command) {
        std::cerr << command.error().what << '\n';
        return kExitUsage;
    }
    return std::visit(Run{}, *command);
}
