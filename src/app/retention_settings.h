#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <toml++/toml.h>

#include "app/settings.h"
#include "base/result.h"

namespace oxbow::app {

inline constexpr std::size_t kRetentionRulesMax = 100;
inline constexpr std::chrono::seconds kRetentionAgeMax{100LL * 366 * 86'400};
inline constexpr std::uint64_t kRetentionBytesMax = std::uint64_t{1} << 60;
inline constexpr std::chrono::seconds kRetentionEveryMax{86'400};

/// A whole number and its unit, s, m, h or d. Errors: Malformed.
// 45s, 30d
Result<std::chrono::seconds> parse_age(std::string_view text);

/// A whole number and its unit, of powers of 1000: B, kB, MB, GB or TB. Errors: Malformed.
// 500GB
Result<std::uint64_t> parse_size(std::string_view text);

// The values of the configuration file.
Result<void> apply_retention(const toml::node& node, Settings& settings);
Result<void> apply_keep_free(const toml::node& node, Settings& settings);
Result<void> apply_keep_served(const toml::node& node, Settings& settings);
Result<void> apply_retention_every(const toml::node& node, Settings& settings);
Result<void> apply_retention_dry_run(const toml::node& node, Settings& settings);

}  // namespace oxbow::app
