#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/http2_fields.h"
#include "net/http2_request.h"
#include "net/http_server.h"

namespace oxbow::net {

/// How far a body has gone out.
class Http2Body {
public:
    void assign(HttpBody body);
    std::uint64_t left() const { return left_; }
    /// Fills `to`, which is no longer than what is left. False when a file is shorter than was
    /// promised.
    bool take(std::span<std::uint8_t> to);

private:
    HttpBody body_;
    std::size_t piece_ = 0;
    std::size_t offset_ = 0;  // in that piece
    std::uint64_t file_sent_ = 0;
    std::uint64_t left_ = 0;
};

/// One request and its answer, of one connection. Stays until the connection and whoever answers
/// have let go of it.
struct Http2Stream {
    using Time = std::chrono::steady_clock::time_point;

    std::int32_t id = 0;
    Http2Request request;
    std::optional<HttpRefusal> refusal;  // instead of the request
    bool whole = false;                  // the request is there, or refused
    bool closed = false;                 // nobody waits for the answer any more
    Time body_deadline = Time::max();

    // Of the answer.
    bool answered = false;
    HttpOutcome outcome;  // as far as it is known
    Time begun{};         // of the request, where the observer wants times
    std::shared_ptr<const Http2Fields> block;
    Http2Fields extra;
    Http2Body body;
    std::shared_ptr<HttpStream> source;        // of what follows the body
    std::optional<std::uint64_t> source_left;  // of its bytes, where that is known
    bool source_ended = false;
    bool sending = false;  // some of the body has not gone out
    Time answer_deadline = Time::max();

    /// For who works at the answer: the stream is closed; what was there of the body went out.
    std::move_only_function<void()> on_closed;
    std::move_only_function<void()> on_sent;

    std::size_t place = 0;  // among the streams of its connection

    void clear();
};

/// What the connections of one server share. The thread of its loop.
struct Http2Memory {
    static constexpr std::size_t kSpareStreamsMax = 256;

    Http2HeaderBlocks blocks;
    std::vector<std::shared_ptr<Http2Stream>> spare_streams;

    std::shared_ptr<Http2Stream> stream();
    /// Keeps it for another request, when nobody else has it.
    void give_back(std::shared_ptr<Http2Stream> stream);
};

}  // namespace oxbow::net
