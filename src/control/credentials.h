#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace oxbow::control {

struct Credential {
    std::string profile;        // "default"; further ones are named by their access key id
    std::string access_key_id;  // "AKIAIOSFODNN7EXAMPLE"
    std::string secret;         // 40 characters
};

/// The access keys that may call the API, in an AWS shared-credentials file:
///
///     [default]
///     aws_access_key_id = AKIAIOSFODNN7EXAMPLE
///     aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
///
/// Read once, written whole on every change (a new file takes the old one's place; mode 0600): what
/// somebody else adds meanwhile is lost, comments too. Thread-safe.
class Credentials {
public:
    static constexpr std::size_t kCredentialsMax = 100;
    static constexpr std::size_t kFileBytesMax = 64 * 1024;

    /// Reads the file; where there is none, makes one with profile `default`.
    ///
    /// Errors: Unavailable  cannot be read, made or kept from other users.
    ///         Malformed    a line that is none, or a profile with half a credential (both named).
    static Result<std::unique_ptr<Credentials>> load_or_create(const std::filesystem::path& file);
    /// Reads the file. Errors: as above, and NotFound.
    static Result<std::unique_ptr<Credentials>> load(const std::filesystem::path& file);

    /// The secret of an access key; nullopt: there is none.
    std::optional<std::string> find(std::string_view access_key_id) const;

    std::vector<Credential> list() const;  // in the order of the file

    /// Errors: LimitExceeded  kCredentialsMax are there already.  Unavailable  not written.
    Result<Credential> create();

    /// Errors: NotFound  no such key.  Conflict  it is the last one.  Unavailable  not written.
    Result<void> remove(std::string_view access_key_id);

private:
    Credentials(std::filesystem::path file, std::vector<Credential> entries)
        : file_(std::move(file)), entries_(std::move(entries)) {}

    const std::filesystem::path file_;
    std::mutex changes_;        // held while the file is written
    mutable std::mutex mutex_;  // held for memory only: find() is called on loops
    std::vector<Credential> entries_;
};

}  // namespace oxbow::control
