#pragma once

#include "app/settings.h"

namespace toml {
inline namespace v3 {
class node;
}
}  // namespace toml

namespace oxbow::app {

// What the configuration says of events: read here, beside the table of all keys in
// configuration_keys.cc.

/// events.webhooks: [{ url = "https://...", secret = "..." }], also written [[events.webhooks]].
///
/// Errors: Malformed  more than kWebhooksMax; a url that is none, or named twice; a secret shorter
///                    than kWebhookSecretMin or longer than kWebhookSecretMax; another member.
Result<void> apply_webhooks(const toml::node& node, Settings& settings);

/// events.retry_for_seconds: 1 to kRetryForMax. Errors: Malformed.
Result<void> apply_retry_for(const toml::node& node, Settings& settings);

/// ingest.enforce_limits. Errors: Malformed.
Result<void> apply_enforce_limits(const toml::node& node, Settings& settings);

inline constexpr std::size_t kWebhooksMax = 8;
inline constexpr std::size_t kWebhookSecretMin = 16;
inline constexpr std::size_t kWebhookSecretMax = 256;
inline constexpr std::chrono::seconds kRetryForMax{7 * 24 * 3600};

}  // namespace oxbow::app
