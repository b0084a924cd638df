#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/configuration_keys.h"
#include "app/settings.h"
#include "base/log.h"

namespace oxbow::app {
namespace {

constexpr std::uintmax_t kConfigurationBytesMax = 1024 * 1024;
constexpr std::size_t kTomlErrorBytesMax = 512;

Error at_line(const Error& error, const std::string& file, const toml::node& node,
              std::string_view key) {
    return {error.code,
            fmt::format("{}:{}: {} {}", file, node.source().begin.line, key, error.what)};
}

/// A value of the file, with the whole name of its key.
struct Entry {
    std::string key;  // "edge.public_url"
    const toml::node* node;
};

bool is_section(std::string_view name) {
    const std::string prefix = std::string{name} + ".";
    return std::ranges::any_of(configuration_keys(), [&](const ConfigurationKey& key) {
        return key.name.starts_with(prefix);
    });
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

Result<void> apply(const Entry& entry, const std::string& file, Settings& settings) {
    const auto known = std::ranges::find(configuration_keys(), entry.key, &ConfigurationKey::name);
    if (known != configuration_keys().end()) {
        const auto applied = known->apply(*entry.node, settings);
        if (applied || known->tells_place) return applied;
        return std::unexpected(at_line(applied.error(), file, *entry.node, entry.key));
    }
    if (is_section(entry.key)) {
        return std::unexpected(
            at_line({ErrorCode::Malformed, fmt::format("is a section: write [{}]", entry.key)},
                    file, *entry.node, entry.key));
    }
    return std::unexpected(
        at_line({ErrorCode::Unsupported,
                 "is no key that Oxbow knows; 'oxbow help configuration' lists them"},
                file, *entry.node, log::printable(entry.key)));
}

/// In the order of the lines, for the first mistake is the one to be told; TOML's tables are sorted
/// by name.
Result<void> apply_file(const toml::table& table, const std::string& file, Settings& settings) {
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

/// Errors: NotFound       it cannot be read.
///         LimitExceeded  it is longer than kConfigurationBytesMax.
Result<std::string> read_text(const std::filesystem::path& file) {
    const auto cannot = [&](const std::string& why) {
        return fail(ErrorCode::NotFound, fmt::format("cannot read {}: {}", file.string(), why));
    };
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (error && std::filesystem::exists(file)) return cannot("it is not a file");
    if (error) return cannot(error.message());
    if (size > kConfigurationBytesMax) {
        return fail(
            ErrorCode::LimitExceeded,
            fmt::format("{} is larger than 1 MiB, which no configuration is", file.string()));
    }
    std::string text(size, '\0');
    std::ifstream input{file, std::ios::binary};
    input.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!input) return cannot(std::generic_category().message(errno));
    return text;
}

}  // namespace

Result<void> read_configuration(const std::filesystem::path& file, Settings& settings) {
    const auto text = read_text(file);
    if (!text) return std::unexpected(text.error());
    return read_configuration_text(*text, file.string(), settings);
}

Result<void> read_configuration_text(std::string_view text, const std::string& name,
                                     Settings& settings) {
    try {
        return apply_file(toml::parse(text, name), name, settings);
    } catch (const toml::parse_error& wrong) {
        return fail(ErrorCode::Malformed,
                    // The parser quotes the file as it stands, newlines and all.
                    fmt::format("{}:{}: this is not TOML: {}", name, wrong.source().begin.line,
                                log::printable(wrong.description(), kTomlErrorBytesMax)));
    }
}

}  // namespace oxbow::app
