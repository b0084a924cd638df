#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "base/times.h"
#include "catalog/catalog.h"
#include "notify/delivery_lanes.h"

namespace oxbow::notify {

struct WebhookOptions {
    std::string url;
    std::string secret;
    DeliveryTimes times{};
    std::chrono::milliseconds answer_max{5'000};  // until the receiver must have answered
    std::size_t loaded_max = 10'000;              // owed events whose numbers are held in memory
};

/// Carries the events of the log to one receiver: `POST url`, one event after the other on a thread
/// of its own, each at least once, those of a channel in order.
///
/// An answer of 2xx takes the event. What is owed stands in the database, so a restart goes on
/// where the last process was; an event that may have arrived is sent again. After retry_for an
/// event is given up, and stands in the list of dead letters. No redirect is followed.
///
/// Thread-safe.
class Webhook {
public:
    Webhook(catalog::Catalog& catalog, const Clock& clock, WebhookOptions options);
    ~Webhook();
    Webhook(const Webhook&) = delete;
    Webhook& operator=(const Webhook&) = delete;

    /// There are new events in the log.
    void notice();

    /// Waits until nothing is owed that could be delivered now; false when `deadline` passed first.
    bool drain(std::chrono::milliseconds deadline);

    /// Asks the thread to end after the delivery under way; the destructor joins it.
    void stop();

private:
    void work();
    void load();
    void deliver(std::uint64_t cursor);
    void on_failure(std::uint64_t cursor, DeliveryLanes::Failure failure, const std::string& why);

    catalog::Catalog& catalog_;
    const Clock& clock_;
    const WebhookOptions options_;
    const std::string name_;
    DeliveryLanes lanes_;             // the thread's own
    std::uint64_t loaded_up_to_ = 0;  // the thread's own
    bool failing_ = false;            // the thread's own: the log has said so

    std::mutex mutex_;
    std::condition_variable changed_;
    bool noticed_ = true;
    bool idle_ = false;
    bool stopping_ = false;
    std::thread thread_;  // last: it uses all of the above
};

// t=1675983341,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
//
// v1 is HMAC-SHA-256 with the receiver's secret of "<t>.<body>"; t, the time of sending in seconds,
// is signed too, so that an old delivery cannot be sent again by somebody else.
std::string webhook_signature(std::string_view secret, WallTime sent_at, std::string_view body);

}  // namespace oxbow::notify
