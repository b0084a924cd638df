#include "base/ensure.h"

#include <cstdio>
#include <cstdlib>

namespace oxbow::detail {

void ensure_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "oxbow: broken invariant: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace oxbow::detail
