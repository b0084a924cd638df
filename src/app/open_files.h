#pragma once

#include <cstddef>

namespace oxbow::app {

/// Raises how many files and sockets this process may have open to the most that it may.
/// Out: how many that is.
std::size_t raise_open_files_limit();

/// How many connections of viewers each of `loops` loops may have when `open_files` may be open:
/// `wanted`, or what is left beside the files and publishers that we need ourselves.
std::size_t connections_per_loop(std::size_t open_files, std::size_t loops, std::size_t wanted);

/// Kept for chunk files, objects, publishers, the database and the API; of a lower limit a half.
inline constexpr std::size_t kOpenFilesReserved = 4096;

}  // namespace oxbow::app
