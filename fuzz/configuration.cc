// The configuration file. Input: such a file.

#include "app/settings.h"
#include "base/ensure.h"
#include "fuzz/target.h"

namespace oxbow::fuzz {
namespace {

using namespace app;

bool same(const ListenAddress& left, const ListenAddress& right) {
    return left.host == right.host && left.port == right.port;
}

void check_values(const Settings& settings) {
    ENSURE(!settings.data.empty());
    ENSURE(!settings.http.host.empty() && !settings.api.host.empty() &&
           !settings.rtmp.host.empty());
    ENSURE(settings.account.size() == 12 && !settings.region.empty());
    ENSURE(!settings.cors_origins.empty());
    ENSURE(settings.reconnect_window >= std::chrono::seconds{0});
    ENSURE(!settings.public_url.ends_with('/'));
}

}  // namespace

void check(BytesView input) {
    Settings settings;
    const auto read = read_configuration_text(as_text(input), "oxbow.toml", settings);
    check_values(settings);  // also when a later key was refused
    if (!read) {
        ENSURE(read.error().what.starts_with("oxbow.toml"));
        // One line for the operator, whatever stands in the file.
        ENSURE(!read.error().what.contains('\n') && !read.error().what.contains('\0'));
        return;
    }
    Settings again;
    ENSURE(read_configuration_text(as_text(input), "oxbow.toml", again).has_value());
    ENSURE(same(again.http, settings.http) && again.cors_origins == settings.cors_origins);
    (void)parse_listen_address(as_text(input));
}

}  // namespace oxbow::fuzz
