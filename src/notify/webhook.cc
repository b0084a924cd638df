#include "notify/webhook.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "net/http_client.h"
#include "net/sigv4.h"
#include "notify/receiver_name.h"

namespace oxbow::notify {
namespace {

constexpr std::size_t kLoadStep = 1'000;
constexpr std::size_t kWhyBytesMax = 200;

/// Answers of receivers that are there and take nothing now.
bool asks_to_come_back(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

std::string webhook_signature(std::string_view secret, WallTime sent_at, std::string_view body) {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(sent_at.time_since_epoch()).count();
    return fmt::format("t={},v1={}", seconds,
                       net::hmac_sha256_hex(secret, fmt::format("{}.{}", seconds, body)));
}

Webhook::Webhook(catalog::Catalog& catalog, const Clock& clock, WebhookOptions options)
    : catalog_(catalog),
      clock_(clock),
      options_(std::move(options)),
      name_(receiver_name(options_.url)),
      lanes_(options_.times),
      thread_([this] { work(); }) {}

Webhook::~Webhook() {
    stop();
    if (thread_.joinable()) thread_.join();
}

void Webhook::notice() {
    const std::scoped_lock lock{mutex_};
    noticed_ = true;
    idle_ = false;
    changed_.notify_all();
}

bool Webhook::drain(std::chrono::milliseconds deadline) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, deadline, [this] { return idle_; });
}

void Webhook::stop() {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
    changed_.notify_all();
}

void Webhook::work() {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        noticed_ = false;
        lock.unlock();
        load();
        const auto cursor = lanes_.next(clock_.steady());
        if (cursor) deliver(*cursor);
        const auto due = lanes_.due();
        const SteadyTime now = clock_.steady();
        lock.lock();
        if (cursor || noticed_) continue;
        idle_ = true;
        changed_.notify_all();
        const auto woken = [this] { return stopping_ || noticed_; };
        if (!due) {
            changed_.wait(lock, woken);
        } else {
            changed_.wait_for(lock, *due - now, woken);
        }
        idle_ = false;
    }
}

void Webhook::load() {
    while (lanes_.size() < options_.loaded_max) {
        const auto owed = catalog_.pending_deliveries(name_, loaded_up_to_, kLoadStep);
        if (!owed) {
            log::error("[events] what is owed to {} cannot be read: {}", name_, owed.error().what);
            return;
        }
        for (const catalog::PendingDelivery& delivery : *owed) {
            lanes_.add(delivery);
            loaded_up_to_ = delivery.cursor;
        }
        if (owed->size() < kLoadStep) return;
    }
}

void Webhook::deliver(std::uint64_t cursor) {
    const auto event = catalog_.event(cursor);
    if (!event) {
        if (event.error().code != ErrorCode::NotFound) {
            on_failure(cursor, DeliveryLanes::Failure::Away, event.error().what);
        } else {
            lanes_.delivered(cursor);  // pruned: there is nothing to be delivered any more
        }
        return;
    }
    const auto answer = net::http_request(
        {.method = "POST",
         .url = options_.url,
         .headers = {{"Content-Type", "application/json"},
                     {"Oxbow-Event-Cursor", std::to_string(cursor)},
                     {"Oxbow-Signature",
                      webhook_signature(options_.secret, clock_.wall(), event->body)}},
         .body = event->body,
         .timeout = options_.answer_max});
    if (!answer) return on_failure(cursor, DeliveryLanes::Failure::Away, answer.error().what);
    if (answer->status < 200 || answer->status > 299) {
        return on_failure(cursor,
                          asks_to_come_back(answer->status) ? DeliveryLanes::Failure::Away
                                                            : DeliveryLanes::Failure::Refused,
                          fmt::format("it answered {}", answer->status));
    }
    if (failing_) log::info("[events] {} takes events again", name_);
    failing_ = false;
    lanes_.delivered(cursor);
    if (auto settled = catalog_.settle_delivery(name_, cursor); !settled) {
        log::warning("[events] event {} will be sent to {} again after a restart: {}", cursor,
                     name_, settled.error().what);
    }
}

void Webhook::on_failure(std::uint64_t cursor, DeliveryLanes::Failure failure,
                         const std::string& why) {
    if (!failing_) {
        log::warning("[events] event {} is not delivered to {}, it is tried again: {}", cursor,
                     name_, log::printable(why, kWhyBytesMax));
    }
    failing_ = true;
    for (const std::uint64_t dead :
         lanes_.failed(cursor, failure, clock_.steady(), clock_.wall(), random_fraction())) {
        log::error("[events] event {} is never delivered to {}, its time is over: {}", dead, name_,
                   log::printable(why, kWhyBytesMax));
        const auto given_up =
            catalog_.give_up_delivery(name_, dead, log::printable(why, kWhyBytesMax));
        if (!given_up) log::error("[events] {}", given_up.error().what);
    }
}

}  // namespace oxbow::notify
