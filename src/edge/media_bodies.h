#pragma once

#include <cstdint>

#include "live/timeline.h"
#include "net/http.h"

namespace oxbow::edge {

/// From here on sendfile is cheaper than to copy from memory, when measured.
inline constexpr std::uint64_t kSendfileBytesMin = 16 * 1024;

/// Of a segment that is written the region of its chunk file, which goes out without a copy; of one
/// that the disk has not taken yet, or a small one, the bytes in memory.
inline net::HttpBody body_of(const live::MediaPlace& media) {
    if (media.file.file && media.file.length >= kSendfileBytesMin) {
        return net::HttpBody::of_file(media.file);
    }
    net::HttpBody body;
    const auto slices = media.segment->bytes.slices();
    body.pieces.assign(slices.begin(), slices.end());
    body.owner = media.segment;
    return body;
}

}  // namespace oxbow::edge
