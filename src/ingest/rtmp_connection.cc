#include "ingest/rtmp_connection.h"

#include <exception>
#include <random>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "base/ensure.h"
#include "base/log.h"

namespace oxbow::ingest {
namespace {

namespace asio = boost::asio;

/// Nothing here throws but a broken invariant or an empty heap: those end the program.
void rethrow(const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

std::string_view name_of(EndReason reason) {
    switch (reason) {
        case EndReason::Unpublished:
            return "unpublished";
        case EndReason::ConnectionLost:
            return "connection lost";
        case EndReason::Silent:
            return "silent";
        case EndReason::Stopped:
            return "stopped";
        case EndReason::Rejected:
            return "rejected";
    }
    return "ended";
}

SteadyTime steady_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now());
}

/// `error`, or what the client missed when its deadline passed.
Error too_late(const Error& error, bool greeted) {
    if (error.code != ErrorCode::Timeout) return error;
    return {ErrorCode::Timeout, greeted ? "the client connected but did not ask to publish in time"
                                        : "the client did not finish the handshake in time"};
}

}  // namespace

RtmpConnection::RtmpConnection(std::shared_ptr<Line> line, std::string peer, Connections::Slot slot,
                               PublishGate& gate, const RtmpLimits& limits)
    : peer_(std::move(peer)),
      gate_(gate),
      limits_(limits),
      slot_(std::move(slot)),
      line_(std::move(line)),
      conversation_(std::random_device{}()) {}

void RtmpConnection::start() {
    asio::co_spawn(line_->executor(), greet(shared_from_this()), rethrow);
}

asio::awaitable<void> RtmpConnection::greet(std::shared_ptr<RtmpConnection> self) {
    // The line, not the connection: a stop may arrive here when the connection has moved on.
    const bool listening = self->slot_.stop_signal()->listen(
        self->line_->executor(), [weak = std::weak_ptr(self->line_)](const std::string&) {
            if (const auto line = weak.lock()) line->interrupt();
        });
    if (!listening) co_return;
    const auto secured = co_await self->secure();
    if (!secured) {
        self->slot_.stop_signal()->ignore();
        self->log_refusal(secured.error());
        self->line_->close();
        co_return;
    }
    auto asked = co_await self->wait_for_publish();
    self->slot_.stop_signal()->ignore();
    if (asked) {
        auto grant = self->ask_gate(std::move(*asked));
        if (grant) {
            self->move_to(std::move(*grant));
            co_return;
        }
        asked = std::unexpected(grant.error());
    }
    self->log_refusal(asked.error());
    co_await self->hang_up();
}

void RtmpConnection::log_refusal(const Error& error) {
    const auto stopped = slot_.stop_signal()->why();
    const std::string& why = stopped ? *stopped : error.what;
    // Port scans and health checks; but who cannot speak TLS wants to know why.
    if (received_ == 0 && error.code != ErrorCode::Unsupported) {
        log::debug("[rtmp {}] refused: {}", peer_, why);
        return;
    }
    const auto untold = slot_.take_refusal_line(steady_now());
    if (!untold) return;
    if (*untold > 0) log::warning("[rtmp] {} more connections were refused", *untold);
    log::warning("[rtmp {}] refused: {}", peer_, why);
}

asio::awaitable<Result<void>> RtmpConnection::secure() {
    if (!line_->is_tls()) co_return Result<void>{};
    line_->set_deadline(limits_.handshake_deadline);
    const auto secured = co_await line_->secure();
    if (!secured) co_return std::unexpected(too_late(secured.error(), false));
    co_return secured;
}

/// Talks until the client asks to publish. Errors: whatever ends the connection before it does.
asio::awaitable<Result<PublishAsked>> RtmpConnection::wait_for_publish() {
    line_->set_deadline(limits_.handshake_deadline);
    bool greeted = false;
    for (;;) {
        auto event = conversation_.next(unread_);
        if (!event) co_return std::unexpected(event.error());
        if (*event) {
            if (auto* asked = std::get_if<PublishAsked>(&**event)) co_return std::move(*asked);
            continue;
        }
        if (!greeted && conversation_.step() != Conversation::Step::Handshake) {
            greeted = true;
            line_->set_deadline(limits_.publish_deadline);
        }
        const auto sent = co_await send_replies();
        if (!sent) co_return std::unexpected(sent.error());
        const auto filled = co_await fill();
        if (!filled) co_return std::unexpected(too_late(filled.error(), greeted));
    }
}

Result<PublishGrant> RtmpConnection::ask_gate(PublishAsked asked) {
    key_in_log_ = masked(asked.stream_key);
    auto grant = gate_.publish({.app = std::string(kApplication),
                                .stream_key = std::move(asked.stream_key),
                                .query = std::move(asked.query),
                                .peer = peer_,
                                .secure = line_->is_tls(),
                                .stop = [signal = slot_.stop_signal()](std::string why) {
                                    signal->stop(std::move(why));
                                }});
    if (grant) return grant;
    conversation_.refuse_publish(grant.error());
    return fail(grant.error().code, "stream key " + key_in_log_ + ": " + grant.error().what);
}

/// Hands the connection over to the channel's loop. Nothing of it may be touched here afterwards.
void RtmpConnection::move_to(PublishGrant grant) {
    ENSURE(grant.session && grant.executor);
    session_ = std::move(grant.session);
    // Where the system refuses to move it, the old line stays and is found closed over there.
    if (auto moved = line_->move_to(grant.executor)) line_ = std::move(*moved);
    asio::co_spawn(grant.executor, publish(shared_from_this()), rethrow);
}

asio::awaitable<void> RtmpConnection::publish(std::shared_ptr<RtmpConnection> self) {
    self->begin_broadcast();
    const auto executor = co_await asio::this_coro::executor;
    const bool listening = self->slot_.stop_signal()->listen(
        executor, [weak = std::weak_ptr(self)](const std::string& why) {
            if (const auto connection = weak.lock()) connection->on_stop(why);
        });
    if (listening) {
        const auto end = co_await self->receive();
        if (end.reason == EndReason::Rejected) self->conversation_.reject_media(end.why);
        self->end_broadcast(end);
    } else {
        self->on_stop(*self->slot_.stop_signal()->why());
    }
    self->slot_.stop_signal()->ignore();
    co_await self->hang_up();
}

void RtmpConnection::begin_broadcast() {
    slot_.set_publishing();
    began_ = std::chrono::steady_clock::now();
    reader_.emplace(*session_);
    log::info("[rtmp {}] publishing with stream key {}", peer_, key_in_log_);
}

/// Takes what the publisher sends until it or the connection ends, or until it is stopped.
asio::awaitable<RtmpConnection::End> RtmpConnection::receive() {
    conversation_.grant_publish();
    line_->set_deadline(limits_.silence_max);
    auto end = deliver();
    buffer_.reset();  // from here on the looks of the loop have one for all
    while (!end) {
        const auto sent = co_await send_replies();
        if (!sent) co_return end_of(sent.error());
        const auto read = co_await line_->read_while([&](BytesView bytes) {
            arrived(bytes);
            end = deliver();
            return !end && !conversation_.has_replies();
        });
        if (!read && !end) co_return end_of(read.error());
    }
    unread_ = BytesReader{BytesView{}};
    co_return std::move(*end);
}

/// Delivers all that is unread. Out: why the broadcast ends, if it does.
std::optional<RtmpConnection::End> RtmpConnection::deliver() {
    bool media_came = false;
    for (;;) {
        if (!session_) return End{EndReason::Stopped, {}};  // on_stop has ended it
        auto event = conversation_.next(unread_);
        if (!event) return End{EndReason::Rejected, event.error().what};
        if (!*event) break;
        if (std::holds_alternative<Unpublished>(**event)) {
            return End{EndReason::Unpublished, "the publisher ended the stream"};
        }
        if (const auto* metadata = std::get_if<StreamMetadata>(&**event))
            session_->on_metadata(*metadata);
        if (auto* message = std::get_if<Message>(&**event)) {
            media_came = true;
            const bool is_video = message->type == MessageType::Video;
            const auto read = is_video
                                  ? reader_->video(message->timestamp, std::move(message->payload))
                                  : reader_->audio(message->timestamp, std::move(message->payload));
            if (!read) return End{EndReason::Rejected, read.error().what};
        }
    }
    if (media_came) line_->set_deadline(limits_.silence_max);
    return std::nullopt;
}

RtmpConnection::End RtmpConnection::end_of(const Error& error) const {
    if (error.code == ErrorCode::Conflict) return {EndReason::Stopped, error.what};
    if (error.code == ErrorCode::Timeout) {
        return {EndReason::Silent, "no audio or video came for " +
                                       std::to_string(limits_.silence_max.count() / 1'000) +
                                       " seconds"};
    }
    return {EndReason::ConnectionLost, error.what};
}

/// Tells the session, once; a stop may have done it already.
void RtmpConnection::end_broadcast(const End& end) {
    if (!session_) return;
    const auto session = std::exchange(session_, nullptr);
    const auto counts = reader_->counts();
    reader_.reset();
    const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - began_;
    log::info(
        "[rtmp {}] ended after {:.1f} s, {} bytes ({}: {}); stream key {}, {} video and {} audio "
        "frames, {} dropped, {} composition times clamped",
        peer_, lasted.count(), received_, name_of(end.reason), end.why, key_in_log_,
        counts.video_frames, counts.audio_frames, counts.dropped, counts.clamped);
    session->on_ended(end.reason, end.why);
}

/// Reads more from the socket, once the conversation has used up what there was.
asio::awaitable<Result<void>> RtmpConnection::fill() {
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(kReadBytes);
    const auto bytes = co_await line_->read_some({buffer_.get(), kReadBytes});
    if (!bytes) co_return std::unexpected(bytes.error());
    arrived({buffer_.get(), *bytes});
    co_return Result<void>{};
}

/// Makes `bytes`, just read, what is unread: their time counts for all rates, whoever read them.
void RtmpConnection::arrived(BytesView bytes) {
    received_ += bytes.size();
    const SteadyTime now = steady_now();
    conversation_.arrived_at(now);
    if (reader_) reader_->arrived_at(now);
    unread_ = BytesReader{bytes};
}

asio::awaitable<Result<void>> RtmpConnection::send_replies() {
    auto replies = conversation_.take_replies();
    if (replies.empty()) co_return Result<void>{};
    co_return co_await line_->write(std::move(replies));
}

/// Sends the last answer and waits for the peer to close: a close with bytes unread would reset the
/// connection, and the peer might never see why it was refused.
asio::awaitable<void> RtmpConnection::hang_up() {
    line_->set_deadline(kLingerMax);
    auto usable = co_await send_replies();
    line_->shutdown_send();
    while (usable) usable = co_await fill();
    line_->close();
}

/// Ends the broadcast before anything else happens on this loop: whoever takes the channel over is
/// started behind this call.
void RtmpConnection::on_stop(const std::string& why) {
    end_broadcast({EndReason::Stopped, why});
    line_->interrupt();
}

}  // namespace oxbow::ingest
