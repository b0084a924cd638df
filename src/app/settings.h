#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/ivs_settings.h"
#include "app/retention.h"
#include "app/store_settings.h"
#include "base/result.h"
#include "control/quotas.h"
#include "edge/behaviours.h"
#include "edge/request_log.h"
#include "net/networks.h"
#include "net/tls.h"
#include "record/limits.h"

namespace oxbow::app {

/// An address to listen on, as written: "127.0.0.1:8080", "[::1]:0". Port 0 takes a free one.
struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const ListenAddress&) const = default;
};

/// Errors: Malformed  not ADDR:PORT with a numeric address.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// What this process is of the whole.
enum class Role {
    All,
    Live,       // as All: publishers, recordings, the API; viewers come by way of an edge
    Edge,       // for viewers, of what others stream and record
    Functions,  // the two functions alone
};
std::string_view name_of(Role role);

/// Who gets every event: POST to `url`, signed with `secret`.
struct WebhookSettings {
    std::string url;
    std::string secret;
};

/// A file that a key of the configuration names.
struct ConfiguredFile {
    std::filesystem::path path;
    std::string key;  // where it is named: "oxbow.toml:12: tls.certificate"
};

/// Everything `oxbow serve` can be told; the defaults are those of the documentation.
struct Settings {
    Role role = Role::All;
    std::filesystem::path data{"./oxbow-data"};
    ListenAddress http{"127.0.0.1", 8080};
    ListenAddress api{"127.0.0.1", 8081};
    ListenAddress rtmp{"127.0.0.1", 1935};
    // Set by load_certificate, once there is one.
    std::optional<ListenAddress> https;  // edge.listen_tls
    std::optional<ListenAddress> rtmps;  // rtmp.listen_tls
    std::optional<ConfiguredFile> tls_certificate;
    std::optional<ConfiguredFile> tls_key;
    std::shared_ptr<net::TlsCertificate> certificate;  // both, loaded; null: no TLS
    std::string region = "us-east-1";
    std::string account = "000000000000";
    std::string log_level = "info";  // debug, info, warning, error

    std::string public_url;  // edge.public_url
    std::optional<std::string> default_channel;
    std::vector<std::string> cors_origins{"*"};
    std::vector<edge::Behaviour> behaviours;  // edge.behaviours; empty: the built-in list
    edge::RequestLogSettings request_log;     // edge.request_log and its kin
    net::Networks trusted_proxies;            // edge.trusted_proxies

    std::string live_origin;  // edge.live_origin; empty: the bucket alone

    StoreSettings store;
    IvsSettings ivs;  // of the roles edge and functions

    /// Of the recording configuration `default` that the first start makes.
    std::chrono::seconds reconnect_window{60};
    RetentionSettings retention;  // of all recordings

    bool sync_recordings_always = false;  // recording.sync: "always", not "group"
    std::chrono::seconds recording_max = record::kRecordingMax;  // recording.roll_over_seconds

    std::optional<std::size_t> loops;  // server.loops; nullopt: one per core
    control::Quotas quotas;            // api.quotas

    std::string notifications_secret;  // notifications.secret; empty: none are taken

    std::optional<int> segment_max_seconds;           // ingest.segment_max; nullopt: "auto"
    bool enforce_ingest_limits = false;               // ingest.enforce_limits
    std::vector<WebhookSettings> webhooks;            // events.webhooks
    std::chrono::seconds event_retry_for{24 * 3600};  // events.retry_for_seconds

    std::optional<std::filesystem::path> ready_file;
    bool demo = false;
};

/// Reads a configuration file over `settings`; keys that are absent leave what is there.
///
/// Errors: Malformed    not TOML, or a value of the wrong type or range: names the key and the
/// line.
///         NotFound     no such file.
///         Unsupported  a key that Oxbow does not know: names it and the line.
Result<void> read_configuration(const std::filesystem::path& file, Settings& settings);

/// The same of a text; `name` stands for the file in errors.
Result<void> read_configuration_text(std::string_view text, const std::string& name,
                                     Settings& settings);

/// A configuration file with every key, its default and its meaning, as 'oxbow help configuration'
/// prints it.
std::string configuration_text();

/// Loads the certificate that the settings name, and says where TLS listens then: the defaults,
/// unless they are set.
///
/// Errors: of read_certificate and read_private_key, with the key of the configuration and its
///         line; Malformed also where something needs a certificate and none is named.
Result<void> load_certificate(Settings& settings);

/// Our listeners share ports among the loops, so the system would not refuse two of different kinds
/// on one: each would get a part of the other's connections.
///
/// Errors: Conflict  two would listen on one port; both are named.
Result<void> check_listeners(const Settings& settings);

}  // namespace oxbow::app
