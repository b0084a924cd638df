#include "store/s3_settings.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace oxbow::store {
namespace {

constexpr std::size_t kCredentialsBytesMax = 1024 * 1024;

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

std::string_view without_spaces(std::string_view text) {
    const std::size_t first = std::min(text.find_first_not_of(" \t\r"), text.size());
    const std::size_t end = text.find_last_not_of(" \t\r") + 1;
    return first < end ? text.substr(first, end - first) : std::string_view{};
}

Result<S3Credentials> from_file(const std::filesystem::path& file, std::string_view profile) {
    std::ifstream input{file, std::ios::binary};
    if (!input) {
        return fail(
            ErrorCode::NotFound,
            fmt::format("there are no credentials for the bucket: neither store.access_key_id "
                        "nor AWS_ACCESS_KEY_ID is set, and {} cannot be read",
                        file.string()));
    }
    std::string text(kCredentialsBytesMax, '\0');
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(input.gcount()));
    auto read = read_credentials(text, profile);
    if (!read) {
        return fail(read.error().code, fmt::format("{}: {}", file.string(), read.error().what));
    }
    return read;
}

}  // namespace

Result<S3Credentials> read_credentials(std::string_view text, std::string_view profile) {
    S3Credentials out;
    bool inside = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = without_spaces(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with('[')) {
            inside = without_spaces(line.substr(1, line.find(']') - 1)) == profile;
            continue;
        }
        const std::size_t equals = line.find('=');
        if (!inside || line.starts_with('#') || equals == std::string_view::npos) continue;
        const std::string_view name = without_spaces(line.substr(0, equals));
        const std::string_view value = without_spaces(line.substr(equals + 1));
        if (name == "aws_access_key_id") out.access_key_id = value;
        if (name == "aws_secret_access_key") out.secret_access_key = value;
        if (name == "aws_session_token") out.session_token = value;
    }
    if (out.access_key_id.empty() || out.secret_access_key.empty()) {
        return fail(
            ErrorCode::NotFound,
            fmt::format("profile '{}' has no aws_access_key_id with an aws_secret_access_key",
                        profile));
    }
    return out;
}

Result<S3Credentials> S3CredentialSource::load() const {
    if (configured) return *configured;
    const bool named = !file.empty() || !profile.empty();
    S3Credentials out{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                      environment("AWS_SESSION_TOKEN")};
    if (!named && !out.access_key_id.empty()) {
        if (!out.secret_access_key.empty()) return out;
        return fail(
            ErrorCode::Malformed,
            "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both or neither");
    }
    std::filesystem::path from = file;
    if (from.empty()) from = environment("AWS_SHARED_CREDENTIALS_FILE");
    if (from.empty()) from = std::filesystem::path{environment("HOME")} / ".aws/credentials";
    std::string of = profile;
    if (of.empty()) of = environment("AWS_PROFILE");
    if (of.empty()) of = "default";
    return from_file(from, of);
}

std::string amazon_s3_endpoint(std::string_view region) {
    const std::string_view suffix = region.starts_with("cn-") ? ".cn" : "";
    return fmt::format("https://s3.{}.amazonaws.com{}", region, suffix);
}

bool is_bucket_name(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    const auto is_edge = [](char c) { return c != '-' && c != '.'; };
    return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, fits) &&
           is_edge(name.front()) && is_edge(name.back()) &&
           name.find("..") == std::string_view::npos;
}

}  // namespace oxbow::store
