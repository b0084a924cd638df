#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "packager/live_segment.h"

namespace oxbow {

/// Copies the first key frame out of a live segment: one access unit in Annex B form, parameter
/// sets included, so that it can be decoded by itself.
///
/// Errors: NotFound       the segment has none.
///         LimitExceeded  it has more than `bytes_max`.
/// Source: ISO/IEC 13818-1 §2.4.3 (packets, PES); ours alone are read, as MpegTsMuxer writes them.
Result<Bytes> key_frame_of(const LiveSegment& segment, std::size_t bytes_max);

}  // namespace oxbow
