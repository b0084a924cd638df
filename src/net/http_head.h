#pragma once

#include <string>
#include <string_view>

#include "base/times.h"
#include "net/http.h"

namespace oxbow::net {

// Sun, 06 Nov 1994 08:49:37 GMT      (RFC 9110 §5.6.7)
std::string http_date(WallTime time);

/// "Not Found" for 404; "Status" for a code that has no phrase here.
std::string_view reason_phrase(int status);

struct HeadContext {
    std::string_view date;   // as http_date gives it
    bool keep_alive = true;  // what the connection does after this answer
    bool http_1_0 = false;   // then keep-alive must be said
    bool only = false;       // HEAD: the body is left out
};

/// Writes the head of an answer over `out`: status line, Date, Content-Length (not for 1xx, 204 and
/// 304, which have no body, nor for streams of unknown length), Connection where it must be said,
/// the response's own lines, and the empty line.
///
// HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 5\r\n\r\n
void write_head(std::string& out, const HttpResponse& response, const HeadContext& context);

/// The answer to a request that no handler answers, which every page may read and nobody keeps:
// {"error":"BadRequest","message":"There is no request line."}
HttpResponse refusal_response(int status, const std::string& why);

}  // namespace oxbow::net
