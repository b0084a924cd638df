#pragma once

namespace oxbow::detail {
[[noreturn]] void ensure_failed(const char* condition, const char* file, int line);
}

/// Aborts, in release builds too, when one of our own invariants is broken. Never for input.
#define ENSURE(condition)         \
    (static_cast<bool>(condition) \
         ? static_cast<void>(0)   \
         : ::oxbow::detail::ensure_failed(#condition, __FILE__, __LINE__))
