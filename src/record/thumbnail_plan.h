#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/times.h"
#include "catalog/catalog.h"
#include "ivs/recording_metadata.h"
#include "ivs/thumbnails.h"
#include "packager/live_segment.h"

namespace oxbow::record {

/// Which thumbnails a recording is to have.
struct ThumbnailSettings {
    std::chrono::seconds interval{60};
    std::string resolution;  // of the recording configuration; "": the source's
    bool sequential = true;  // thumb0.jpg, thumb1.jpg, ...
    bool latest = false;     // thumb.jpg, replaced each time
};

/// Out: nullopt: the configuration wants none.
std::optional<ThumbnailSettings> thumbnail_settings(
    const catalog::RecordingConfiguration& configuration);

/// Says in the metadata of a recording of pictures of `source` pixels where its thumbnails are.
void add_thumbnails(ivs::RecordingMetadata& metadata, const ThumbnailSettings& settings,
                    ivs::Resolution source);

/// Chooses the key frames of one recording that become thumbnails: the first at or after each
/// multiple of the interval, so that key frames that come at odd times do not stretch it.
///
/// In: every segment of the recording, in order.
class ThumbnailSchedule {
public:
    /// In: `recorded`: how much the recording holds already.
    explicit ThumbnailSchedule(std::chrono::seconds interval, MediaTime recorded = MediaTime{0})
        : interval_(interval), recorded_(recorded) {}

    /// Out: how far from the beginning of the recording's media the key frame of the segment is,
    /// when a thumbnail is to be made of it.
    std::optional<MediaTime> take(const LiveSegment& segment);

private:
    MediaTime interval_;
    MediaTime recorded_;
    MediaTime due_{0};
};

}  // namespace oxbow::record
