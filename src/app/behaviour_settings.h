#pragma once

#include <memory>

#include "app/settings.h"
#include "edge/behaviours.h"

namespace toml {
inline namespace v3 {
class node;
}
}  // namespace toml

namespace oxbow::app {

// What the configuration says of behaviours and of the request log: read here, beside the table of
// all keys in configuration_keys.cc.

/// edge.behaviours, also written [[edge.behaviours]]: the whole list, instead of the built-in one.
///
/// Errors: Malformed  whatever is not as docs/behaviours.md says, with its place:
///                    "oxbow.toml:12: edge.behaviours[1].path must ...".
Result<void> apply_behaviours(const toml::node& node, Settings& settings);

/// edge.cors_origins. Errors: Malformed.
Result<void> apply_cors_origins(const toml::node& node, Settings& settings);

/// edge.request_log: "off", "sampled" or "on". Errors: Malformed.
Result<void> apply_request_log(const toml::node& node, Settings& settings);
/// edge.request_log_one_in: 1 to kLogOneInMax. Errors: Malformed.
Result<void> apply_request_log_one_in(const toml::node& node, Settings& settings);
/// edge.request_log_format: "common" or "json". Errors: Malformed.
Result<void> apply_request_log_format(const toml::node& node, Settings& settings);
/// edge.request_log_file: a path, or "stderr". Errors: Malformed.
Result<void> apply_request_log_file(const toml::node& node, Settings& settings);

/// The list that counts: the configuration's, or the built-in one; with the CORS of all where a
/// behaviour has none of its own.
std::shared_ptr<const edge::Behaviours> behaviours_of(const Settings& settings);

inline constexpr std::int64_t kLogOneInMax = 1'000'000;
inline constexpr std::size_t kCorsOriginsMax = 100;  // of a list

}  // namespace oxbow::app
