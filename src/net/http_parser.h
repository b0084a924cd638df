#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "net/http.h"

namespace oxbow::net {

struct HttpParserLimits {
    std::size_t header_bytes_max = 16 * 1024;  // request line, headers and the empty line
    std::size_t body_bytes_max = 0;            // 0: none; then GET, HEAD, OPTIONS are all there is
};

/// Why a request is not served, as the client reads it.
struct HttpRefusal {
    int status = 400;
    std::string why;  // one sentence
};

/// Why a request's body is not taken. Where no bodies are, only methods that carry none are served:
/// to refuse the length of the body would tell the client to try again with a shorter one.
HttpRefusal body_refusal(std::string_view method, std::size_t body_bytes_max);

/// A request, and what its connection does after the answer. Refers to the parser's memory.
struct ParsedRequest {
    HttpRequest request;  // peer is empty
    bool keep_alive = true;
    bool http_1_0 = false;
};

/// Reads one HTTP/1.1 request after the other off a connection's bytes, strictly: whatever two
/// servers could read in two ways (request smuggling) is refused, not guessed.
///
/// In:     the connection's bytes in order, in pieces of any size.
/// Out:    state(): Complete means take() gives the request.
/// Errors: state() Refused, then refusal(): answer it and close; nothing after it can be trusted.
/// Limits: HttpParserLimits, kHeadersMax, kChunkLineBytesMax. Between requests it keeps the memory
///         of the last one for the next, until release().
/// Source: RFC 9112 §2 to §7, RFC 9110 §5 and §7.2.
class HttpParser {
public:
    enum class State { Head, Body, Complete, Refused };

    static constexpr std::size_t kHeadersMax = 100;
    static constexpr std::size_t kChunkLineBytesMax = 256;

    explicit HttpParser(HttpParserLimits limits) : limits_(limits) {}
    // A request refers to its parser: move one between two requests only.
    HttpParser(HttpParser&&) = default;
    HttpParser& operator=(HttpParser&&) = default;

    /// Takes what belongs to this request and returns how many bytes that were. The rest of a
    /// pipelined connection is fed again after take().
    std::size_t feed(std::string_view bytes);

    State state() const { return state_; }
    const HttpRefusal& refusal() const { return refusal_; }

    /// True when the peer has sent the first bytes of a request, and not yet the last.
    bool in_the_middle() const {
        return !taken_ && (state_ == State::Body || (state_ == State::Head && !head_.empty()));
    }
    /// True when the peer waits for "100 Continue" before it sends the body.
    bool expects_continue() const { return state_ == State::Body && expects_continue_; }

    /// The complete request, which stays until the next feed(); that starts on the next one.
    ParsedRequest& take();

    /// Gives memory back, when it is between two requests.
    void release();

private:
    enum class Framing { None, Length, ChunkSize, ChunkData, ChunkEnd, Trailer };

    void start_next();
    std::size_t feed_head(std::string_view bytes);
    std::size_t feed_body(std::string_view bytes);
    std::size_t feed_counted(std::string_view bytes);
    std::size_t feed_line(std::string_view bytes);
    bool find_head_end();
    void refuse(int status, std::string why);
    void refuse_body();

    void read_head(std::span<char> head);
    void read_request_line(std::string_view line);
    void read_field(std::span<char> line);
    void read_meaning();
    void read_framing();
    void read_chunk_line(std::string_view line);

    HttpParserLimits limits_;
    State state_ = State::Head;
    HttpRefusal refusal_;
    ParsedRequest parsed_;  // refers to head_ and body_
    bool taken_ = false;    // parsed_ was taken: the next byte starts the next request

    std::string head_;         // the request line and headers, as far as they are there
    std::size_t scanned_ = 0;  // bytes of it that were searched for its end
    std::string body_;
    std::string line_;  // an incomplete line of a chunked body

    Framing framing_ = Framing::None;
    std::uint64_t body_left_ = 0;  // of the body, or of the open chunk
    std::size_t trailer_bytes_ = 0;
    bool expects_continue_ = false;
};

}  // namespace oxbow::net
