#include "record/thumbnail_plan.h"

#include <algorithm>

namespace oxbow::record {

std::optional<ThumbnailSettings> thumbnail_settings(
    const catalog::RecordingConfiguration& configuration) {
    if (configuration.thumbnail_mode != "INTERVAL") return std::nullopt;
    const auto stored = [&storage = configuration.thumbnail_storage](std::string_view name) {
        return std::ranges::find(storage, name) != storage.end();
    };
    return ThumbnailSettings{.interval = configuration.thumbnail_interval,
                             .resolution = configuration.thumbnail_resolution,
                             .sequential = stored("SEQUENTIAL"),
                             .latest = stored("LATEST")};
}

void add_thumbnails(ivs::RecordingMetadata& metadata, const ThumbnailSettings& settings,
                    ivs::Resolution source) {
    if (source.width <= 0 || source.height <= 0) return;  // sound alone
    const ivs::Resolution size = ivs::thumbnail_resolution(settings.resolution, source);
    const auto at = [size](std::string_view path) {
        return ivs::ThumbnailMetadata{
            .path = std::string{path}, .width = size.width, .height = size.height};
    };
    if (settings.sequential) metadata.thumbnails = at(ivs::kThumbnailsPath);
    if (settings.latest) metadata.latest_thumbnail = at(ivs::kLatestThumbnailPath);
}

std::optional<MediaTime> ThumbnailSchedule::take(const LiveSegment& segment) {
    const MediaTime begins = recorded_;
    recorded_ += segment.duration;
    if (!segment.key_frame) return std::nullopt;
    const MediaTime at = begins + std::max(segment.key_frame->pts - segment.start, MediaTime{0});
    if (at < due_) return std::nullopt;
    due_ = (at / interval_ + 1) * interval_;
    return at;
}

}  // namespace oxbow::record
