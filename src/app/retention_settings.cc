#include "app/retention_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace oxbow::app {
namespace {

constexpr std::string_view kAgeRule = "must be a time such as \"45s\", \"12h\" or \"30d\"";
constexpr std::string_view kSizeRule =
    "must be a size such as \"500MB\", \"20GB\" or \"2TB\", in powers of 1000";
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kAges{
    {{"s", 1}, {"m", 60}, {"h", 3'600}, {"d", 86'400}}};
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> kSizes{
    {{"B", 1}, {"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}}};

/// A number and one of the units, at most `most`; nullopt: it is not.
template <std::size_t N>
std::optional<std::uint64_t> measure(
    std::string_view text, const std::array<std::pair<std::string_view, std::uint64_t>, N>& units,
    std::uint64_t most) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    const auto found = std::ranges::find(units, unit, [](const auto& each) { return each.first; });
    if (found == units.end() || number > most / found->second) return std::nullopt;
    return number * found->second;
}

Result<std::string> text_of(const toml::node& node, std::string_view rule) {
    auto text = node.value_exact<std::string>();
    if (!text) return fail(ErrorCode::Malformed, std::string{rule});
    return std::move(*text);
}

Result<void> apply_age(const toml::node& node, std::chrono::seconds& value) {
    const auto text = text_of(node, kAgeRule);
    if (!text) return std::unexpected(text.error());
    const auto age = parse_age(*text);
    if (!age) return std::unexpected(age.error());
    value = *age;
    return {};
}

/// One table of the list. Errors: Malformed  "must ...".
Result<catalog::RetentionRule> rule_of(const toml::node& node) {
    const auto wrong = [](std::string what) { return fail(ErrorCode::Malformed, std::move(what)); };
    const toml::table* const table = node.as_table();
    if (table == nullptr)
        return wrong("must list tables such as { configuration = \"default\", max_age = \"30d\" }");
    catalog::RetentionRule out;
    for (const auto& [key, value] : *table) {
        const auto text = value.value_exact<std::string>();
        if (key != "configuration" && key != "max_age" && key != "max_size") {
            return wrong(
                fmt::format("knows configuration, max_age and max_size only, not '{}'", key.str()));
        }
        if (!text) return wrong(fmt::format("must have a text in quotes as {}", key.str()));
        if (key == "configuration") out.configuration = *text;
        if (key == "max_age") {
            const auto age = parse_age(*text);
            if (!age) return wrong(fmt::format("has a max_age that {}", age.error().what));
            out.max_age = *age;
        }
        if (key == "max_size") {
            const auto size = parse_size(*text);
            if (!size) return wrong(fmt::format("has a max_size that {}", size.error().what));
            out.max_bytes = *size;
        }
    }
    if (out.configuration.empty())
        return wrong("must name the configuration of each rule, or \"*\" for all others");
    if (!out.max_age && !out.max_bytes)
        return wrong("must have a max_age or a max_size in each rule");
    return out;
}

}  // namespace

Result<std::chrono::seconds> parse_age(std::string_view text) {
    const auto seconds = measure(text, kAges, static_cast<std::uint64_t>(kRetentionAgeMax.count()));
    if (!seconds) return fail(ErrorCode::Malformed, std::string{kAgeRule});
    return std::chrono::seconds{*seconds};
}

Result<std::uint64_t> parse_size(std::string_view text) {
    const auto bytes = measure(text, kSizes, kRetentionBytesMax);
    if (!bytes) return fail(ErrorCode::Malformed, std::string{kSizeRule});
    return *bytes;
}

Result<void> apply_retention(const toml::node& node, Settings& settings) {
    const toml::array* const array = node.as_array();
    if (array == nullptr || array->size() > kRetentionRulesMax) {
        return fail(ErrorCode::Malformed,
                    fmt::format("must be a list of at most {} rules", kRetentionRulesMax));
    }
    std::vector<catalog::RetentionRule> rules;
    for (const toml::node& item : *array) {
        auto rule = rule_of(item);
        if (!rule) return std::unexpected(rule.error());
        const auto same = [&rule](const catalog::RetentionRule& other) {
            return other.configuration == rule->configuration;
        };
        if (std::ranges::any_of(rules, same)) {
            return fail(ErrorCode::Malformed,
                        fmt::format("names '{}' twice", log::printable(rule->configuration, 64)));
        }
        rules.push_back(std::move(*rule));
    }
    settings.retention.rules = std::move(rules);
    return {};
}

Result<void> apply_keep_free(const toml::node& node, Settings& settings) {
    const std::string rule =
        fmt::format("must be \"1%\" to \"99%\" of the disk, or a size such as \"20GB\"");
    const auto text = text_of(node, rule);
    if (!text) return std::unexpected(text.error());
    constexpr std::array<std::pair<std::string_view, std::uint64_t>, 1> kPercent{{{"%", 1}}};
    if (const auto percent = measure(*text, kPercent, 99); percent && *percent > 0) {
        settings.retention.keep_free = {.bytes = 0, .percent = static_cast<int>(*percent)};
        return {};
    }
    const auto bytes = parse_size(*text);
    if (!bytes) return fail(ErrorCode::Malformed, rule);
    settings.retention.keep_free = {.bytes = *bytes, .percent = 0};
    return {};
}

Result<void> apply_keep_served(const toml::node& node, Settings& settings) {
    return apply_age(node, settings.retention.keep_served);
}

Result<void> apply_retention_every(const toml::node& node, Settings& settings) {
    std::chrono::seconds every{};
    if (auto applied = apply_age(node, every); !applied) return applied;
    if (every < std::chrono::seconds{1} || every > kRetentionEveryMax)
        return fail(ErrorCode::Malformed, "must be from \"1s\" to \"1d\"");
    settings.retention.every = every;
    return {};
}

Result<void> apply_retention_dry_run(const toml::node& node, Settings& settings) {
    const auto value = node.value_exact<bool>();
    if (!value) return fail(ErrorCode::Malformed, "must be true or false");
    settings.retention.dry_run = *value;
    return {};
}

}  // namespace oxbow::app
