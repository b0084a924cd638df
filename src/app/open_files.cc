#include "app/open_files.h"

#include <algorithm>

#include <sys/resource.h>

namespace oxbow::app {

std::size_t raise_open_files_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit raised{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    return limit.rlim_cur;
}

std::size_t connections_per_loop(std::size_t open_files, std::size_t loops, std::size_t wanted) {
    const std::size_t reserved = std::min(kOpenFilesReserved, open_files / 2);
    return std::clamp<std::size_t>((open_files - reserved) / loops, 1, wanted);
}

}  // namespace oxbow::app
