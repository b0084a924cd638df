#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/s3_settings.h"

namespace toml {
inline namespace v3 {
class node;
}
}  // namespace toml

namespace oxbow::app {

struct Settings;

/// Where recordings go: a folder of the data directory, or a bucket of an S3 server.
struct StoreSettings {
    bool s3 = false;                    // store.kind
    std::string bucket = "recordings";  // as recording configurations name it, too
    std::string endpoint;               // empty: Amazon S3
    std::string region;                 // empty: that of the server
    std::optional<bool> path_style;     // nullopt: false at Amazon S3, else true
    std::string access_key_id;          // empty: from the environment or a file
    std::string secret_access_key;
    std::string session_token;
    std::string credentials_file;
    std::string profile;
    std::string ca_file;
    std::size_t uploads = 4;
    std::uint64_t backlog_max = 100'000'000'000;
    std::chrono::seconds backlog_max_age{7 * 24 * 3600};
    std::uint64_t cache_max = 1'000'000'000;
};

/// What the S3 client is told. In: the region where store.region is not set.
///
/// Errors: Malformed  names the keys of the configuration that do not fit together.
Result<store::S3Settings> s3_settings(const StoreSettings& settings, const std::string& region);

/// The keys that a section of the configuration names. In: without files.
///
/// Errors: Malformed  names the keys that do not fit together.
Result<store::S3CredentialSource> credential_source(std::string_view section,
                                                    const store::S3Credentials& configured);

/// Errors: Malformed  it is no file. In: "" is none.
Result<void> check_ca_file(std::string_view section, const std::filesystem::path& file);

/// Whether `text` is https://host[:port] or http://host[:port], and nothing behind it.
bool is_endpoint(std::string_view text);

/// Errors: Malformed  "must ...".
Result<std::string> plain_text(const toml::node& node);

using ApplyStoreValue = std::function<Result<void>(const toml::node&, Settings&)>;

// The values of the configuration file. Errors: Malformed  "must ...".
Result<void> apply_store_kind(const toml::node& node, Settings& settings);
Result<void> apply_store_bucket(const toml::node& node, Settings& settings);
Result<void> apply_store_endpoint(const toml::node& node, Settings& settings);
Result<void> apply_store_path_style(const toml::node& node, Settings& settings);
Result<void> apply_store_uploads(const toml::node& node, Settings& settings);
Result<void> apply_store_backlog_max_age(const toml::node& node, Settings& settings);
ApplyStoreValue store_text(std::string StoreSettings::* member);
ApplyStoreValue store_size(std::uint64_t StoreSettings::* member);

inline constexpr std::int64_t kUploadsMax = 64;
inline constexpr std::size_t kStoreTextBytesMax = 4'096;

}  // namespace oxbow::app
