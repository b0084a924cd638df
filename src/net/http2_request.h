#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "net/http_parser.h"

namespace oxbow::net {

/// Makes one request of the fields of a header block, as strictly as HttpParser makes it of lines:
/// what that refuses is refused here.
///
/// In:     fields in their order, as HPACK gives them: names in lower case, pseudo-headers first,
///         none twice.
/// Errors: finish() says why the request is not served.
/// Limits: those of HttpParserLimits, where a header counts as it would in HTTP/1.1, and
///         HttpParser::kHeadersMax. What is beyond them is not kept.
/// Source: RFC 9113 §8.
class Http2Request {
public:
    void field(std::string_view name, std::string_view value, const HttpParserLimits& limits);
    void body(BytesView bytes) { body_ += as_text(bytes); }
    std::size_t body_bytes() const { return body_.size(); }

    /// All fields are there. Out: nullopt: request() is one, but for its body.
    std::optional<HttpRefusal> finish(const HttpParserLimits& limits);

    /// Refers to this; with the body as far as it has come.
    HttpRequest& request() {
        request_.body = body_;
        return request_;
    }
    const HttpRequest& request() const { return request_; }

    /// For the next request; keeps some memory for it.
    void clear();

private:
    struct Place {
        std::size_t name;   // where the field begins in text_
        std::size_t value;  // where the name ends
        std::size_t end;
    };
    std::string_view name_of(const Place& place) const;
    std::string_view value_of(const Place& place) const;
    std::optional<HttpRefusal> read_target(std::string_view target);
    std::optional<HttpRefusal> read_host();

    std::string text_;  // of all fields, one behind the other
    std::vector<Place> places_;
    std::string body_;
    std::size_t bytes_ = 0;  // as HTTP/1.1 would have sent it
    std::size_t headers_ = 0;
    bool too_large_ = false;
    HttpRequest request_;
};

}  // namespace oxbow::net
