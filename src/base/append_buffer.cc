#include "base/append_buffer.h"

#include <algorithm>
#include <cstring>

#include "base/ensure.h"

namespace oxbow {

AppendBuffer::Block& AppendBuffer::block_with_room_for(std::size_t count) {
    ENSURE(count <= kBlockBytes);
    if (blocks_.empty() || kBlockBytes - blocks_.back().used < count) {
        blocks_.push_back(
            {.start = size_, .bytes = std::make_unique_for_overwrite<std::uint8_t[]>(kBlockBytes)});
    }
    return blocks_.back();
}

void AppendBuffer::append(BytesView bytes) {
    while (!bytes.empty()) {
        Block& block = block_with_room_for(1);
        const std::size_t count = std::min(bytes.size(), kBlockBytes - block.used);
        std::memcpy(block.bytes.get() + block.used, bytes.data(), count);
        block.used += count;
        size_ += count;
        bytes = bytes.subspan(count);
    }
}

std::uint8_t* AppendBuffer::append_packet(std::size_t count) {
    Block& block = block_with_room_for(count);
    std::uint8_t* const at = block.bytes.get() + block.used;
    block.used += count;
    size_ += count;
    return at;
}

std::vector<BytesView> AppendBuffer::slices(std::size_t offset, std::size_t length) const {
    ENSURE(offset <= size_ && length <= size_ - offset);
    std::vector<BytesView> out;
    auto block = std::ranges::upper_bound(blocks_, offset, {}, &Block::start);
    if (block != blocks_.begin()) --block;
    for (; length > 0; ++block) {
        const std::size_t skip = offset - block->start;
        const std::size_t count = std::min(length, block->used - skip);
        out.emplace_back(block->bytes.get() + skip, count);
        offset += count;
        length -= count;
    }
    return out;
}

}  // namespace oxbow
