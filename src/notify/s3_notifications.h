#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "net/http.h"
#include "notify/s3_event.h"

namespace oxbow::notify {

struct S3NotificationsOptions {
    std::string secret;                                         // empty: nobody may send any
    std::string key_suffix = "/events/recording-started.json";  // others are of no interest
};

/// POST /notifications/s3: what a bucket's server tells of objects that somebody else put there.
///
/// In:  S3 event records as Amazon S3, Ceph RGW and MinIO send them, bare or in an SNS notification
///      or an EventBridge event; the secret as `Authorization: Bearer`, as X-Oxbow-Secret, or as
///      ?secret= where the sender has no headers. A confirmation of an SNS subscription is answered
///      by fetching its SubscribeURL, of amazonaws.com alone.
/// Out: 200 once every record is handled, so that nothing is lost when we are killed; 503 when a
///      record cannot be handled now: its sender sends it again. What is refused is refused after a
///      moment: some senders go wrong when they are refused at once and again and again.
///
/// Thread-safe.
class S3Notifications {
public:
    /// Blocks; called again with the same record. Exceptions: none.
    using Handler = std::function<Result<void>(const ObjectCreatedRecord&)>;

    /// In: where the handler may block.
    S3Notifications(S3NotificationsOptions options, Handler handler,
                    boost::asio::any_io_executor blocking);

    net::HttpAnswer answer(const net::HttpRequest& request);

    static constexpr std::string_view kPath = "/notifications/s3";
    static constexpr std::size_t kWaitingMax = 64;  // requests; more are answered 503
    static constexpr std::chrono::milliseconds kRefuseAfter{1'000};
    static constexpr std::size_t kSecretBytesMin = 16;
    static constexpr std::size_t kSecretBytesMax = 256;

private:
    struct Outcome {
        int status = 200;
        std::string message;
    };
    bool knows_secret(const net::HttpRequest& request) const;
    Outcome handle(const std::string& body);
    Outcome confirm(const std::string& url) const;
    boost::asio::awaitable<net::HttpResponse> handled(std::string body);

    S3NotificationsOptions options_;
    Handler handler_;
    boost::asio::any_io_executor blocking_;
    /// Shared with the answers under way, some of which may end after this.
    std::shared_ptr<std::atomic<std::size_t>> waiting_ =
        std::make_shared<std::atomic<std::size_t>>(0);
};

/// The SubscribeURL of an SNS SubscriptionConfirmation; nullopt: `json` is none.
/// Errors: Malformed  it has none; Refused  one that is not https, or not of amazonaws.com.
Result<std::optional<std::string>> subscription_to_confirm(std::string_view json);

}  // namespace oxbow::notify
