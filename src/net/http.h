#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/bytes.h"
#include "net/http_stream.h"

namespace oxbow::net {

/// One request, whole. `path` is as sent (still percent-encoded, starts with '/'); decode piece by
/// piece.
struct HttpRequest {
    std::string method;                                        // "GET"
    std::string path;                                          // "/seg/AsXego4U6tnj/..."
    std::string query;                                         // without '?'
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;  // only where the server was told to take bodies
    std::string peer;  // "127.0.0.1:53422"

    /// The value of header `name` (lower case); nullopt when absent.
    std::optional<std::string_view> header(std::string_view name) const;
};

/// An open file that answers share; closes with its last owner.
class SharedFile {
public:
    explicit SharedFile(int fd) : fd_(fd) {}
    ~SharedFile();
    SharedFile(const SharedFile&) = delete;
    SharedFile& operator=(const SharedFile&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

/// A body in one of two forms: pieces of memory kept alive by `owner`, or a region of a file that
/// goes out by sendfile. Nothing is copied per viewer.
struct HttpBody {
    std::shared_ptr<const void> owner;
    std::vector<BytesView> pieces;

    std::shared_ptr<const SharedFile> file;
    std::uint64_t file_offset = 0;
    std::uint64_t file_bytes = 0;

    std::uint64_t size() const;

    static HttpBody of_string(std::string text);
    static HttpBody of_file(std::shared_ptr<const SharedFile> file, std::uint64_t offset,
                            std::uint64_t bytes);
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
    /// What follows the body until it ends, and the connection with it; may be null.
    std::shared_ptr<HttpStream> stream{};
};

/// Answers one request. Runs on the connection's loop; may wait, with a deadline, and must not
/// block. For HEAD the server sends the headers of the answer to GET.
using HttpHandler = std::function<boost::asio::awaitable<HttpResponse>(const HttpRequest&)>;

/// Decodes percent escapes; nullopt for a broken escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text);

/// The decoded value of `name` in a query string; nullopt when absent or broken.
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
