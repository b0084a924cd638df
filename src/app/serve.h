#pragma once

#include <filesystem>
#include <iosfwd>
#include <string_view>

#include "app/cli.h"
#include "app/settings.h"
#include "base/result.h"

namespace oxbow::app {

inline constexpr std::string_view kVersion = "0.1.0";

/// What the server is to be: the defaults, then the configuration file, then flags and environment.
///
/// Errors: as read_configuration; Malformed for a flag, named; Unsupported for what Oxbow does not
/// do yet.
Result<Settings> settings_of(const ServeOptions& options);

/// Runs `oxbow serve` until SIGTERM or SIGINT. Out: the exit code.
int serve(const ServeOptions& options, std::ostream& out, std::ostream& err);

/// Runs `oxbow check-config FILE`. Out: the exit code.
int check_config(const std::filesystem::path& file, std::ostream& out, std::ostream& err);

}  // namespace oxbow::app
