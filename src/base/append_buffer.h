#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace oxbow {

/// Bytes that are only ever appended: what was written never moves and never changes, so slices of
/// an open buffer can be read while it grows. Blocks of fixed size instead of one growing vector:
/// no copy on growth, and the allocator reuses them.
///
/// Thread safety: one writer. A reader may read below a size that the writer handed to it.
class AppendBuffer {
public:
    static constexpr std::size_t kBlockBytes = 64 * 1024;

    std::size_t size() const { return size_; }

    void append(BytesView bytes);

    /// `count` contiguous writable bytes (at most kBlockBytes) at the end, for packets of fixed
    /// size. One that does not fit starts the next block and leaves the one before a little
    /// shorter.
    std::uint8_t* append_packet(std::size_t count);

    /// The contiguous pieces that make up [offset, offset + length), in order.
    std::vector<BytesView> slices(std::size_t offset, std::size_t length) const;
    std::vector<BytesView> slices() const { return slices(0, size_); }

private:
    struct Block {
        std::size_t start;  // offset of its first byte in the buffer
        std::size_t used = 0;
        std::unique_ptr<std::uint8_t[]> bytes;
    };
    Block& block_with_room_for(std::size_t count);

    std::vector<Block> blocks_;
    std::size_t size_ = 0;
};

}  // namespace oxbow
