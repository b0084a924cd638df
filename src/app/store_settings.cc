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

/// https://host[:port] and nothing behind it.
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

}  // namespace

Result<store::S3Settings> s3_settings(const StoreSettings& settings, const std::string& region) {
    store::S3Settings out;
    out.region = settings.region.empty() ? region : settings.region;
    out.bucket = settings.bucket;
    const bool amazon = settings.endpoint.empty();
    out.endpoint = amazon ? store::amazon_s3_endpoint(out.region) : settings.endpoint;
    const bool path_style = settings.path_style.value_or(!amazon);
    out.style = path_style ? store::S3Style::Path : store::S3Style::VirtualHost;
    if (settings.access_key_id.empty() != settings.secret_access_key.empty()) {
        return must(
            "store.access_key_id and store.secret_access_key belong together: set both or neither");
    }
    if (!settings.session_token.empty() && settings.access_key_id.empty())
        return must("store.session_token needs store.access_key_id and store.secret_access_key");
    if (!settings.access_key_id.empty()) {
        out.credentials.configured = {settings.access_key_id, settings.secret_access_key,
                                      settings.session_token};
    }
    out.credentials.file = settings.credentials_file;
    out.credentials.profile = settings.profile;
    out.ca_file = settings.ca_file;
    std::error_code error;
    if (!out.ca_file.empty() && !std::filesystem::is_regular_file(out.ca_file, error)) {
        return must(fmt::format("store.ca_file: {} is no file", out.ca_file.string()));
    }
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

ApplyStoreValue store_text(std::string StoreSettings::* member) {
    return [member](const toml::node& node, Settings& settings) -> Result<void> {
        auto text = node.value_exact<std::string>();
        const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
        if (!text || text->empty() || text->size() > kStoreTextBytesMax ||
            std::ranges::any_of(*text, is_control))
            return must("must be a text in quotes, without control characters");
        settings.store.*member = std::move(*text);
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
