#include "control/credentials.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"

namespace oxbow::control {
namespace {

constexpr std::size_t kSecretCharacters = 40;
constexpr std::string_view kDefaultProfile = "default";

/// A file descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

std::unexpected<Error> unavailable(const std::filesystem::path& file, std::string_view what) {
    return fail(ErrorCode::Unavailable, fmt::format("The credentials file {} cannot be {}: {}.",
                                                    file.string(), what, std::strerror(errno)));
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// AKIAIOSFODNN7EXAMPLE: AKIA and 16 of [A-Z0-9]
std::string make_access_key_id() {
    std::string id = "AKIA";
    while (id.size() < 20) {
        // Lower-case letters are passed over, so that every character left is equally likely.
        const std::string character = random_alphanumeric(1);
        if (character[0] < 'a') id += character;
    }
    return id;
}

Result<std::string> read_file(const std::filesystem::path& file) {
    const Descriptor input{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (input.get() < 0 && errno == ENOENT) {
        return fail(ErrorCode::NotFound,
                    fmt::format("There is no credentials file {}.", file.string()));
    }
    struct stat status{};
    if (input.get() < 0 || ::fstat(input.get(), &status) != 0) return unavailable(file, "read");
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("The credentials file {} is no file; move it away, and the next "
                                "start makes one.",
                                file.string()));
    }
    if ((status.st_mode & 077) != 0) {
        log::warning(
            "the credentials file {} was open to other users; only its owner may read it now",
            file.string());
        if (::fchmod(input.get(), 0600) != 0) return unavailable(file, "kept from other users");
    }
    std::string text(Credentials::kFileBytesMax + 1, '\0');
    const ssize_t count = ::read(input.get(), text.data(), text.size());
    if (count < 0) return unavailable(file, "read");
    if (static_cast<std::size_t>(count) > Credentials::kFileBytesMax) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("The credentials file {} is longer than {} bytes; move it away, and the "
                        "next start makes one.",
                        file.string(), Credentials::kFileBytesMax));
    }
    text.resize(static_cast<std::size_t>(count));
    return text;
}

std::unexpected<Error> not_written(const std::filesystem::path& file,
                                   const std::filesystem::path& next) {
    auto error = unavailable(file, "written");  // before errno is another
    ::unlink(next.c_str());
    return error;
}

Result<void> write_file(const std::filesystem::path& file, const std::vector<Credential>& entries) {
    std::string text;
    for (const Credential& entry : entries) {
        text += fmt::format("[{}]\naws_access_key_id = {}\naws_secret_access_key = {}\n\n",
                            entry.profile, entry.access_key_id, entry.secret);
    }
    const std::filesystem::path next = file.string() + ".new";
    {
        const Descriptor output{
            ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        if (output.get() < 0 || ::fchmod(output.get(), 0600) != 0)
            return unavailable(file, "written");
        if (::write(output.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(output.get()) != 0) {
            return not_written(file, next);
        }
    }
    if (::rename(next.c_str(), file.c_str()) != 0) return not_written(file, next);
    return {};
}

/// Reads the lines of an AWS shared-credentials file. Keys other than the two are passed over.
Result<std::vector<Credential>> parse(std::string_view text, const std::filesystem::path& file) {
    std::vector<Credential> entries;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::string_view whole = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), whole.size() + 1));
        const std::string_view line = trimmed(whole);
        ++number;
        if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
        if (line.starts_with('[') && line.ends_with(']')) {
            entries.push_back({.profile = std::string{trimmed(line.substr(1, line.size() - 2))},
                               .access_key_id = {},
                               .secret = {}});
            continue;
        }
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos || entries.empty()) {
            return fail(ErrorCode::Malformed,
                        fmt::format("Line {} of the credentials file {} is neither [PROFILE] nor a "
                                    "'name = value' below one; correct it.",
                                    number, file.string()));
        }
        const std::string_view name = trimmed(line.substr(0, equals));
        if (name == "aws_access_key_id")
            entries.back().access_key_id = trimmed(line.substr(equals + 1));
        if (name == "aws_secret_access_key")
            entries.back().secret = trimmed(line.substr(equals + 1));
    }
    for (const Credential& entry : entries) {
        if (entry.access_key_id.empty() || entry.secret.empty()) {
            return fail(
                ErrorCode::Malformed,
                fmt::format("Profile '{}' of the credentials file {} lacks aws_access_key_id or "
                            "aws_secret_access_key; add it, or remove the profile.",
                            log::printable(entry.profile), file.string()));
        }
    }
    return entries;
}

Credential make_credential(std::string profile) {
    std::string id = make_access_key_id();
    if (profile.empty()) profile = id;
    return {.profile = std::move(profile),
            .access_key_id = std::move(id),
            .secret = random_alphanumeric(kSecretCharacters)};
}

}  // namespace

Result<std::unique_ptr<Credentials>> Credentials::load(const std::filesystem::path& file) {
    const auto text = read_file(file);
    if (!text) return std::unexpected(text.error());
    auto entries = parse(*text, file);
    if (!entries) return std::unexpected(entries.error());
    return std::unique_ptr<Credentials>{new Credentials{file, std::move(*entries)}};
}

Result<std::unique_ptr<Credentials>> Credentials::load_or_create(
    const std::filesystem::path& file) {
    auto loaded = load(file);
    const bool made_anew = (!loaded && loaded.error().code == ErrorCode::NotFound) ||
                           (loaded && (*loaded)->entries_.empty());
    if (!made_anew) return loaded;
    std::vector<Credential> entries{make_credential(std::string{kDefaultProfile})};
    if (const auto written = write_file(file, entries); !written) {
        return std::unexpected(written.error());
    }
    return std::unique_ptr<Credentials>{new Credentials{file, std::move(entries)}};
}

std::optional<std::string> Credentials::find(std::string_view access_key_id) const {
    const std::scoped_lock lock{mutex_};
    const auto found = std::ranges::find(entries_, access_key_id, &Credential::access_key_id);
    if (found == entries_.end()) return std::nullopt;
    return found->secret;
}

std::vector<Credential> Credentials::list() const {
    const std::scoped_lock lock{mutex_};
    return entries_;
}

Result<Credential> Credentials::create() {
    const std::scoped_lock one_at_a_time{changes_};
    std::vector<Credential> entries = list();
    if (entries.size() >= kCredentialsMax) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("There are {} credentials already; delete one first.", kCredentialsMax));
    }
    Credential made = make_credential("");
    entries.push_back(made);
    if (const auto written = write_file(file_, entries); !written) {
        return std::unexpected(written.error());
    }
    const std::scoped_lock lock{mutex_};
    entries_ = std::move(entries);
    return made;
}

Result<void> Credentials::remove(std::string_view access_key_id) {
    const std::scoped_lock one_at_a_time{changes_};
    std::vector<Credential> entries = list();
    if (std::erase_if(entries,
                      [&](const Credential& e) { return e.access_key_id == access_key_id; }) == 0) {
        return fail(ErrorCode::NotFound,
                    fmt::format("There is no credential {}.", log::printable(access_key_id)));
    }
    if (entries.empty()) {
        return fail(
            ErrorCode::Conflict,
            "This is the last credential: create another first, or nobody can call the API.");
    }
    if (const auto written = write_file(file_, entries); !written) return written;
    const std::scoped_lock lock{mutex_};
    entries_ = std::move(entries);
    return {};
}

}  // namespace oxbow::control
