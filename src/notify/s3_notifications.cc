#include "notify/s3_notifications.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "ivs/json_members.h"
#include "net/http_client.h"

namespace oxbow::notify {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::milliseconds kConfirmMax{10'000};
constexpr std::string_view kBearer = "Bearer ";

net::HttpResponse json_answer(int status, std::string_view name, std::string_view value) {
    static const auto kHeaders = std::make_shared<const std::string>(
        "Content-Type: application/json\r\nCache-Control: no-store\r\n");
    net::HttpResponse out;
    out.status = status;
    out.header_block = kHeaders;
    out.body = net::HttpBody::of_string(boost::json::serialize(boost::json::object{{name, value}}));
    return out;
}

bool is_same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Whether trying again may help.
bool may_pass(const Error& error) {
    return error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout;
}

// sns.eu-west-1.amazonaws.com, and nothing between: sns.x.s3.amazonaws.com may be anybody's bucket
bool is_amazon_sns(std::string_view host) {
    constexpr std::string_view kService = "sns.";
    if (!host.starts_with(kService)) return false;
    host.remove_prefix(kService.size());
    const std::size_t dot = std::min(host.find('.'), host.size());
    const std::string_view region = host.substr(0, dot);
    const std::string_view rest = host.substr(dot);
    return !region.empty() && (rest == ".amazonaws.com" || rest == ".amazonaws.com.cn") &&
           std::ranges::all_of(region, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

template <typename Work>
asio::awaitable<std::invoke_result_t<Work>> run(Work work) {
    co_return work();
}

}  // namespace

Result<std::optional<std::string>> subscription_to_confirm(std::string_view json) {
    const auto object = ivs::parse_json_object(json, kS3EventBytesMax, "the text");
    if (!object) return std::unexpected(object.error());
    std::optional<Error> first_error;
    ivs::JsonMembers members{*object, "", first_error};
    if (!members.has("TopicArn") || members.optional_text("Type") != "SubscriptionConfirmation")
        return std::nullopt;
    const std::string url = members.text("SubscribeURL");
    if (first_error) return std::unexpected(*first_error);
    constexpr std::string_view kScheme = "https://";
    const std::string_view rest =
        std::string_view{url}.substr(std::min(url.size(), kScheme.size()));
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    if (!url.starts_with(kScheme) || !is_amazon_sns(host)) {
        return fail(ErrorCode::Refused,
                    fmt::format("SubscribeURL '{}' is not one of Amazon SNS: it is not fetched",
                                log::printable(url, 256)));
    }
    return url;
}

S3Notifications::S3Notifications(S3NotificationsOptions options, Handler handler,
                                 asio::any_io_executor blocking)
    : options_(std::move(options)), handler_(std::move(handler)), blocking_(std::move(blocking)) {}

bool S3Notifications::knows_secret(const net::HttpRequest& request) const {
    if (const auto given = request.header("authorization"); given && given->starts_with(kBearer))
        return is_same(given->substr(kBearer.size()), options_.secret);
    if (const auto given = request.header("x-oxbow-secret"))
        return is_same(*given, options_.secret);
    const auto given = net::query_value(request.query, "secret");
    return given && is_same(*given, options_.secret);
}

net::HttpAnswer S3Notifications::answer(const net::HttpRequest& request) {
    if (options_.secret.empty()) {
        return json_answer(404, "message",
                           "no notifications are taken here: set notifications.secret");
    }
    if (!knows_secret(request)) {
        return json_answer(403, "message",
                           "the secret is missing or wrong: send notifications.secret as "
                           "'Authorization: Bearer', as X-Oxbow-Secret, or as ?secret=");
    }
    if (request.method != "POST") return json_answer(405, "message", "notifications come by POST");
    if (request.body.size() > kS3EventBytesMax) {
        return json_answer(413, "message",
                           fmt::format("a notification has at most {} bytes", kS3EventBytesMax));
    }
    return handled(std::string{request.body});
}

asio::awaitable<net::HttpResponse> S3Notifications::handled(std::string body) {
    const auto waiting = waiting_;
    // Also where nobody waits for the answer any more.
    const std::unique_ptr<std::atomic<std::size_t>, decltype([](auto* count) { --*count; })> place{
        waiting.get()};
    const bool too_many = waiting->fetch_add(1) >= kWaitingMax;
    const Outcome outcome = co_await asio::co_spawn(
        blocking_, run([this, too_many, body = std::move(body)] {
            return too_many ? Outcome{503, "too many notifications are being handled"}
                            : handle(body);
        }),
        asio::use_awaitable);
    if (outcome.status != 200) {
        const auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer{executor, kRefuseAfter};
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return json_answer(outcome.status, "message", outcome.message);
}

S3Notifications::Outcome S3Notifications::confirm(const std::string& url) const {
    const auto answer = net::http_request({.url = url, .timeout = kConfirmMax});
    if (!answer) return {503, answer.error().what};
    if (answer->status != 200)
        return {503, fmt::format("Amazon SNS answers {} to the confirmation", answer->status)};
    log::info("[notify] a subscription of Amazon SNS is confirmed");
    return {200, "confirmed"};
}

S3Notifications::Outcome S3Notifications::handle(const std::string& body) {
    const auto subscription = subscription_to_confirm(body);
    if (!subscription) {
        const int status = subscription.error().code == ErrorCode::Refused ? 403 : 400;
        return {status, subscription.error().what};
    }
    if (*subscription) return confirm(**subscription);
    const auto records = read_s3_event(body);
    if (!records) return {400, records.error().what};
    std::size_t handled = 0;
    for (const ObjectCreatedRecord& record : *records) {
        if (!record.key.ends_with(options_.key_suffix)) continue;
        const auto done = handler_(record);
        if (!done && may_pass(done.error())) return {503, done.error().what};
        if (!done) {
            log::warning("[notify] event of '{}' is passed over: {}",
                         log::printable(record.key, 256), done.error().what);
            continue;
        }
        ++handled;
    }
    return {200, fmt::format("{} of {} records are of a recording that began", handled,
                             records->size())};
}

}  // namespace oxbow::notify
