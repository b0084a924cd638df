#pragma once

// The lines of low-latency HLS that live and rewind playlists share.

#include <span>
#include <string>
#include <string_view>

#include "packager/live_segment.h"
#include "packager/playlists.h"

namespace oxbow {

inline constexpr int kPlainVersion = 3;
inline constexpr int kPartsVersion = 9;  // EXT-X-SKIP

enum class Skips { No, Yes };

// #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.230,HOLD-BACK=18
// #EXT-X-PART-INF:PART-TARGET=0.410
void append_part_information(std::string& out, Skips skips, int target_seconds);

// #EXT-X-PART:DURATION=0.400,URI="../../../seg/AsXego4U6tnj/st-1F/mp3k9a-p12.ts",INDEPENDENT=YES
void append_parts(std::string& out, std::string_view root, std::string_view part_path,
                  std::span<const SegmentPart> parts);

/// The parts of the open segment, and the hint of the next.
void append_open_parts(std::string& out, std::string_view root, const OpenParts& open);

}  // namespace oxbow
