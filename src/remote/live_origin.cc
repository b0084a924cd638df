#include "remote/live_origin.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"

namespace oxbow::remote {
namespace asio = boost::asio;
namespace {

constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";

std::string text_of(const net::HttpClientResponse& answer, std::string_view header) {
    return std::string{answer.header(header).value_or("")};
}

/// What every page may read is so for all who ask; that it is so for one says nothing of the next.
std::string cors_lines_of(const net::HttpClientResponse& answer) {
    if (text_of(answer, "access-control-allow-origin") != "*") return {};
    std::string lines = "Access-Control-Allow-Origin: *\r\n";
    const std::string exposed = text_of(answer, "access-control-expose-headers");
    const bool is_list = !exposed.empty() && std::ranges::all_of(exposed, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == ',' || c == ' ';
    });
    if (is_list) lines += fmt::format("Access-Control-Expose-Headers: {}\r\n", exposed);
    return lines;
}

}  // namespace

bool is_private(std::string_view cache_control) {
    return cache_control.contains("no-store") || cache_control.contains("private");
}

std::chrono::seconds kept_for(std::string_view cache_control) {
    if (is_private(cache_control)) return std::chrono::seconds{0};
    return said_for(cache_control).value_or(std::chrono::seconds{0});
}

std::optional<std::chrono::seconds> said_for(std::string_view cache_control) {
    if (cache_control.contains("no-cache")) return std::chrono::seconds{0};
    constexpr std::string_view kMaxAge = "max-age=";
    const std::size_t at = cache_control.find(kMaxAge);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view digits = cache_control.substr(at + kMaxAge.size());
    std::int32_t seconds = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    return std::chrono::seconds{std::max(seconds, 0)};
}

LiveOrigin::LiveOrigin(std::string url, const Clock& clock, KeptFor kept_for)
    : url_(std::move(url)),
      clock_(clock),
      kept_for_(std::move(kept_for)),
      client_({.idle_max = kThreads}) {}

LiveOrigin::Pointer LiveOrigin::held(const std::string& target) {
    const std::lock_guard lock{mutex_};
    const auto found = by_target_.find(target);
    if (found == by_target_.end() || clock_.steady() >= found->second->stale_at) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return found->second->answer;
}

asio::awaitable<Result<LiveOrigin::Pointer>> LiveOrigin::get(std::string target) {
    const auto executor = co_await asio::this_coro::executor;
    asio::awaitable<Result<Pointer>> answered =
        asio::async_initiate<decltype(asio::use_awaitable), void(Result<Pointer>)>(
            [this, executor, target = std::move(target)](auto handler) {
                // Shared, for what waits is copied; called once, on the loop of who asked.
                auto done = std::make_shared<decltype(handler)>(std::move(handler));
                ask(target, [executor, done](const Result<Pointer>& answer) {
                    asio::post(executor, [done, answer] { std::move (*done)(answer); });
                });
            },
            asio::use_awaitable);
    co_return co_await std::move(answered);
}

/// In: called once, now or when the answer is there.
void LiveOrigin::ask(const std::string& target, Waiter waiter) {
    std::optional<Error> refused;
    {
        const std::lock_guard lock{mutex_};
        const auto found = questions_.find(target);
        if (stopping_ || clock_.steady() < ask_again_at_) {
            refused = Error{ErrorCode::Unavailable, "the live origin is away"};
        } else if (waiting_ >= kWaitingMax ||
                   (found == questions_.end() && questions_.size() >= kQuestionsMax)) {
            refused = Error{ErrorCode::LimitExceeded, "as many wait for the live origin as may"};
        } else {
            ++waiting_;
            const bool is_asked = found != questions_.end();
            questions_[target].push_back(std::move(waiter));
            if (is_asked) return;
        }
    }
    if (refused) {
        waiter(std::unexpected(*std::move(refused)));
        return;
    }
    asio::post(threads_, [this, target] { settle(target, fetch(target)); });
}

Result<LiveOrigin::Pointer> LiveOrigin::fetch(const std::string& target) {
    const auto answer = client_.ask({.url = url_ + target,
                                     .headers = {},
                                     .timeout = kAnswerWaitMax,
                                     .body_bytes_max = kAnswerBytesMax,
                                     .cancelled = &stopping_});
    if (!answer) return std::unexpected(answer.error());
    auto out = std::make_shared<OriginAnswer>();
    out->status = answer->status;
    out->content_type = text_of(*answer, "content-type");
    out->cache_control = text_of(*answer, "cache-control");
    out->etag = text_of(*answer, "etag");
    std::erase(out->etag, '"');
    out->cors = cors_lines_of(*answer);
    if (out->status == 200 && out->content_type == kPlaylistType && !out->etag.empty()) {
        std::vector<TextVersion::Piece> pieces{std::make_shared<const TextPiece>(answer->body)};
        out->text = std::make_shared<const TextVersion>(std::move(pieces), out->etag);
        out->text->gzip();  // here, and not on the loop of a viewer: it may take long
    } else {
        out->bytes = std::make_shared<const std::string>(answer->body);
    }
    return out;
}

void LiveOrigin::settle(const std::string& target, const Result<Pointer>& answer) {
    std::vector<Waiter> waiters;
    {
        const std::lock_guard lock{mutex_};
        waiters = std::move(questions_.extract(target).mapped());
        waiting_ -= waiters.size();
        if (answer) {
            if (std::exchange(told_, false)) log::info("the live origin answers again");
            hold_locked(target, *answer);
        } else if (!stopping_) {
            ask_again_at_ = clock_.steady() + kAwayFor;
            if (!std::exchange(told_, true))
                log::warning("the live origin is away: {}", answer.error().what);
        }
    }
    for (const Waiter& waiter : waiters) waiter(answer);
}

void LiveOrigin::hold_locked(const std::string& target, const Pointer& answer) {
    if (const auto found = by_target_.find(target); found != by_target_.end())
        erase_locked(found->second);
    const auto kept = kept_for_ ? kept_for_(target, *answer) : kept_for(answer->cache_control);
    if (kept.count() == 0) return;
    newest_first_.push_front({target, answer, clock_.steady() + kept});
    by_target_.emplace(target, newest_first_.begin());
    bytes_ += answer->size();
    while (bytes_ > kBytesMax || newest_first_.size() > kQuestionsMax * 4)
        erase_locked(std::prev(newest_first_.end()));
}

void LiveOrigin::erase_locked(Place place) {
    bytes_ -= place->answer->size();
    by_target_.erase(place->target);
    newest_first_.erase(place);
}

void LiveOrigin::stop() {
    stopping_ = true;
    threads_.join();
}

}  // namespace oxbow::remote
