#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace oxbow {

/// Who the sender is, to a player, of text that came by PutMetadata.
inline constexpr std::string_view kPutMetadataOwner = "metadata.live-video.net";

/// An ID3v2.4 tag with one PRIV frame: `data` as its owner gave it.
///
/// In:     an owner in ASCII, without NUL; together less than 256 MiB.
/// Source: ID3 tag version 2.4.0, main structure §3.1, §4, §6.2; native frames §4.27.
Bytes id3_private(std::string_view owner, BytesView data);

}  // namespace oxbow
