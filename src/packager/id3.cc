#include "packager/id3.h"

#include "base/ensure.h"

namespace oxbow {
namespace {

constexpr std::size_t kSizeMax = (std::size_t{1} << 28) - 1;
constexpr std::size_t kFrameHeaderBytes = 10;

/// A size of seven bits a byte, so that no byte of it looks like the sync word of MPEG audio.
void append_synchsafe(Bytes& out, std::size_t size) {
    ENSURE(size <= kSizeMax);
    for (const int shift : {21, 14, 7, 0})
        out.push_back(static_cast<std::uint8_t>(size >> shift & 0x7f));
}

}  // namespace

// "ID3" 04 00 00 00 00 00 23   "PRIV" 00 00 00 19 00 00   "metadata.live-video.net" 00 "m"
Bytes id3_private(std::string_view owner, BytesView data) {
    const std::size_t frame_bytes = owner.size() + 1 + data.size();
    Bytes tag;
    append(tag, as_bytes("ID3"));
    append(tag, Bytes{4, 0, 0});  // version 2.4.0, no flags
    append_synchsafe(tag, kFrameHeaderBytes + frame_bytes);
    append(tag, as_bytes("PRIV"));
    append_synchsafe(tag, frame_bytes);
    append(tag, Bytes{0, 0});  // no flags
    append(tag, as_bytes(owner));
    tag.push_back(0);
    append(tag, data);
    return tag;
}

}  // namespace oxbow
