#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "ingest/aggregate.h"
#include "ingest/chunk_stream.h"
#include "ingest/commands.h"
#include "ingest/handshake.h"
#include "ingest/message.h"
#include "ingest/rate_limit.h"
#include "media/access_unit.h"

namespace oxbow::ingest {

/// The application of every ingest URL: rtmp://HOST/app/STREAM_KEY.
inline constexpr std::string_view kApplication = "app";

/// Messages of a connection, of every kind: 60 pictures and 94 sounds a second are 154 of these.
inline constexpr Rate kMessageRate{.burst = 20'000, .per_second = 2'000};

/// Those that are no media: calls, data, pings, settings. Some encoders send data with each
/// picture.
inline constexpr Rate kCallRate{.burst = 1'000, .per_second = 100};

/// The client wants to publish: to be answered by Conversation::grant_publish or refuse_publish.
struct PublishAsked {
    StreamKeyValue stream_key;
    std::string query;
};

/// The publisher ends its broadcast in words.
struct Unpublished {};

/// What a publisher does, once the protocol around it is taken off. A Message is Audio or Video.
using PublisherEvent = std::variant<PublishAsked, Unpublished, StreamMetadata, Message>;

/// The server's side of one RTMP connection from the first byte to the last, without its socket:
/// handshake, chunks, aggregates, acknowledgements, pings and commands.
///
/// In:     what the client sends, in any pieces.
/// Out:    events, and the bytes to be sent back.
/// Source: Adobe RTMP 1.0; Enhanced RTMP v1 for the codecs inside.
class Conversation {
public:
    static constexpr std::uint32_t kWindowBytes = 2'500'000;      // what we ask the client for
    static constexpr std::uint32_t kWindowBytesMin = 64 * 1024;   // a smaller wish is not followed
    static constexpr std::uint32_t kReplyChunkBytes = 64 * 1024;  // ffmpeg then sends such, too

    enum class Step { Handshake, Connect, Publish, Asked, Publishing, Over };

    /// In: a seed for the handshake's arbitrary bytes.
    explicit Conversation(std::uint32_t seed) : handshake_(seed) {}

    Step step() const { return step_; }

    /// What is read from now on came at `now`, which counts for kMessageRate and kCallRate.
    void arrived_at(SteadyTime now);

    /// Takes bytes off the front of `input` until something happens.
    ///
    /// Out:    nullopt when `input` is used up.
    /// Errors: of whatever kind: the connection is to be closed, after the replies are sent.
    Result<std::optional<PublisherEvent>> next(BytesReader& input);

    /// The bytes to be sent since the last call, in order.
    Bytes take_replies();
    bool has_replies() const { return !replies_.empty(); }

    /// Answers PublishAsked: NetStream.Publish.Start.
    void grant_publish();

    /// Answers PublishAsked: .BadName for NotFound and Conflict, .Denied for the rest.
    void refuse_publish(const Error& error);

    /// Tells a publisher why its broadcast cannot go on: NetStream.Publish.Failed. Nothing it sends
    /// from then on is an event.
    void reject_media(std::string_view why);

private:
    static constexpr std::uint32_t kStreamId = 1;  // of the one message stream a connection gets

    using MaybeEvent = std::optional<PublisherEvent>;

    Result<std::optional<Message>> next_message(BytesReader& input);
    Result<void> check_rate(const Message& message);
    Result<MaybeEvent> on_message(Message message);
    Result<MaybeEvent> on_aggregate(Message message);
    Result<MaybeEvent> on_media(Message message);
    Result<MaybeEvent> on_command(const Command& command);
    Result<MaybeEvent> on_connect(const Command& command);
    Result<MaybeEvent> on_publish(const Command& command);
    Result<MaybeEvent> on_play();
    Result<void> on_user_control(const Message& message);
    MaybeEvent on_unpublish();
    void count(std::size_t bytes);
    void reply(std::uint8_t chunk_stream_id, const Message& message);

    Step step_ = Step::Handshake;
    Handshake handshake_;
    ChunkReader chunks_{kLimitsBeforePublish};
    std::optional<AggregateReader> aggregate_;  // under way
    RateLimit messages_{kMessageRate};
    RateLimit calls_{kCallRate};
    std::uint64_t obeyed_ = 0;                        // of chunks_, counted so far
    std::uint32_t chunk_bytes_ = kChunkBytesAtStart;  // of what we send
    std::uint32_t received_ = 0;                      // bytes, modulo 2^32 as the protocol counts
    std::uint32_t acknowledged_ = 0;
    std::uint32_t window_ = kWindowBytes;  // bytes the client lets pass between acknowledgements
    Bytes replies_;
};

}  // namespace oxbow::ingest
