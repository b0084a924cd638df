#include "packager/key_frame.h"

#include <fmt/format.h>

#include "base/ensure.h"
#include "packager/mpegts.h"

namespace oxbow {
namespace {

constexpr std::size_t kTsHeaderBytes = 4;
constexpr std::size_t kPesHeaderBytes = 9;  // and the times behind it

std::uint16_t pid_of(BytesView packet) {
    return static_cast<std::uint16_t>((packet[1] & 0x1f) << 8 | packet[2]);
}
bool starts_pes(BytesView packet) {
    return (packet[1] & 0x40) != 0;
}

/// What a packet of a picture carries, without adaptation field and PES header.
BytesView payload_of(BytesView packet) {
    std::size_t at = kTsHeaderBytes;
    if ((packet[3] & 0x20) != 0) at += 1U + packet[4];
    if (starts_pes(packet)) at += kPesHeaderBytes + packet[at + kPesHeaderBytes - 1];
    ENSURE(at <= packet.size());
    return packet.subspan(at);
}

}  // namespace

Result<Bytes> key_frame_of(const LiveSegment& segment, std::size_t bytes_max) {
    if (!segment.key_frame) return fail(ErrorCode::NotFound, "the segment has no key frame");
    const std::size_t offset = segment.key_frame->offset;
    Bytes out;
    bool inside = false;
    for (BytesView slice : segment.bytes.slices(offset, segment.bytes.size() - offset)) {
        for (; slice.size() >= MpegTsMuxer::kPacketBytes;
             slice = slice.subspan(MpegTsMuxer::kPacketBytes)) {
            const BytesView packet = slice.first(MpegTsMuxer::kPacketBytes);
            if (pid_of(packet) != MpegTsMuxer::kVideoPid) continue;
            if (starts_pes(packet) && inside) return out;
            inside = true;
            append(out, payload_of(packet));
            if (out.size() > bytes_max) {
                return fail(ErrorCode::LimitExceeded,
                            fmt::format("the key frame has more than {} bytes", bytes_max));
            }
        }
    }
    return out;
}

}  // namespace oxbow
