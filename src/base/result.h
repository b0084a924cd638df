#pragma once

#include <expected>
#include <string>
#include <utility>

namespace oxbow {

/// What kind of thing went wrong, for the caller that must choose; `what` is for the operator.
enum class ErrorCode {
    Malformed,      // bytes from outside that are not what they claim to be
    LimitExceeded,  // well formed, but more than a named limit allows
    NotFound,
    Conflict,     // true at another time, not now: exists already, in use, live
    Refused,      // not allowed for this caller
    Unavailable,  // a disk, peer or service did not do its part; trying again may help
    Timeout,
    Unsupported,  // well formed, and more than Oxbow does
};

struct Error {
    ErrorCode code;
    std::string what;  // one sentence for the operator: what, why, what to do
};

/// The one way in which an expected failure travels. Exceptions are for a failed start only.
template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string what) {
    return std::unexpected(Error{code, std::move(what)});
}

}  // namespace oxbow
