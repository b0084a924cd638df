#include "remote/live_origin.h"

#include <algorithm>
#include <charconv>
#include <string_view>
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
constexpr std::string_view kGzipTag = "-gz";  // of the ETag of a compressed form

std::string value_of(const net::HttpClientResponse& answer, std::string_view header) {
    return std::string{answer.header(header).value_or("")};
}

/// What every page may read is so for all who ask; that it is so for one says nothing of the next.
std::string cors_lines_of(const net::HttpClientResponse& answer) {
    if (value_of(answer, "access-control-allow-origin") != "*") return {};
    std::string lines = "Access-Control-Allow-Origin: *\r\n";
    const std::string exposed = value_of(answer, "access-control-expose-headers");
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
    : url_(std::move(url)), clock_(clock), kept_for_(std::move(kept_for)) {}

LiveOrigin::Pointer LiveOrigin::held(const std::string& target) {
    const std::lock_guard lock{mutex_};
    return held_locked(target);
}

LiveOrigin::Pointer LiveOrigin::held_locked(const std::string& target) {
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
    std::optional<Result<Pointer>> at_once;
    {
        const std::lock_guard lock{mutex_};
        const auto found = questions_.find(target);
        if (Pointer fresh = held_locked(target)) {  // since who asks looked for it
            at_once = std::move(fresh);
        } else if (stopping_ || clock_.steady() < ask_again_at_) {
            at_once = fail(ErrorCode::Unavailable, "the live origin is away");
        } else if (waiting_ >= kWaitingMax ||
                   (found == questions_.end() && questions_.size() >= kQuestionsMax)) {
            at_once = fail(ErrorCode::LimitExceeded, "as many wait for the live origin as may");
        } else {
            ++waiting_;
            const bool is_asked = found != questions_.end();
            questions_[target].push_back(std::move(waiter));
            if (is_asked) return;
        }
    }
    if (at_once) {
        waiter(*at_once);
        return;
    }
    fetch(target);
}

/// What is held of it, still fresh or not, that the origin can say it of: it has not changed.
LiveOrigin::Pointer LiveOrigin::known(const std::string& target) const {
    const std::lock_guard lock{mutex_};
    const auto found = by_target_.find(target);
    if (found == by_target_.end() || found->second->answer->validator.empty()) return nullptr;
    return found->second->answer;
}

void LiveOrigin::fetch(const std::string& target) {
    net::HttpClientRequest request{
        .url = url_ + target,
        .headers = {},
        .timeout = kAnswerWaitMax,
        .body_bytes_max = kAnswerBytesMax,
        .takes_gzip = target.substr(0, target.find('?')).ends_with(".m3u8")};
    const Pointer held = known(target);
    if (held) request.headers.emplace_back("If-None-Match", held->validator);
    client_.ask(std::move(request), [this, target, held](Result<net::HttpClientResponse> answer) {
        // What is long to make is not made on the thread that waits for all.
        asio::post(makers_, [this, target, held, answer = std::move(answer)] {
            settle(target, made_of(target, held, answer));
        });
    });
}

Result<LiveOrigin::Pointer> LiveOrigin::made_of(const std::string& target, const Pointer& known,
                                                const Result<net::HttpClientResponse>& answer) {
    if (!answer) return std::unexpected(answer.error());
    if (answer->status == 304 && known) {
        auto again = std::make_shared<OriginAnswer>(*known);
        if (const auto now = answer->header("cache-control")) again->cache_control = *now;
        return again;
    }
    auto out = std::make_shared<OriginAnswer>();
    out->status = answer->status;
    out->content_type = value_of(*answer, "content-type");
    out->cache_control = value_of(*answer, "cache-control");
    out->etag = value_of(*answer, "etag");
    if (out->status == 200) out->validator = out->etag;
    std::erase(out->etag, '"');
    if (answer->header("content-encoding") && out->etag.ends_with(kGzipTag))
        out->etag.resize(out->etag.size() - kGzipTag.size());
    out->cors = cors_lines_of(*answer);
    if (out->status == 200 && out->content_type == kPlaylistType && !out->etag.empty()) {
        out->text = text_of(target, answer->body, out->etag);
    } else {
        out->bytes = std::make_shared<const std::string>(answer->body);
    }
    return out;
}

std::shared_ptr<const TextVersion> LiveOrigin::text_of(const std::string& target,
                                                       const std::string& body,
                                                       const std::string& etag) {
    const std::string name = without_wait(target);
    std::shared_ptr<const TextVersion> earlier;
    {
        const std::lock_guard lock{mutex_};
        if (const auto found = newest_texts_.find(name); found != newest_texts_.end())
            earlier = found->second.lock();
    }
    auto text = std::make_shared<const TextVersion>(shared_pieces(body, earlier.get()), etag);
    text->gzip();  // here, and not on the loop of a viewer: it may take long
    const std::lock_guard lock{mutex_};
    if (newest_texts_.size() >= kQuestionsMax)
        std::erase_if(newest_texts_, [](const auto& entry) { return entry.second.expired(); });
    if (newest_texts_.size() < kQuestionsMax) newest_texts_[name] = text;
    return text;
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
        } else if (!stopping_ && answer.error().code != ErrorCode::LimitExceeded) {
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
    client_.stop();  // its questions are answered, by makers
    makers_.join();
}

std::string without_wait(std::string_view target) {
    std::string out{target.substr(0, target.find('?'))};
    std::string_view query = target.substr(std::min(out.size() + 1, target.size()));
    char between = '?';
    while (!query.empty()) {
        const std::string_view one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(one.size() + 1, query.size()));
        if (one.starts_with("_HLS_msn=") || one.starts_with("_HLS_part=")) continue;
        out.append(1, std::exchange(between, '&')).append(one);
    }
    return out;
}

std::vector<TextVersion::Piece> shared_pieces(std::string_view text, const TextVersion* earlier) {
    std::vector<TextVersion::Piece> out;
    if (earlier != nullptr) {
        for (const TextVersion::Piece& piece : earlier->pieces()) {
            if (piece->text().size() < GrowingText::kPieceBytes || !text.starts_with(piece->text()))
                break;
            out.push_back(piece);
            text.remove_prefix(piece->text().size());
        }
    }
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, GrowingText::kPieceBytes);
        out.push_back(std::make_shared<const TextPiece>(std::string{piece}));
        text.remove_prefix(piece.size());
    }
    return out;
}

}  // namespace oxbow::remote
