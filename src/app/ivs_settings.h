#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "remote/ivs_endpoint.h"

namespace toml {
inline namespace v3 {
class node;
}
}  // namespace toml

namespace oxbow::app {

struct Settings;

/// The IVS endpoint that tells what is on the air: Amazon's or another Oxbow's.
struct IvsSettings {
    std::string endpoint;       // empty: Amazon IVS in the server's region
    std::string access_key_id;  // empty: from the environment or a file
    std::string secret_access_key;
    std::string session_token;
    std::string credentials_file;
    std::string profile;
    std::string ca_file;
};

/// What the client is told. Errors: Malformed  names the keys that do not fit together.
Result<remote::IvsClientSettings> ivs_client_settings(const IvsSettings& settings,
                                                      const std::string& region);

// The values of the configuration file. Errors: Malformed  "must ...".
using ApplyIvsValue = std::function<Result<void>(const toml::node&, Settings&)>;
ApplyIvsValue ivs_text(std::string IvsSettings::* member);
Result<void> apply_ivs_endpoint(const toml::node& node, Settings& settings);

}  // namespace oxbow::app
