#include "app/configuration_keys.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>

#include <fmt/format.h>

#include "app/behaviour_settings.h"
#include "app/event_settings.h"
#include "app/ivs_settings.h"
#include "app/retention_settings.h"
#include "app/store_settings.h"
#include "ivs/ids.h"
#include "notify/s3_notifications.h"
#include "packager/playlists.h"

namespace oxbow::app {
namespace {

constexpr std::int64_t kReconnectWindowMax = 300;  // seconds, as Amazon IVS allows
constexpr std::int64_t kLoopsMax = 256;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

Result<std::string> text_of(const toml::node& node) {
    const auto value = node.value_exact<std::string>();
    if (!value) return fail(ErrorCode::Malformed, "must be a text in quotes");
    if (std::ranges::any_of(*value, is_control))
        return fail(ErrorCode::Malformed, "must have no control characters");
    return *value;
}

ApplyValue listen_address(ListenAddress Settings::* member) {
    return [member](const toml::node& node, Settings& settings) -> Result<void> {
        const auto text = text_of(node);
        if (!text) return std::unexpected(text.error());
        auto address = parse_listen_address(*text);
        if (!address) return std::unexpected(address.error());
        settings.*member = std::move(*address);
        return {};
    };
}

ApplyValue listen_address(std::optional<ListenAddress> Settings::* member) {
    return [member](const toml::node& node, Settings& settings) -> Result<void> {
        Settings read;
        auto applied = listen_address(&Settings::http)(node, read);
        if (applied) settings.*member = std::move(read.http);
        return applied;
    };
}

/// A file; whether it can be read is seen later, so the place of the key is kept.
ApplyValue file(std::string_view key, std::optional<ConfiguredFile> Settings::* member) {
    return [key, member](const toml::node& node, Settings& settings) -> Result<void> {
        auto path = text_of(node);
        if (!path) return std::unexpected(path.error());
        if (path->empty()) return fail(ErrorCode::Malformed, "must name a file");
        const toml::source_region& place = node.source();
        settings.*member = ConfiguredFile{
            .path = std::move(*path),
            .key = fmt::format("{}:{}: {}", place.path ? *place.path : "", place.begin.line, key)};
        return {};
    };
}

ApplyValue text(std::string Settings::* member,
                const std::function<bool(const std::string&)>& valid, const std::string& rule) {
    return [=](const toml::node& node, Settings& settings) -> Result<void> {
        auto value = text_of(node);
        if (!value) return std::unexpected(value.error());
        if (!valid(*value)) return fail(ErrorCode::Malformed, rule);
        settings.*member = std::move(*value);
        return {};
    };
}

bool is_url(const std::string& text) {
    return (text.starts_with("http://") || text.starts_with("https://")) && !text.ends_with("/");
}
bool is_endpoint_text(const std::string& text) {
    return is_endpoint(text);
}
bool is_notifications_secret(const std::string& text) {
    return text.size() >= notify::S3Notifications::kSecretBytesMin &&
           text.size() <= notify::S3Notifications::kSecretBytesMax;
}
bool is_account(const std::string& text) {
    return text.size() == 12 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}
bool is_region(const std::string& text) {
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}
bool is_log_level(const std::string& text) {
    return text == "debug" || text == "info" || text == "warning" || text == "error";
}

Result<void> apply_reconnect_window(const toml::node& node, Settings& settings) {
    const auto seconds = node.value_exact<std::int64_t>();
    if (!seconds || *seconds < 0 || *seconds > kReconnectWindowMax) {
        return fail(ErrorCode::Malformed,
                    fmt::format("must be a number of seconds from 0 to {}", kReconnectWindowMax));
    }
    settings.reconnect_window = std::chrono::seconds{*seconds};
    return {};
}

Result<void> apply_sync(const toml::node& node, Settings& settings) {
    const auto when = text_of(node);
    if (!when) return std::unexpected(when.error());
    if (*when != "group" && *when != "always")
        return fail(ErrorCode::Malformed, "must be \"group\" or \"always\"");
    settings.sync_recordings_always = *when == "always";
    return {};
}

Result<void> apply_roll_over(const toml::node& node, Settings& settings) {
    constexpr std::chrono::seconds kMin{10};
    constexpr std::chrono::seconds kMax = record::kRecordingMax;
    const auto seconds = node.value_exact<std::int64_t>();
    if (!seconds || *seconds < kMin.count() || *seconds > kMax.count()) {
        return fail(ErrorCode::Malformed, fmt::format("must be a number of seconds from {} to {}",
                                                      kMin.count(), kMax.count()));
    }
    settings.recording_max = std::chrono::seconds{*seconds};
    return {};
}

Result<void> apply_trusted_proxies(const toml::node& node, Settings& settings) {
    const toml::array* array = node.as_array();
    if (array == nullptr) {
        return fail(ErrorCode::Malformed,
                    "must be a list of addresses or networks, such as [\"10.0.0.0/8\"]");
    }
    net::Networks proxies;
    for (const toml::node& item : *array) {
        const auto network = text_of(item);
        if (!network) return std::unexpected(network.error());
        if (auto added = proxies.add(*network); !added) return added;
    }
    settings.trusted_proxies = std::move(proxies);
    return {};
}

Result<void> apply_segment_max(const toml::node& node, Settings& settings) {
    const auto seconds = node.value_exact<std::int64_t>();
    const bool is_auto = node.value_exact<std::string>() == "auto";
    const bool can_be = seconds && *seconds >= kLiveTargetDurationSecondsMin &&
                        *seconds <= kLiveTargetDurationSeconds;
    if (!is_auto && !can_be) {
        return fail(ErrorCode::Malformed,
                    fmt::format("must be \"auto\" or a number of seconds from {} to {}",
                                kLiveTargetDurationSecondsMin, kLiveTargetDurationSeconds));
    }
    settings.segment_max_seconds.reset();
    if (seconds) settings.segment_max_seconds = static_cast<int>(*seconds);
    return {};
}

Result<void> apply_loops(const toml::node& node, Settings& settings) {
    const auto loops = node.value_exact<std::int64_t>();
    if (!loops || *loops < 1 || *loops > kLoopsMax) {
        return fail(ErrorCode::Malformed, fmt::format("must be a number from 1 to {}", kLoopsMax));
    }
    settings.loops = static_cast<std::size_t>(*loops);
    return {};
}

ApplyValue quota(std::size_t control::Quotas::* member) {
    return [member](const toml::node& node, Settings& settings) -> Result<void> {
        const auto count = node.value_exact<std::int64_t>();
        if (!count || *count < 0) return fail(ErrorCode::Malformed, "must be a number from 0");
        settings.quotas.*member = static_cast<std::size_t>(*count);
        return {};
    };
}

Result<void> apply_amazon_call_rates(const toml::node& node, Settings& settings) {
    const auto on = node.value_exact<bool>();
    if (!on) return fail(ErrorCode::Malformed, "must be true or false");
    settings.quotas.amazon_call_rates = *on;
    return {};
}

Result<void> apply_default_channel(const toml::node& node, Settings& settings) {
    auto id = text_of(node);
    if (!id) return std::unexpected(id.error());
    if (!ivs::parse_channel_id(*id)) {
        return fail(
            ErrorCode::Malformed,
            "must be a channel's id such as \"AsXego4U6tnj\"; 'oxbow channel list' shows them");
    }
    settings.default_channel = std::move(*id);
    return {};
}

Result<void> apply_data(const toml::node& node, Settings& settings) {
    auto path = text_of(node);
    if (!path) return std::unexpected(path.error());
    if (path->empty())
        return fail(ErrorCode::Malformed, "must be a directory such as \"./oxbow-data\"");
    settings.data = std::move(*path);
    return {};
}

}  // namespace

std::span<const ConfigurationKey> configuration_keys() {
    static const std::array table{
        ConfigurationKey{"data", "--data, OXBOW_DATA", "\"./oxbow-data\"", true,
                         "the directory where everything is kept", apply_data},
        ConfigurationKey{
            "region", "", "\"us-east-1\"", true, "stands in ARNs, stream keys and playback URLs",
            text(&Settings::region, is_region, "must be a region such as \"us-east-1\"")},
        ConfigurationKey{"account", "", "\"000000000000\"", true,
                         "12 digits, in ARNs and the paths of recordings",
                         text(&Settings::account, is_account, "must be 12 digits")},
        ConfigurationKey{
            "log.level", "", "\"info\"", true, "debug, info, warning or error",
            text(&Settings::log_level, is_log_level, "must be debug, info, warning or error")},
        ConfigurationKey{"edge.listen", "--http, OXBOW_HTTP", "\"127.0.0.1:8080\"", true,
                         "where viewers come: a numeric address, as in all of them; port 0 takes a "
                         "free port",
                         listen_address(&Settings::http)},
        ConfigurationKey{"edge.listen_tls", "--https, OXBOW_HTTPS", "\"127.0.0.1:8443\"", false,
                         "where viewers come by HTTPS; this, once there is a certificate",
                         listen_address(&Settings::https)},
        ConfigurationKey{
            "edge.public_url", "", "\"https://live.example.org\"", false,
            "base of the absolute URLs that are handed out; without it, the Host of the request",
            text(&Settings::public_url, is_url,
                 "must be a URL without a slash at its end, such as "
                 "\"https://live.example.org\"")},
        ConfigurationKey{"edge.default_channel", "", "\"AsXego4U6tnj\"", false,
                         "id of the channel of /recording-started-latest.json",
                         apply_default_channel},
        ConfigurationKey{
            "edge.cors_origins", "", "[\"*\"]", true,
            "origins whose pages may read answers, such as \"https://example.org\" and "
            "\"https://*.example.org\"; at least one",
            apply_cors_origins},
        ConfigurationKey{
            "edge.behaviours", "", "[]", false,
            "how the answers of each path pattern are cached, compressed and let read, "
            "written [[edge.behaviours]]: the whole list, the last for \"*\"; without "
            "it, the one that 'oxbow behaviours list' shows",
            apply_behaviours, true},
        ConfigurationKey{"edge.request_log", "", "\"off\"", true,
                         "a line for each answer to viewers: off, sampled or on",
                         apply_request_log},
        ConfigurationKey{"edge.request_log_one_in", "", "100", true,
                         "1 to 1000000: of how many answers a sampled log has one",
                         apply_request_log_one_in},
        ConfigurationKey{"edge.request_log_format", "", "\"common\"", true,
                         "common, as Apache's and nginx's combined; or json",
                         apply_request_log_format},
        ConfigurationKey{
            "edge.request_log_file", "", "\"stderr\"", true,
            "where it goes: stderr, or a file, which is opened again when it was moved "
            "and at SIGHUP",
            apply_request_log_file},
        ConfigurationKey{"edge.trusted_proxies", "", "[]", true,
                         "addresses and networks, such as [\"10.0.0.0/8\"]: from them "
                         "X-Forwarded-Proto, X-Forwarded-Host and X-Forwarded-For count, and their "
                         "connections are not counted per address",
                         apply_trusted_proxies},
        ConfigurationKey{
            "edge.live_origin", "", "\"http://10.0.0.5:8080\"", false,
            "of --role edge: the Oxbow that has what is newer than the bucket; without "
            "it, live playback is where the IVS endpoint says",
            text(&Settings::live_origin, is_endpoint_text,
                 "must be a URL without a path, such as \"http://10.0.0.5:8080\"")},
        ConfigurationKey{"ivs.endpoint", "", "\"http://10.0.0.5:8081\"", false,
                         "of the roles edge and functions: the API that tells what is on the air, "
                         "another Oxbow's; without it, Amazon IVS in region",
                         apply_ivs_endpoint},
        ConfigurationKey{"ivs.access_key_id", "", "\"AKIA...\"", false,
                         "with ivs.secret_access_key; without them, AWS_ACCESS_KEY_ID and "
                         "AWS_SECRET_ACCESS_KEY, else a shared credentials file",
                         ivs_text(&IvsSettings::access_key_id)},
        ConfigurationKey{"ivs.secret_access_key", "", "\"...\"", false,
                         "the secret of ivs.access_key_id",
                         ivs_text(&IvsSettings::secret_access_key)},
        ConfigurationKey{"ivs.session_token", "", "\"...\"", false, "of a key that expires",
                         ivs_text(&IvsSettings::session_token)},
        ConfigurationKey{"ivs.credentials_file", "", "\"/etc/oxbow/credentials\"", false,
                         "a shared credentials file, such as DATA/credentials of the other Oxbow; "
                         "without it, AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials",
                         ivs_text(&IvsSettings::credentials_file)},
        ConfigurationKey{"ivs.profile", "", "\"oxbow\"", false,
                         "a profile of that file; without it, AWS_PROFILE or default",
                         ivs_text(&IvsSettings::profile)},
        ConfigurationKey{"ivs.ca_file", "", "\"/etc/oxbow/ca.pem\"", false,
                         "who vouches for the endpoint's certificate; without it, whom the system "
                         "trusts",
                         ivs_text(&IvsSettings::ca_file)},
        ConfigurationKey{"api.listen", "--api, OXBOW_API", "\"127.0.0.1:8081\"", true,
                         "where the API is", listen_address(&Settings::api)},
        ConfigurationKey{"api.quotas.channels", "", "5000", false,
                         "how many channels there may be; without it, any number",
                         quota(&control::Quotas::channels)},
        ConfigurationKey{"api.quotas.concurrent_streams", "", "100", false,
                         "how many channels may be on the air at once",
                         quota(&control::Quotas::concurrent_streams)},
        ConfigurationKey{"api.quotas.recording_configurations", "", "20", false,
                         "how many recording configurations there may be",
                         quota(&control::Quotas::recording_configurations)},
        ConfigurationKey{"api.quotas.playback_key_pairs", "", "3", false,
                         "how many playback key pairs there may be",
                         quota(&control::Quotas::playback_key_pairs)},
        ConfigurationKey{"api.quotas.playback_restriction_policies", "", "3", false,
                         "how many playback restriction policies there may be",
                         quota(&control::Quotas::playback_restriction_policies)},
        ConfigurationKey{"api.quotas.amazon_call_rates", "", "false", true,
                         "operations only as often as Amazon IVS allows", apply_amazon_call_rates},
        ConfigurationKey{"rtmp.listen", "--rtmp, OXBOW_RTMP", "\"127.0.0.1:1935\"", true,
                         "where encoders publish", listen_address(&Settings::rtmp)},
        ConfigurationKey{"rtmp.listen_tls", "--rtmps, OXBOW_RTMPS", "\"127.0.0.1:1936\"", false,
                         "where encoders publish by RTMPS; this, once there is a certificate",
                         listen_address(&Settings::rtmps)},
        ConfigurationKey{
            "tls.certificate", "", "\"/etc/letsencrypt/live/example.org/fullchain.pem\"", false,
            "the server's certificate and its chain in PEM, read again when it changes",
            file("tls.certificate", &Settings::tls_certificate)},
        ConfigurationKey{"tls.key", "", "\"/etc/letsencrypt/live/example.org/privkey.pem\"", false,
                         "its private key in PEM, without a passphrase",
                         file("tls.key", &Settings::tls_key)},
        ConfigurationKey{"store.kind", "", "\"folder\"", true,
                         "where recordings are kept: folder, DATA/bucket; s3, a bucket of an S3 "
                         "server",
                         apply_store_kind},
        ConfigurationKey{"store.bucket", "", "\"recordings\"", true,
                         "the bucket's name, also in recording configurations and events",
                         apply_store_bucket},
        ConfigurationKey{"store.endpoint", "", "\"http://127.0.0.1:7480\"", false,
                         "the S3 server; without it, Amazon S3 in store.region",
                         apply_store_endpoint},
        ConfigurationKey{"store.region", "", "\"eu-west-1\"", false,
                         "the bucket's region, for signatures; without it, region",
                         store_text(&StoreSettings::region)},
        ConfigurationKey{"store.path_style", "", "true", false,
                         "true: https://host/bucket/key; false: https://bucket.host/key; without "
                         "it, false at Amazon S3 and true elsewhere",
                         apply_store_path_style},
        ConfigurationKey{"store.access_key_id", "", "\"AKIA...\"", false,
                         "with store.secret_access_key; without them, AWS_ACCESS_KEY_ID and "
                         "AWS_SECRET_ACCESS_KEY, else a shared credentials file",
                         store_text(&StoreSettings::access_key_id)},
        ConfigurationKey{"store.secret_access_key", "", "\"...\"", false,
                         "the secret of store.access_key_id",
                         store_text(&StoreSettings::secret_access_key)},
        ConfigurationKey{"store.session_token", "", "\"...\"", false, "of a key that expires",
                         store_text(&StoreSettings::session_token)},
        ConfigurationKey{"store.credentials_file", "", "\"/etc/oxbow/credentials\"", false,
                         "a shared credentials file; without it, AWS_SHARED_CREDENTIALS_FILE or "
                         "~/.aws/credentials",
                         store_text(&StoreSettings::credentials_file)},
        ConfigurationKey{"store.profile", "", "\"oxbow\"", false,
                         "a profile of that file; without it, AWS_PROFILE or default",
                         store_text(&StoreSettings::profile)},
        ConfigurationKey{"store.ca_file", "", "\"/etc/oxbow/ca.pem\"", false,
                         "who vouches for the server's certificate; without it, whom the system "
                         "trusts",
                         store_text(&StoreSettings::ca_file)},
        ConfigurationKey{"store.uploads", "", "4", true, "1 to 64 uploads at a time",
                         apply_store_uploads},
        ConfigurationKey{"store.backlog_max", "", "\"100GB\"", true,
                         "how much may wait in DATA/uploads while the server takes nothing; beyond "
                         "it recordings have holes",
                         store_size(&StoreSettings::backlog_max)},
        ConfigurationKey{"store.backlog_max_age", "", "\"7d\"", true,
                         "how long something may wait there before nothing more is taken",
                         apply_store_backlog_max_age},
        ConfigurationKey{"store.cache_max", "", "\"1GB\"", true,
                         "how much of what viewers read is kept in DATA/cache",
                         store_size(&StoreSettings::cache_max)},
        ConfigurationKey{"recording.reconnect_window_seconds", "", "60", true,
                         "0 to 300: how long a recording waits for its publisher; of the recording "
                         "configuration default, when the first start makes it",
                         apply_reconnect_window},
        ConfigurationKey{"recording.sync", "", "\"group\"", true,
                         "when what is recorded is made to survive a power loss: group, once a "
                         "second for all channels; always, each segment before it is shown",
                         apply_sync},
        ConfigurationKey{"recording.roll_over_seconds", "", "172800", true,
                         "10 to 172800: a recording that has lasted so long is complete, and the "
                         "broadcast goes on in a new one",
                         apply_roll_over},
        ConfigurationKey{
            "recording.retention", "", "[]", true,
            "which recordings are deleted, by recording configuration: [{ configuration = "
            "\"default\", max_age = \"30d\", max_size = \"500GB\" }], either or both; \"*\" is "
            "each "
            "configuration without a rule of its own; without a rule, none",
            apply_retention},
        ConfigurationKey{"recording.keep_free", "", "\"20GB\"", false,
                         "how much room is kept free on the bucket's disk, a size or a percentage "
                         "such as \"10%\", by deleting the oldest recordings",
                         apply_keep_free},
        ConfigurationKey{"recording.keep_served", "", "\"10m\"", true,
                         "a recording that viewers were sent something of in so long is not "
                         "deleted for its age or size, and last for room",
                         apply_keep_served},
        ConfigurationKey{"recording.retention_every", "", "\"60s\"", true,
                         "1s to 1d: how often retention looks for what is to be deleted",
                         apply_retention_every},
        ConfigurationKey{"recording.retention_dry_run", "", "false", true,
                         "true: retention deletes nothing; 'oxbow recording retention' shows what "
                         "it would",
                         apply_retention_dry_run},
        ConfigurationKey{"ingest.segment_max", "", "\"auto\"", true,
                         "2 to 6 seconds: how long a live segment may be, and what live and rewind "
                         "playlists declare; players that know no parts are three times as far "
                         "behind. auto: as the key frames of the channel's last stream were apart",
                         apply_segment_max},
        ConfigurationKey{"ingest.enforce_limits", "", "false", true,
                         "disconnects publishers above the limits that Amazon IVS has for their "
                         "channel's type; else an event tells of them",
                         apply_enforce_limits},
        ConfigurationKey{
            "events.webhooks", "", "[]", true,
            "who gets every event, at most 8: [{ url = \"https://ops.example.org/hook\", "
            "secret = \"...\" }], with a secret of 16 to 256 bytes each",
            apply_webhooks},
        ConfigurationKey{"events.retry_for_seconds", "", "86400", true,
                         "1 to 604800: how long a webhook that takes no event is tried before the "
                         "event is a dead letter",
                         apply_retry_for},
        ConfigurationKey{"notifications.secret", "", "\"...\"", false,
                         "16 to 256 bytes: who knows it may POST S3 events to /notifications/s3 on "
                         "the API's port",
                         text(&Settings::notifications_secret, is_notifications_secret,
                              "must have 16 to 256 bytes")},
        ConfigurationKey{"server.loops", "", "2", false,
                         "1 to 256 event loops, each with one thread, over which viewers and "
                         "channels are spread; without it, one per core",
                         apply_loops},
    };
    return table;
}

std::string configuration_text() {
    std::string out =
        "# The configuration of 'oxbow serve --config FILE', with its defaults; a flag beats the\n"
        "# environment, which beats this. 'oxbow check-config FILE' checks it.\n";
    std::string_view section;
    for (const ConfigurationKey& key : configuration_keys()) {
        const std::size_t dot = key.name.find('.');
        const bool in_section = dot != std::string_view::npos;
        const std::string_view its_section = in_section ? key.name.substr(0, dot) : "";
        if (its_section != section) out += fmt::format("\n[{}]\n", its_section);
        section = its_section;
        const std::string_view name = in_section ? key.name.substr(dot + 1) : key.name;
        out += fmt::format("\n# {}{}\n{}{} = {}\n", key.meaning,
                           key.flag.empty() ? "" : fmt::format(" ({})", key.flag),
                           key.has_default ? "" : "# ", name, key.value);
    }
    return out;
}

}  // namespace oxbow::app
