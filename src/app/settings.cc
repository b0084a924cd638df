#include "app/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <boost/asio/ip/address.hpp>

#include "app/event_settings.h"
#include "base/log.h"
#include "ivs/ids.h"

namespace oxbow::app {
namespace {

constexpr std::uintmax_t kConfigurationBytesMax = 1024 * 1024;
constexpr std::int64_t kReconnectWindowMax = 300;  // seconds, as Amazon IVS allows

using Apply = std::function<Result<void>(const toml::node&, Settings&)>;

struct Key {
    std::string_view name;  // "edge.public_url"
    Apply apply;
};

Result<std::string> text_of(const toml::node& node) {
    if (const auto value = node.value_exact<std::string>()) return *value;
    return fail(ErrorCode::Malformed, "must be a text in quotes");
}

Apply listen_address(ListenAddress Settings::* member) {
    return [member](const toml::node& node, Settings& settings) -> Result<void> {
        const auto text = text_of(node);
        if (!text) return std::unexpected(text.error());
        auto address = parse_listen_address(*text);
        if (!address) return std::unexpected(address.error());
        settings.*member = std::move(*address);
        return {};
    };
}

Apply text(std::string Settings::* member, std::function<bool(const std::string&)> valid,
           std::string rule) {
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

Result<void> apply_origins(const toml::node& node, Settings& settings) {
    const toml::array* array = node.as_array();
    if (array == nullptr)
        return fail(ErrorCode::Malformed, "must be a list of origins, such as [\"*\"]");
    if (array->empty())
        return fail(ErrorCode::Malformed, "must list an origin; [\"*\"] lets every page read");
    std::vector<std::string> origins;
    for (const toml::node& item : *array) {
        auto origin = text_of(item);
        if (!origin) return std::unexpected(origin.error());
        if (*origin != "*" && !is_url(*origin)) {
            return fail(ErrorCode::Malformed,
                        "must list \"*\" or origins such as \"https://example.org\"");
        }
        origins.push_back(std::move(*origin));
    }
    settings.cors_origins = std::move(origins);
    return {};
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

const std::array<Key, 14>& keys() {
    static const std::array<Key, 14> table{{
        {"data", apply_data},
        {"region", text(&Settings::region, is_region, "must be a region such as \"us-east-1\"")},
        {"account", text(&Settings::account, is_account, "must be 12 digits")},
        {"log.level",
         text(&Settings::log_level, is_log_level, "must be debug, info, warning or error")},
        {"edge.listen", listen_address(&Settings::http)},
        {"edge.public_url",
         text(&Settings::public_url, is_url,
              "must be a URL without a slash at its end, such as \"https://live.example.org\"")},
        {"edge.default_channel", apply_default_channel},
        {"edge.cors_origins", apply_origins},
        {"api.listen", listen_address(&Settings::api)},
        {"rtmp.listen", listen_address(&Settings::rtmp)},
        {"recording.reconnect_window_seconds", apply_reconnect_window},
        {"ingest.enforce_limits", apply_enforce_limits},
        {"events.webhooks", apply_webhooks},
        {"events.retry_for_seconds", apply_retry_for},
    }};
    return table;
}

Error at_line(const Error& error, const std::filesystem::path& file, const toml::node& node,
              std::string_view key) {
    return {error.code,
            fmt::format("{}:{}: {} {}", file.string(), node.source().begin.line, key, error.what)};
}

/// A value of the file, with the whole name of its key.
struct Entry {
    std::string key;  // "edge.public_url"
    const toml::node* node;
};

bool is_section(std::string_view name) {
    const std::string prefix = std::string{name} + ".";
    return std::ranges::any_of(keys(),
                               [&](const Key& key) { return key.name.starts_with(prefix); });
}

/// All that the file says, known or not; the tables of known sections are taken apart.
void collect(const toml::table& table, const std::string& prefix, std::vector<Entry>& entries) {
    for (const auto& [name, node] : table) {
        std::string key = prefix + std::string{name.str()};
        if (node.is_table() && is_section(key)) {
            collect(*node.as_table(), key + ".", entries);
        } else {
            entries.push_back({.key = std::move(key), .node = &node});
        }
    }
}

Result<void> apply(const Entry& entry, const std::filesystem::path& file, Settings& settings) {
    const auto known = std::ranges::find(keys(), entry.key, &Key::name);
    if (known != keys().end()) {
        const auto applied = known->apply(*entry.node, settings);
        if (applied) return {};
        return std::unexpected(at_line(applied.error(), file, *entry.node, entry.key));
    }
    if (is_section(entry.key)) {
        return std::unexpected(
            at_line({ErrorCode::Malformed, fmt::format("is a section: write [{}]", entry.key)},
                    file, *entry.node, entry.key));
    }
    return std::unexpected(
        at_line({ErrorCode::Unsupported, "is no key that Oxbow knows; see docs/reference.md"}, file,
                *entry.node, log::printable(entry.key)));
}

/// In the order of the lines, for the first mistake is the one to be told; TOML's tables are sorted
/// by name.
Result<void> apply_file(const toml::table& table, const std::filesystem::path& file,
                        Settings& settings) {
    std::vector<Entry> entries;
    collect(table, "", entries);
    std::ranges::sort(entries, {}, [](const Entry& entry) {
        const toml::source_position& place = entry.node->source().begin;
        return std::pair{place.line, place.column};
    });
    for (const Entry& entry : entries) {
        if (auto applied = apply(entry, file, settings); !applied) return applied;
    }
    return {};
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
    const auto malformed = [&] {
        return fail(ErrorCode::Malformed,
                    fmt::format("must be ADDR:PORT such as \"127.0.0.1:8080\", not \"{}\"",
                                log::printable(text, 64)));
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.size() > 64) return malformed();
    std::string host{text.substr(0, colon)};
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
        return malformed();
    boost::system::error_code not_an_address;
    boost::asio::ip::make_address(host, not_an_address);
    if (not_an_address) {
        return fail(ErrorCode::Malformed,
                    fmt::format("must have a numeric address such as \"127.0.0.1:{}\", not \"{}\"",
                                port, log::printable(text, 64)));
    }
    return ListenAddress{std::move(host), port};
}

Result<void> read_configuration(const std::filesystem::path& file, Settings& settings) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (error)
        return fail(ErrorCode::NotFound,
                    fmt::format("cannot read {}: {}", file.string(), error.message()));
    if (size > kConfigurationBytesMax) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("{} is larger than 1 MiB, which no configuration is", file.string()));
    }
    try {
        return apply_file(toml::parse_file(file.string()), file, settings);
    } catch (const toml::parse_error& wrong) {
        return fail(ErrorCode::Malformed,
                    fmt::format("{}:{}: {}", file.string(), wrong.source().begin.line,
                                wrong.description()));
    }
}

}  // namespace oxbow::app
