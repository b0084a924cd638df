#include "app/ivs_settings.h"

#include <toml++/toml.h>

#include "app/settings.h"
#include "app/store_settings.h"

namespace oxbow::app {

Result<remote::IvsClientSettings> ivs_client_settings(const IvsSettings& settings,
                                                      const std::string& region) {
    auto credentials = credential_source(
        "ivs", {settings.access_key_id, settings.secret_access_key, settings.session_token});
    if (!credentials) return std::unexpected(credentials.error());
    credentials->file = settings.credentials_file;
    credentials->profile = settings.profile;
    if (auto there = check_ca_file("ivs", settings.ca_file); !there)
        return std::unexpected(there.error());
    return remote::IvsClientSettings{.endpoint = settings.endpoint.empty()
                                                     ? remote::amazon_ivs_endpoint(region)
                                                     : settings.endpoint,
                                     .region = region,
                                     .credentials = *std::move(credentials),
                                     .ca_file = settings.ca_file};
}

ApplyIvsValue ivs_text(std::string IvsSettings::* member) {
    return [member](const toml::node& node, Settings& settings) -> Result<void> {
        auto text = plain_text(node);
        if (!text) return std::unexpected(text.error());
        settings.ivs.*member = *std::move(text);
        return {};
    };
}

Result<void> apply_ivs_endpoint(const toml::node& node, Settings& settings) {
    auto url = plain_text(node);
    if (!url || !is_endpoint(*url)) {
        return fail(ErrorCode::Malformed,
                    "must be the URL of an IVS API without a path, such as "
                    "\"http://10.0.0.5:8081\"");
    }
    settings.ivs.endpoint = *std::move(url);
    return {};
}

}  // namespace oxbow::app
