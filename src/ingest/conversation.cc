#include "ingest/conversation.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/ensure.h"
#include "base/log.h"

namespace oxbow::ingest {
namespace {

// Chunk streams of what we send: 2 is the protocol's own (§5.4), the others as servers use them.
constexpr std::uint8_t kControlChunkStream = 2;
constexpr std::uint8_t kCommandChunkStream = 3;
constexpr std::uint8_t kStatusChunkStream = 5;

std::uint32_t number_at(BytesView bytes, std::size_t offset, std::size_t count) {
    BytesReader reader{bytes.subspan(offset)};
    return static_cast<std::uint32_t>(*reader.number(count));
}

std::unexpected<Error> media_too_early() {
    return fail(ErrorCode::Malformed, "media comes before the client has asked to publish");
}

std::unexpected<Error> calls_too_often() {
    return fail(ErrorCode::LimitExceeded,
                fmt::format("the publisher sends more than {} commands, data messages or settings "
                            "a second",
                            kCallRate.per_second));
}

}  // namespace

Result<std::optional<PublisherEvent>> Conversation::next(BytesReader& input) {
    if (step_ == Step::Handshake) {
        const std::size_t before = input.remaining();
        const auto done = handshake_.read(input, replies_);
        if (!done) return std::unexpected(done.error());
        count(before - input.remaining());
        if (!*done) return std::nullopt;
        step_ = Step::Connect;
    }
    for (;;) {
        auto message = next_message(input);
        if (!message) return std::unexpected(message.error());
        if (!*message) return std::nullopt;
        const auto allowed = check_rate(**message);
        if (!allowed) return std::unexpected(allowed.error());
        auto event = on_message(std::move(**message));
        if (!event || *event) return event;
    }
}

void Conversation::arrived_at(SteadyTime now) {
    messages_.advance(now);
    calls_.advance(now);
}

/// Out: nullopt when `input` is used up.
Result<std::optional<Message>> Conversation::next_message(BytesReader& input) {
    if (aggregate_) {
        auto part = aggregate_->next();
        if (!part || *part) return part;
        aggregate_.reset();
    }
    const std::size_t before = input.remaining();
    auto message = chunks_.next(input);
    if (!message) return message;
    count(before - input.remaining());
    const std::uint64_t obeyed = chunks_.obeyed() - std::exchange(obeyed_, chunks_.obeyed());
    if (!calls_.take(static_cast<std::int64_t>(obeyed))) return calls_too_often();
    return message;
}

Result<void> Conversation::check_rate(const Message& message) {
    if (!messages_.take()) {
        return fail(ErrorCode::LimitExceeded,
                    fmt::format("the publisher sends more than {} messages a second",
                                kMessageRate.per_second));
    }
    switch (message.type) {
        case MessageType::Audio:
        case MessageType::Video:
        case MessageType::Aggregate:
        case MessageType::Acknowledgement:
            return {};
        default:
            if (!calls_.take()) return calls_too_often();
            return {};
    }
}

Bytes Conversation::take_replies() {
    return std::exchange(replies_, {});
}

void Conversation::grant_publish() {
    ENSURE(step_ == Step::Asked);
    step_ = Step::Publishing;
    chunks_.set_limits(ChunkLimits{});
    reply(kControlChunkStream, stream_begin(kStreamId));
    reply(kStatusChunkStream, on_status(kStreamId, StatusLevel::Status, "NetStream.Publish.Start",
                                        "The stream is on the air."));
}

void Conversation::refuse_publish(const Error& error) {
    ENSURE(step_ == Step::Asked);
    step_ = Step::Over;
    const bool bad_name = error.code == ErrorCode::NotFound || error.code == ErrorCode::Conflict;
    reply(
        kStatusChunkStream,
        on_status(kStreamId, StatusLevel::Error,
                  bad_name ? "NetStream.Publish.BadName" : "NetStream.Publish.Denied", error.what));
}

void Conversation::reject_media(std::string_view why) {
    step_ = Step::Over;
    reply(kStatusChunkStream,
          on_status(kStreamId, StatusLevel::Error, "NetStream.Publish.Failed", why));
}

Result<Conversation::MaybeEvent> Conversation::on_message(Message message) {
    switch (message.type) {
        case MessageType::Audio:
        case MessageType::Video:
            return on_media(std::move(message));
        case MessageType::CommandAmf0:
        case MessageType::CommandAmf3: {
            const auto command = read_command(message);
            if (!command) return std::unexpected(command.error());
            return on_command(*command);
        }
        case MessageType::DataAmf0:
        case MessageType::DataAmf3: {
            if (step_ != Step::Publishing) return std::nullopt;
            auto metadata = read_metadata(message);
            if (!metadata) return std::nullopt;
            return std::move(*metadata);
        }
        case MessageType::UserControl: {
            const auto heard = on_user_control(message);
            if (!heard) return std::unexpected(heard.error());
            return std::nullopt;
        }
        case MessageType::WindowAcknowledgementSize:
            if (message.payload.size() < 4) {
                return fail(ErrorCode::Malformed,
                            "a window acknowledgement size has fewer than 4 bytes");
            }
            window_ = std::max(number_at(message.payload, 0, 4), kWindowBytesMin);
            return std::nullopt;
        case MessageType::Aggregate:
            return on_aggregate(std::move(message));
        default:
            // Acknowledgements, shared objects and whatever is invented next concern us nothing.
            return std::nullopt;
    }
}

Result<Conversation::MaybeEvent> Conversation::on_media(Message message) {
    if (step_ == Step::Publishing) return std::move(message);
    if (step_ == Step::Over) return std::nullopt;
    return media_too_early();
}

/// Its messages come next, one by one.
Result<Conversation::MaybeEvent> Conversation::on_aggregate(Message message) {
    if (step_ == Step::Over) return std::nullopt;
    if (step_ != Step::Publishing) return media_too_early();
    aggregate_.emplace(std::move(message));
    return std::nullopt;
}

Result<Conversation::MaybeEvent> Conversation::on_command(const Command& command) {
    if (command.name == "connect") return on_connect(command);
    if (step_ == Step::Connect) {
        return fail(ErrorCode::Malformed,
                    fmt::format("the client calls \"{}\" before it calls \"connect\"",
                                log::printable(command.name, 40)));
    }
    if (command.name == "createStream") {
        reply(kCommandChunkStream, create_stream_result(command.transaction, kStreamId));
    } else if (command.name == "releaseStream") {
        reply(kCommandChunkStream, empty_result(command.transaction));
    } else if (command.name == "FCPublish") {
        reply(kCommandChunkStream, on_fc_publish("Go on with publish."));
    } else if (command.name == "publish") {
        return on_publish(command);
    } else if (command.name == "play" || command.name == "play2") {
        return on_play();
    } else if (command.name == "FCUnpublish" || command.name == "deleteStream" ||
               command.name == "closeStream") {
        return on_unpublish();
    }
    // _checkbw, getStreamLength, answers to our calls and the like: nobody waits for an answer.
    return std::nullopt;
}

Result<Conversation::MaybeEvent> Conversation::on_connect(const Command& command) {
    if (step_ != Step::Connect) {
        return fail(ErrorCode::Malformed, "the client calls \"connect\" a second time");
    }
    const amf0::Object* object =
        command.arguments.empty() ? nullptr : command.arguments[0].object();
    const amf0::Value* app = object ? object->find("app") : nullptr;
    const std::string name = app && app->text() ? application_name(*app->text()) : "";
    reply(kControlChunkStream, control(MessageType::WindowAcknowledgementSize, kWindowBytes));
    if (name != kApplication) {
        const std::string why =
            fmt::format("there is no application \"{}\" here: publish to rtmp://HOST/{}/STREAM_KEY",
                        log::printable(name, 40), kApplication);
        reply(kCommandChunkStream, connect_rejected(command.transaction, why));
        return fail(ErrorCode::Refused, why);
    }
    reply(kControlChunkStream, set_peer_bandwidth(kWindowBytes));
    reply(kControlChunkStream, control(MessageType::SetChunkSize, kReplyChunkBytes));
    chunk_bytes_ = kReplyChunkBytes;
    reply(kCommandChunkStream, connect_result(command.transaction));
    step_ = Step::Publish;
    return std::nullopt;
}

Result<Conversation::MaybeEvent> Conversation::on_publish(const Command& command) {
    if (step_ != Step::Publish) {
        return fail(ErrorCode::Malformed, "the client publishes a second stream on one connection");
    }
    step_ = Step::Asked;
    const std::string* name = command.text(1);
    StreamName stream = split_stream_name(name ? *name : "");
    if (stream.key.empty() || name->size() > kStreamNameBytesMax) {
        const Error error{
            ErrorCode::NotFound,
            stream.key.empty()
                ? "the stream key is missing: publish to rtmp://HOST/app/STREAM_KEY"
                : fmt::format("the stream key is longer than {} bytes", kStreamNameBytesMax)};
        refuse_publish(error);
        return std::unexpected(error);
    }
    return PublishAsked{std::move(stream.key), std::move(stream.query)};
}

Result<Conversation::MaybeEvent> Conversation::on_play() {
    const std::string why = "RTMP is for publishers only: watch on the HTTP port";
    reply(kStatusChunkStream,
          on_status(kStreamId, StatusLevel::Error, "NetStream.Play.Failed", why));
    return fail(ErrorCode::Unsupported, why);
}

Conversation::MaybeEvent Conversation::on_unpublish() {
    if (step_ != Step::Publishing) return std::nullopt;
    step_ = Step::Over;
    reply(kStatusChunkStream, on_status(kStreamId, StatusLevel::Status,
                                        "NetStream.Unpublish.Success", "The stream has ended."));
    return Unpublished{};
}

Result<void> Conversation::on_user_control(const Message& message) {
    constexpr std::uint32_t kPingRequest = 6;
    if (message.payload.size() < 2) {
        return fail(ErrorCode::Malformed, "a user control message has fewer than 2 bytes");
    }
    if (number_at(message.payload, 0, 2) != kPingRequest) return {};
    if (message.payload.size() < 6) {
        return fail(ErrorCode::Malformed, "a ping has no timestamp");
    }
    reply(kControlChunkStream, ping_response(number_at(message.payload, 2, 4)));
    return {};
}

void Conversation::count(std::size_t bytes) {
    received_ += static_cast<std::uint32_t>(bytes);
    if (step_ == Step::Handshake || received_ - acknowledged_ < window_) return;
    acknowledged_ = received_;
    reply(kControlChunkStream, control(MessageType::Acknowledgement, received_));
}

void Conversation::reply(std::uint8_t chunk_stream_id, const Message& message) {
    append_chunks(replies_, chunk_stream_id, message, chunk_bytes_);
}

}  // namespace oxbow::ingest
