#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/container/small_vector.hpp>

#include "base/bytes.h"
#include "base/shared_file.h"
#include "net/http_stream.h"

namespace oxbow::net {

struct HttpHeader {
    std::string_view name;  // in lower case
    std::string_view value;
};

/// One request, whole. All of it refers to bytes that the connection holds until the answer is
/// made; a handler that keeps some of it for longer copies that. `path` is as sent (still
/// percent-encoded, starts with '/'); decode piece by piece.
struct HttpRequest {
    std::string_view method;  // "GET"
    std::string_view path;    // "/seg/AsXego4U6tnj/..."
    std::string_view query;   // without '?'
    std::vector<HttpHeader> headers;
    std::string_view body;    // only where the server was told to take bodies
    std::string_view peer;    // "127.0.0.1:53422"
    bool secure = false;      // came by TLS
    bool from_proxy = false;  // one that is trusted: its X-Forwarded headers count
    /// What stood before `path`, and must stand before every path that the answer names; "" as it
    /// comes from the network.
    std::string_view mount = {};
    std::string_view viewer = {};  // who asks, where that is known better than by `peer`

    /// The value of header `name` (lower case); nullopt when absent.
    std::optional<std::string_view> header(std::string_view name) const;
};

/// A body in one of two forms: pieces of memory kept alive by `owner`, or a region of a file that
/// goes out by sendfile. Nothing is copied per viewer.
struct HttpBody {
    std::shared_ptr<const void> owner;
    boost::container::small_vector<BytesView, 1> pieces;

    FileRegion file;

    std::uint64_t size() const;

    static HttpBody of_string(std::string text);
    static HttpBody of_file(FileRegion region);
    /// The part [offset, offset + length) of this body.
    HttpBody slice(std::uint64_t offset, std::uint64_t length) const;
};

struct HttpResponse {
    int status = 200;
    /// "Name: value\r\n" lines, ready to send, shared by all answers of their kind. The server adds
    /// the status line, Date, Content-Length and Connection.
    std::shared_ptr<const std::string> header_block;
    std::string extra_headers;  // more such lines, for this answer only
    HttpBody body;
    /// What follows the body until it ends, and by HTTP/1.1 the connection with it; may be null.
    std::shared_ptr<HttpStream> stream{};
    std::uint8_t mark = 0;  // the handler's own: whoever counts answers is told of it

    /// Of body and stream; nullopt: its end is not known.
    std::optional<std::uint64_t> content_length() const;
};

/// What a handler gives back: the answer, or, where it must wait for something, what brings it.
/// An answer that is there at once costs no coroutine.
using HttpAnswer = std::variant<HttpResponse, boost::asio::awaitable<HttpResponse>>;

/// Answers one request. Runs on the connection's loop; may wait, with a deadline, and must not
/// block. The request stays until the answer is there. For HEAD the server sends the headers of the
/// answer to GET.
using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;

/// Decodes percent escapes; nullopt for a broken escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text);

/// Escapes all but the unreserved characters of RFC 3986 and those in `kept`.
std::string uri_encoded(std::string_view text, std::string_view kept = "");

/// The decoded value of `name` in a query string; as it was sent where an escape in it is broken,
/// so that whoever reads it refuses it; nullopt when absent.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

/// A single range of a "bytes=" header against a body of `size` bytes.
struct RangeRequest {
    enum class Kind { Whole, Part, NotSatisfiable } kind = Kind::Whole;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
/// Malformed headers and several ranges at once are answered with the whole, as RFC 9110 §14.2
/// allows.
RangeRequest parse_range(std::optional<std::string_view> header, std::uint64_t size);

}  // namespace oxbow::net
