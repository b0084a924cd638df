#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "store/file_handle.h"

namespace oxbow::store {

// What the folder store asks of the operating system. Errors are errno values.

enum class Missing { Make, Refuse };

/// Opens the folder `path` ("a/b"; "" is the root itself) below the folder `root`, part by part, so
/// that no symbolic link is followed: one in the path is ENOTDIR. `flags` as open(2): O_PATH to
/// work below it, O_RDONLY to list it.
std::expected<FileHandle, int> open_folder_below(int root, std::string_view path, Missing missing,
                                                 int flags);

/// 0 when all was written.
int write_all(int fd, BytesView bytes);

/// Fills `out` from `offset` on. 0 when all was read; EIO when the file ends before.
int read_all(int fd, std::uint64_t offset, std::span<std::uint8_t> out);

/// Copies the first `size` bytes of one file to another. 0 when all was copied.
int copy_all(int from, int to, std::uint64_t size);

/// Whether `path` lies on the file system of the open file `fd`.
bool is_on_file_system_of(int fd, const std::filesystem::path& path);

// "No space left on device; free space on its file system"
std::string describe(int error);

}  // namespace oxbow::store
