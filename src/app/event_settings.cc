#include "app/event_settings.h"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "notify/receiver_name.h"

namespace oxbow::app {
namespace {

bool is_webhook_url(const std::string& text) {
    return text.starts_with("http://") || text.starts_with("https://");
}

Result<WebhookSettings> webhook_of(const toml::node& node) {
    const auto wrong = [](std::string what) { return fail(ErrorCode::Malformed, std::move(what)); };
    const toml::table* const table = node.as_table();
    if (table == nullptr)
        return wrong("must list tables such as { url = \"https://...\", secret = \"...\" }");
    WebhookSettings out;
    for (const auto& [key, value] : *table) {
        const auto text = value.value_exact<std::string>();
        if (key != "url" && key != "secret")
            return wrong(fmt::format("knows url and secret only, not '{}'", key.str()));
        if (!text) return wrong(fmt::format("must have a text in quotes as {}", key.str()));
        (key == "url" ? out.url : out.secret) = *text;
    }
    if (!is_webhook_url(out.url)) return wrong("must have a url such as \"https://ops.example.org/hook\"");
    if (out.secret.size() < kWebhookSecretMin || out.secret.size() > kWebhookSecretMax) {
        return wrong(
            fmt::format("must have a secret of {} to {} bytes, with which {} checks what "
                        "it gets",
                        kWebhookSecretMin, kWebhookSecretMax, notify::receiver_name(out.url)));
    }
    return out;
}

}  // namespace

Result<void> apply_webhooks(const toml::node& node, Settings& settings) {
    const toml::array* const array = node.as_array();
    if (array == nullptr || array->size() > kWebhooksMax) {
        return fail(ErrorCode::Malformed,
                    fmt::format("must be a list of at most {} webhooks", kWebhooksMax));
    }
    std::vector<WebhookSettings> webhooks;
    for (const toml::node& item : *array) {
        auto webhook = webhook_of(item);
        if (!webhook) return std::unexpected(webhook.error());
        const std::string name = notify::receiver_name(webhook->url);
        const auto same = [&name](const WebhookSettings& other) {
            return notify::receiver_name(other.url) == name;
        };
        if (std::ranges::any_of(webhooks, same))
            return fail(ErrorCode::Malformed, fmt::format("names {} twice", name));
        webhooks.push_back(std::move(*webhook));
    }
    settings.webhooks = std::move(webhooks);
    return {};
}

Result<void> apply_retry_for(const toml::node& node, Settings& settings) {
    const auto seconds = node.value_exact<std::int64_t>();
    if (!seconds || *seconds < 1 || *seconds > kRetryForMax.count()) {
        return fail(ErrorCode::Malformed,
                    fmt::format("must be a number of seconds from 1 to {}", kRetryForMax.count()));
    }
    settings.event_retry_for = std::chrono::seconds{*seconds};
    return {};
}

Result<void> apply_enforce_limits(const toml::node& node, Settings& settings) {
    const auto value = node.value_exact<bool>();
    if (!value) return fail(ErrorCode::Malformed, "must be true or false");
    settings.enforce_ingest_limits = *value;
    return {};
}

}  // namespace oxbow::app
