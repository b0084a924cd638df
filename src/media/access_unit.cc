#include "media/access_unit.h"

#include <fmt/format.h>

namespace oxbow {

std::string codec_string(const VideoParameters& video) {
    return fmt::format("avc1.{:02X}{:02X}{:02X}", video.profile_idc, video.constraint_flags,
                       video.level_idc);
}

std::string codec_string(const AudioParameters& audio) {
    return fmt::format("mp4a.40.{}", audio.object_type);
}

}  // namespace oxbow
