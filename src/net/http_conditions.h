#pragma once

#include <string_view>

#include "net/http.h"

namespace oxbow::net {

// What a request says about the form and the version of the answer that it wants.

/// Whether If-None-Match names `etag` (without quotes), or is "*": the answer is 304 then. Weak and
/// strong tags are compared alike. What is malformed names nothing.
///
/// Source: RFC 9110 §13.1.2, §8.8.3.2.
bool has_version(const HttpRequest& request, std::string_view etag);

/// Whether a Range counts: there is no If-Range, or it names `etag`, strongly. A date does not, for
/// nothing here has a Last-Modified.
///
/// Source: RFC 9110 §13.1.5.
bool range_counts(const HttpRequest& request, std::string_view etag);

/// Whether Accept-Encoding takes gzip, and no less gladly than it says that it takes plain bytes.
///
/// Source: RFC 9110 §12.5.3; a weight that is none counts as 0.
bool accepts_gzip(const HttpRequest& request);

}  // namespace oxbow::net
