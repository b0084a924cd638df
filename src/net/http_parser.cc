#include "net/http_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/ensure.h"
#include "net/http_grammar.h"

namespace oxbow::net {
namespace {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Whether a comma-separated header value names `token` (lower case).
bool lists_token(std::string_view value, std::string_view token) {
    while (!value.empty()) {
        const std::string_view entry = value.substr(0, value.find(','));
        value.remove_prefix(std::min(value.size(), entry.size() + 1));
        if (equals_in_any_case(trimmed(entry), token)) return true;
    }
    return false;
}

template <int kBase>
std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, kBase);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::size_t HttpParser::feed(std::string_view bytes) {
    if (taken_) start_next();
    std::size_t used = 0;
    if (state_ == State::Head) used = feed_head(bytes);
    if (state_ == State::Body) used += feed_body(bytes.substr(used));
    if (state_ == State::Complete) parsed_.request.body = body_;
    return used;
}

ParsedRequest& HttpParser::take() {
    ENSURE(state_ == State::Complete);
    state_ = State::Head;
    taken_ = true;
    return parsed_;
}

void HttpParser::start_next() {
    taken_ = false;
    parsed_.request.headers.clear();
    parsed_.request.query = {};
    head_.clear();
    scanned_ = 0;
    body_.clear();
    line_.clear();
    body_left_ = 0;
    trailer_bytes_ = 0;
    framing_ = Framing::None;
    expects_continue_ = false;
}

void HttpParser::release() {
    if (taken_) *this = HttpParser{limits_};
}

void HttpParser::refuse(int status, std::string why) {
    if (state_ == State::Refused) return;
    state_ = State::Refused;
    refusal_ = {.status = status, .why = std::move(why)};
}

HttpRefusal body_refusal(std::string_view method, std::size_t body_bytes_max) {
    if (body_bytes_max > 0) {
        return {.status = 413,
                .why = fmt::format("The body is longer than {} bytes.", body_bytes_max)};
    }
    if (method == "GET" || method == "HEAD" || method == "OPTIONS")
        return {.status = 413, .why = "A request here has no body."};
    return {.status = 405, .why = "Only GET, HEAD and OPTIONS are served here."};
}

void HttpParser::refuse_body() {
    HttpRefusal refusal = body_refusal(parsed_.request.method, limits_.body_bytes_max);
    refuse(refusal.status, std::move(refusal.why));
}

std::size_t HttpParser::feed_head(std::string_view bytes) {
    const std::size_t before = head_.size();
    // What a pipelining peer sent behind this head is not copied with it.
    const std::size_t end = before == 0 ? bytes.find("\r\n\r\n") : std::string_view::npos;
    const std::string_view mine = end == std::string_view::npos ? bytes : bytes.substr(0, end + 4);
    head_ += mine.substr(0, limits_.header_bytes_max - before);
    if (find_head_end()) {
        head_.resize(scanned_);
        read_head(head_);
        return scanned_ - before;
    }
    if (head_.size() == limits_.header_bytes_max && state_ != State::Refused) {
        const bool in_first_line = !head_.contains('\n');
        refuse(in_first_line ? 414 : 431,
               fmt::format("The {} longer than {} bytes.",
                           in_first_line ? "request line is" : "headers are",
                           limits_.header_bytes_max));
    }
    return bytes.size();
}

/// Searches on from scanned_; true when the head ends at scanned_ (behind its empty line).
bool HttpParser::find_head_end() {
    const std::string_view bytes{head_};
    while (true) {
        const std::size_t newline = bytes.find('\n', scanned_);
        if (newline == std::string_view::npos) {
            scanned_ = bytes.size();
            return false;
        }
        scanned_ = newline + 1;
        if (newline == 0 || bytes[newline - 1] != '\r') {
            refuse(400, "A line of the head ends without a carriage return.");
            return false;
        }
        if (bytes.substr(0, scanned_).ends_with("\r\n\r\n")) return true;
    }
}

void HttpParser::read_head(std::span<char> head) {
    head = head.first(head.size() - 2);  // without the empty line
    // RFC 9112 §2.2: one empty line before the request is ignored.
    if (head.size() >= 2 && head[0] == '\r' && head[1] == '\n') head = head.subspan(2);
    bool request_line = true;
    while (!head.empty() && state_ != State::Refused) {
        const std::size_t end = std::string_view{head.data(), head.size()}.find('\n');
        const std::span<char> line = head.first(end - 1);  // find_head_end saw the '\r'
        if (request_line) {
            read_request_line({line.data(), line.size()});
        } else {
            read_field(line);
        }
        request_line = false;
        head = head.subspan(end + 1);
    }
    if (request_line) refuse(400, "There is no request line.");
    if (state_ != State::Refused) read_meaning();
    if (state_ != State::Refused) read_framing();
}

// GET /channels.json?from=1 HTTP/1.1
void HttpParser::read_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return refuse(400, "The request line is not a method, a target and a version.");
    }
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(method)) return refuse(400, "The method is not a token.");
    if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7])) {
        return refuse(400, "The request line ends in no HTTP version.");
    }
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    }
    if (!is_target(target)) {
        return refuse(400, "The request target has characters that must be percent-encoded.");
    }
    const bool asterisk = target == "*" && method == "OPTIONS";
    if (!target.starts_with('/') && !asterisk) {
        return refuse(400, "The request target must be a path that starts with '/'.");
    }
    const std::size_t question = target.find('?');
    parsed_.http_1_0 = version == "HTTP/1.0";
    parsed_.request.method = method;
    parsed_.request.path = target.substr(0, question);
    if (question != std::string_view::npos) parsed_.request.query = target.substr(question + 1);
}

/// In: a line of head_; the name is put into lower case where it stands.
void HttpParser::read_field(std::span<char> bytes) {
    if (parsed_.request.headers.size() == kHeadersMax) {
        return refuse(431, fmt::format("There are more than {} headers.", kHeadersMax));
    }
    const std::string_view line{bytes.data(), bytes.size()};
    if (line.starts_with(' ') || line.starts_with('\t')) {
        return refuse(400, "A header is folded over two lines.");
    }
    const std::size_t colon = line.find(':');
    // is_token refuses the space before a colon, which some servers read as part of the name.
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return refuse(400, "A header is not a name, a colon and a value.");
    }
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!is_value(value)) return refuse(400, "A header's value has control characters.");
    std::ranges::transform(bytes.first(colon), bytes.begin(), lower);
    parsed_.request.headers.push_back({.name = line.substr(0, colon), .value = value});
}

/// Host, Connection and Expect.
void HttpParser::read_meaning() {
    std::size_t hosts = 0;
    bool close = false;
    bool keep = false;
    for (const auto& [name, value] : parsed_.request.headers) {
        if (name == "host") {
            ++hosts;
            if (!is_host(value)) {
                return refuse(400, "The Host header is not a host and a port.");
            }
        } else if (name == "connection") {
            close = close || lists_token(value, "close");
            keep = keep || lists_token(value, "keep-alive");
        } else if (name == "expect") {
            if (!equals_in_any_case(value, "100-continue")) {
                return refuse(417, "The only expectation met here is 100-continue.");
            }
            expects_continue_ = !parsed_.http_1_0;
        }
    }
    if (hosts > 1) return refuse(400, "There is more than one Host header.");
    if (hosts == 0 && !parsed_.http_1_0) return refuse(400, "HTTP/1.1 needs a Host header.");
    parsed_.keep_alive = !close && (keep || !parsed_.http_1_0);
}

/// How the body is delimited. Source: RFC 9112 §6.
void HttpParser::read_framing() {
    std::optional<std::string_view> length;
    std::optional<std::string_view> encoding;
    for (const auto& [name, value] : parsed_.request.headers) {
        if (name == "content-length") {
            if (length) return refuse(400, "There is more than one Content-Length.");
            length = value;
        } else if (name == "transfer-encoding") {
            if (encoding) return refuse(400, "There is more than one Transfer-Encoding.");
            encoding = value;
        }
    }
    if (length && encoding) {
        return refuse(400, "Content-Length and Transfer-Encoding exclude each other.");
    }
    if (encoding) {
        if (parsed_.http_1_0) return refuse(400, "HTTP/1.0 has no Transfer-Encoding.");
        if (!equals_in_any_case(*encoding, "chunked")) {
            return refuse(501, "The only Transfer-Encoding understood here is chunked.");
        }
        if (limits_.body_bytes_max == 0) return refuse_body();
        framing_ = Framing::ChunkSize;
        state_ = State::Body;
        return;
    }
    if (length) {
        const auto bytes = number<10>(*length);
        if (!bytes) return refuse(400, "The Content-Length is not a number.");
        if (*bytes > limits_.body_bytes_max) {
            return refuse_body();
        }
        body_left_ = *bytes;
    }
    framing_ = Framing::Length;
    state_ = body_left_ > 0 ? State::Body : State::Complete;
}

std::size_t HttpParser::feed_body(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ == State::Body) {
        expects_continue_ = false;  // it has begun to send: nothing to invite any more
        const std::string_view rest = bytes.substr(used);
        const bool counted = framing_ == Framing::Length || framing_ == Framing::ChunkData;
        used += counted ? feed_counted(rest) : feed_line(rest);
    }
    return used;
}

std::size_t HttpParser::feed_counted(std::string_view bytes) {
    const std::string_view taken = bytes.substr(0, body_left_);
    body_ += taken;
    body_left_ -= taken.size();
    if (body_left_ == 0) {
        if (framing_ == Framing::Length) {
            state_ = State::Complete;
        } else {
            framing_ = Framing::ChunkEnd;
        }
    }
    return taken.size();
}

std::size_t HttpParser::feed_line(std::string_view bytes) {
    const std::size_t newline = bytes.find('\n');
    const std::size_t used = newline == std::string_view::npos ? bytes.size() : newline + 1;
    const std::size_t line_max =
        framing_ == Framing::Trailer ? limits_.header_bytes_max : kChunkLineBytesMax;
    if (line_.size() + used > line_max) {
        refuse(400, fmt::format("A line of the chunked body is longer than {} bytes.", line_max));
        return used;
    }
    line_ += bytes.substr(0, used);
    if (newline == std::string_view::npos) return used;
    const std::string line = std::exchange(line_, {});
    if (!line.ends_with("\r\n")) {
        refuse(400, "A line of the chunked body ends without a carriage return.");
        return used;
    }
    read_chunk_line(std::string_view{line}.substr(0, line.size() - 2));
    return used;
}

// "1f40;name=value", the empty line behind a chunk, or a trailer. Source: RFC 9112 §7.1.
void HttpParser::read_chunk_line(std::string_view line) {
    if (framing_ == Framing::ChunkEnd) {
        if (!line.empty()) return refuse(400, "A chunk is longer than it says.");
        framing_ = Framing::ChunkSize;
        return;
    }
    if (!is_value(line)) {
        return refuse(400, "A line of the chunked body has control characters.");
    }
    if (framing_ == Framing::Trailer) {
        if (line.empty()) {
            state_ = State::Complete;
            return;
        }
        trailer_bytes_ += line.size();
        if (trailer_bytes_ > limits_.header_bytes_max) {
            refuse(431,
                   fmt::format("The trailers are longer than {} bytes.", limits_.header_bytes_max));
        }
        return;  // no trailer has a meaning here
    }
    const auto bytes = number<16>(trimmed(line.substr(0, line.find(';'))));
    if (!bytes) return refuse(400, "A chunk's size is not a hexadecimal number.");
    if (*bytes > limits_.body_bytes_max - body_.size()) {
        return refuse_body();
    }
    body_left_ = *bytes;
    framing_ = *bytes == 0 ? Framing::Trailer : Framing::ChunkData;
}

}  // namespace oxbow::net
