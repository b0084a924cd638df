#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "net/http2_stream.h"
#include "net/http2_watch.h"
#include "net/http_server.h"
#include "net/tls_stream.h"

struct nghttp2_session;

namespace oxbow::net {

/// Frames on their way into a socket: full enough for a record of TLS, or all there are.
struct Http2Output {
    static constexpr std::size_t kFullBytes = TlsStream::kRecordBytesMax;
    static constexpr std::size_t kFrameBytesMax = 9 + 16 * 1024;

    std::array<std::uint8_t, kFullBytes + kFrameBytesMax> bytes;
    std::size_t begin = 0;  // of what has not been sent
    std::size_t end = 0;

    BytesView view() const { return BytesView{bytes}.subspan(begin, end - begin); }
    bool full() const { return end - begin >= kFullBytes; }
    /// Moves what is left to the front.
    void compact();
};

/// One connection of HTTP/2 without its socket: the peer's bytes in, its requests out; answers in,
/// frames out. Nothing here waits. Bodies are not copied before they go out.
///
/// In:     bytes from outside, in pieces of any size.
/// Errors: what breaks the protocol, or passes a bound, ends the connection: over() once write()
/// has
///         given the frame that says so. failed(): there is nobody to tell.
/// Limits: HttpServerLimits as for HTTP/1.1; those here; Http2Watch.
/// Thread safety: one thread at a time.
/// Source: RFC 9113.
class Http2Session {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// At a time, together with those that are closed and still worked at.
    static constexpr std::size_t kStreamsMax = 100;
    /// Of one header block once it is decoded: HPACK makes much of little. What is longer than a
    /// request's head may be is answered 431 up to here.
    static constexpr std::size_t kDecodedBytesMax = 128 * 1024;
    /// Bodies of requests, as many times what one may have.
    static constexpr std::size_t kBodiesMax = 4;
    /// Frames that wait for a peer who reads nothing.
    static constexpr std::size_t kFramesQueuedMax = 1'000;

    /// `limits`, `memory` and `observer` outlive it.
    Http2Session(const HttpServerLimits& limits, Http2Memory& memory, Time now,
                 const HttpObserver* observer = nullptr);
    ~Http2Session();
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;

    void feed(BytesView bytes, Time now);
    /// A request that is whole, or refused; each once. nullptr: there is none.
    std::shared_ptr<Http2Stream> next_request();

    /// Does nothing for a stream that is closed.
    void answer(const std::shared_ptr<Http2Stream>& stream, HttpResponse response,
                std::string_view date);
    /// The next piece of a body that is made while it is sent, once on_sent was called for the one
    /// before; nullopt ends it.
    void go_on(const std::shared_ptr<Http2Stream>& stream, std::optional<std::string> piece);
    /// Streams that are worked at count until end_work(), also once they are closed.
    void begin_work() { ++working_; }
    void end_work();

    /// Adds frames until `out` is full, or all are there.
    void write(Http2Output& out);

    /// Takes no more requests; what is under way is finished, and the session over then.
    void drain();
    /// Ends what is past its deadline. Out: there may be something to write.
    bool sweep(Time now);
    /// Moves all deadlines on.
    void stood_still(std::chrono::steady_clock::duration time);
    /// Closes all streams: the connection is gone.
    void close();

    /// Neither requests nor answers are under way.
    bool idle() const { return streams_.empty() && working_ == 0; }
    Time idle_deadline() const { return idle_since_ + limits_.idle_deadline; }
    std::size_t working() const { return working_; }
    bool failed() const { return failed_; }
    /// Nothing more will come of it.
    bool over() const;
    /// Why it was ended, for the log; "": it was not, or in order.
    std::string_view why() const { return why_; }

private:
    struct Callbacks;  // of nghttp2, in the .cc

    void end(std::uint32_t code, std::string_view why);
    void begin_stream(std::int32_t id);
    void remove(Http2Stream& stream);
    void end_headers(Http2Stream& stream, bool last);
    void add_body(Http2Stream& stream, BytesView bytes);
    void end_request(Http2Stream& stream);
    void refuse(Http2Stream& stream, HttpRefusal refusal);
    void reset(Http2Stream& stream, std::uint32_t code);
    void tell(const Http2Stream& stream) const;
    void begin_sending(Http2Stream& stream);
    void end_sending(Http2Stream& stream);
    void sweep_stream(Http2Stream& stream);
    HttpParserLimits request_limits() const {
        return {.header_bytes_max = limits_.header_bytes_max,
                .body_bytes_max = limits_.body_bytes_max};
    }

    const HttpServerLimits& limits_;
    Http2Memory& memory_;
    const HttpObserver* observer_;  // may be null
    nghttp2_session* native_ = nullptr;
    Http2Watch watch_;
    Time now_;

    std::vector<std::shared_ptr<Http2Stream>> streams_;
    std::vector<std::shared_ptr<Http2Stream>> ready_;  // whole, and nobody has taken them yet
    std::size_t next_ready_ = 0;
    std::size_t working_ = 0;
    std::size_t sending_ = 0;  // streams of which some has not gone out
    std::size_t requests_ = 0;
    std::size_t decoded_bytes_ = 0;  // of the header block under way
    std::size_t body_bytes_ = 0;     // of all requests
    std::int32_t newest_ = 0;        // stream
    Time idle_since_;
    Time progress_at_;            // when some of a body went out last
    Time owed_until_;             // when all answers must have gone out, at the slowest
    Http2Output* out_ = nullptr;  // while write() runs
    bool draining_ = false;
    bool ended_ = false;
    bool failed_ = false;
    std::string why_;
};

}  // namespace oxbow::net
