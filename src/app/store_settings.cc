#include "app/store_settings.h"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/retention_settings.h"
#include "app/settings.h"

namespace oxbow::app {
namespace {

std::unexpected<Error> must(std::string what) {
    return fail(ErrorCode::Malformed, std::move(what));
}

}  // namespace

bool is_endpoint(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!text.starts_with(scheme)) continue;
        text.remove_prefix(scheme.size());
        return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
        });
    }
    return false;
}

Result<store::S3CredentialSource> credential_source(std::string_view section,
                                                    const store::S3Credentials& configured) {
    if (configured.access_key_id.empty() != configured.secret_access_key.empty()) {
        return must(fmt::format(
            "{0}.access_key_id and {0}.secret_access_key belong together: set both or neither",
            section));
    }
    if (!configured.session_token.empty() && configured.access_key_id.empty()) {
        return must(fmt::format(
            "{0}.session_token needs {0}.access_key_id and {0}.secret_access_key", section));
    }
    store::S3CredentialSource out;
    if (!configured.access_key_id.empty()) out.configured = configured;
    return out;
}

Result<void> check_ca_file(std::string_view section, const std::filesystem::path& file) {
    std::error_code error;
    if (file.empty() || std::filesystem::is_regular_file(file, error)) return {};
    return must(fmt::format("{}.ca_file: {} is no file", section, file.string()));
}

Result<store::S3Settings> s3_settings(const StoreSettings& settings, const std::string& region) {
    store::S3Settings out;
    out.region = settings.region.empty() ? region : settings.region;
    out.bucket = settings.bucket;
    const bool amazon = settings.endpoint.empty();
    out.endpoint = amazon ? store::amazon_s3_endpoint(out.region) : settings.endpoint;
    const bool path_style = settings.path_style.value_or(!amazon);
    out.style = path_style ? store::S3Style::Path : store::S3Style::VirtualHost;
    auto credentials = credential_source(
        "store", {settings.access_key_id, settings.secret_access_key, settings.session_token});
    if (!credentials) return std::unexpected(credentials.error());
    out.credentials = *std::move(credentials);
    out.credentials.file = settings.credentials_file;
    out.credentials.profile = settings.profile;
    if (auto there = check_ca_file("store", settings.ca_file); !there)
        return std::unexpected(there.error());
    out.ca_file = settings.ca_file;
    return out;
}

Result<void> apply_store_kind(const toml::node& node, Settings& settings) {
    const auto kind = node.value_exact<std::string>();
    if (kind != "folder" && kind != "s3") return must("must be \"folder\" or \"s3\"");
    settings.store.s3 = kind == "s3";
    return {};
}

Result<void> apply_store_bucket(const toml::node& node, Settings& settings) {
    auto name = node.value_exact<std::string>();
    if (!name || !store::is_bucket_name(*name)) {
        return must(
            "must be a bucket's name: 3 to 63 of a-z, 0-9, '-' and '.', such as "
            "\"my-recordings\"");
    }
    settings.store.bucket = std::move(*name);
    return {};
}

Result<void> apply_store_endpoint(const toml::node& node, Settings& settings) {
    auto url = node.value_exact<std::string>();
    if (!url || !is_endpoint(*url)) {
        return must(
            "must be the URL of an S3 server without a path, such as "
            "\"http://127.0.0.1:7480\"");
    }
    settings.store.endpoint = std::move(*url);
    return {};
}

Result<void> apply_store_path_style(const toml::node& node, Settings& settings) {
    const auto on = node.value_exact<bool>();
    if (!on) return must("must be true or false");
    settings.store.path_style = *on;
    return {};
}

Result<void> apply_store_uploads(const toml::node& node, Settings& settings) {
    const auto number = node.value_exact<std::int64_t>();
    if (!number || *number < 1 || *number > kUploadsMax)
        return must(fmt::format("must be a number from 1 to {}", kUploadsMax));
    settings.store.uploads = static_cast<std::size_t>(*number);
    return {};
}

Result<void> apply_store_backlog_max_age(const toml::node& node, Settings& settings) {
    const auto age = parse_age(node.value_exact<std::string>().value_or(""));
    if (!age) return std::unexpected(age.error());
    settings.store.backlog_max_age = *age;
    return {};
}

Result<std::string> plain_text(const toml::node& node) {
    auto text = node.value_exact<std::string>();
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
    if (!text || text->empty() || text->size() > kStoreTextBytesMax ||
        std::ranges::any_of(*text, is_control))
        return must("must be a text in quotes, without control characters");
    return *std::move(text);
}

ApplyStoreValue store_text(std::string StoreSettings::* member) {
    return [member](const toml::node& node, Settings& settings) -> Result<void> {
        auto text = plain_text(node);
        if (!text) return std::unexpected(text.error());
        settings.store.*member = *std::move(text);
        return {};
    };
}

ApplyStoreValue store_size(std::uint64_t StoreSettings::* member) {
    return [member](const toml::node& node, Settings& settings) -> Result<void> {
        const auto size = parse_size(node.value_exact<std::string>().value_or(""));
        if (!size) return std::unexpected(size.error());
        settings.store.*member = *size;
        return {};
    };
}

}  // namespace oxbow::app
