#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace oxbow::app {

// 'oxbow channel' needs one of: create, list, show, delete; 'oxbow help channel' explains it.
/// Why a command line was not understood, and where it is explained: one sentence.
std::string refusal_of(const CLI::App& app, const CLI::ParseError& error);

}  // namespace oxbow::app
