#pragma once

#include <functional>
#include <span>
#include <string_view>

#include <toml++/toml.h>

#include "app/settings.h"
#include "base/result.h"

namespace oxbow::app {

/// Puts a value of the file into the settings. Errors: Malformed  what it must be: "must be ...".
using ApplyValue = std::function<Result<void>(const toml::node&, Settings&)>;

/// A key of the configuration file: what reads it and what the documentation says of it.
struct ConfigurationKey {
    std::string_view name;   // "edge.public_url"
    std::string_view flag;   // "--http, OXBOW_HTTP"; empty: the file alone sets it
    std::string_view value;  // its default as TOML has it, or an example where it has none
    bool has_default;
    std::string_view meaning;
    ApplyValue apply;
    bool tells_place = false;  // its errors begin with file, line and key
};

/// All of them; those of a section stand together.
std::span<const ConfigurationKey> configuration_keys();

}  // namespace oxbow::app
