#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "media/access_unit.h"
#include "packager/playlists.h"

namespace oxbow::record {

/// The bits per second of a stream's segments: one number of a constant rate, far apart where
/// pictures are coded as they need it. Both 0: not known.
struct BitRates {
    std::uint64_t least = 0;
    std::uint64_t most = 0;

    void widen(std::uint64_t bits_per_second);
};

/// What of a stream decides whether another one continues its recording.
struct StreamTraits {
    std::string
        codecs;     // "avc1,mp4a.40.2": of pictures without profile and level, which may differ
    int width = 0;  // 0: no pictures
    int height = 0;
    double frame_rate = 0;
    std::uint64_t declared_bits_per_second = 0;  // by its encoder; 0: it did not say
    BitRates measured;
};

/// All but the bit rates.
StreamTraits traits_of(const Variant& variant);

/// Picture and sound together; 0 where no picture's rate is said, or none that can be believed.
std::uint64_t declared_bits_per_second(const StreamMetadata& metadata);

/// Whether `next` may be merged into the recording that `original` began: the same tracks, codecs,
/// size and frame rate, and a bit rate within 50 %. Where both encoders say theirs those count,
/// because they do not depend on the picture; else what was measured: a new stream has shown one
/// segment only, which may differ from any of the original's.
///
/// Out:    nullopt when it may; else why not, for the log.
/// Source: Amazon IVS user guide, "Merge Fragmented Streams".
std::optional<std::string> why_not_merged(const StreamTraits& original, const StreamTraits& next);

}  // namespace oxbow::record
