#pragma once

#include <string_view>

#include "net/http.h"

namespace oxbow::net {

/// Who asked: the address without its port; behind a trusted proxy the last of X-Forwarded-For.
/// Refers to the request.
std::string_view remote_address(const HttpRequest& request);

}  // namespace oxbow::net
