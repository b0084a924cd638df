#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oxbow::store {

struct S3Credentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token{};  // empty: a key that does not expire
};

/// Where the credentials of a bucket come from: what the configuration names, else the environment
/// (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), else a profile of a shared
/// credentials file (AWS_SHARED_CREDENTIALS_FILE, ~/.aws/credentials; AWS_PROFILE, "default").
struct S3CredentialSource {
    std::optional<S3Credentials> configured{};
    std::filesystem::path file{};  // empty: the environment says which
    std::string profile{};         // empty: the environment says which

    /// Looks now: a file may have been written anew. Errors: NotFound  says where it looked;
    /// Malformed  half of a key.
    Result<S3Credentials> load() const;
};

/// A profile of a shared credentials file. Errors: NotFound  no such profile, or not a whole key.
Result<S3Credentials> read_credentials(std::string_view text, std::string_view profile);

/// How the bucket is named in a URL.
enum class S3Style {
    Path,         // https://host/bucket/key
    VirtualHost,  // https://bucket.host/key
};

struct S3Settings {
    std::string endpoint;  // "https://s3.eu-west-1.amazonaws.com", no slash at the end
    std::string region = "us-east-1";
    std::string bucket;
    S3Style style = S3Style::Path;
    S3CredentialSource credentials{};
    std::filesystem::path ca_file{};  // empty: whom the system trusts
    std::chrono::milliseconds request_timeout{60'000};
    std::chrono::seconds stalled{15};  // nothing moves for so long: given up
    int attempts = 4;                  // at one request
};

/// The endpoint of Amazon S3 in a region.
std::string amazon_s3_endpoint(std::string_view region);

/// Whether `name` can be a bucket's. Source: Amazon S3 user guide, "Bucket naming rules".
bool is_bucket_name(std::string_view name);

}  // namespace oxbow::store
