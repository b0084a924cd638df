#include <fmt/format.h>

#include "base/log.h"
#include "record/recorder.h"

namespace oxbow::record {
namespace {

/// Rewrites the rendition playlists of `row` from what the bucket's byte-range playlist lists.
Result<MediaTime> end_playlists(const RecordingPlace& place, const catalog::Recording& row) {
    const std::string folder = fmt::format("{}/media/hls/{}/", row.prefix, row.rendition);
    const auto text = place.store.get(folder + "byte-range-variant.m3u8");
    if (!text) return std::unexpected(text.error());
    const auto listed = read_byte_range_playlist(*text);
    if (!listed) return std::unexpected(listed.error());

    RecordingPlaylists playlists;
    for (const Chunk& chunk : listed->chunks) playlists.append(chunk);
    const std::string standard = playlists.standard(place.clock.wall(), true);
    const auto put = place.store.put(folder + "playlist.m3u8", as_bytes(standard));
    if (!put) return std::unexpected(put.error());
    const auto put_ranges = place.store.put(folder + "byte-range-variant.m3u8", as_bytes(playlists.byte_range(true)));
    if (!put_ranges) return std::unexpected(put_ranges.error());
    return playlists.total();
}

Result<void> end_one(const RecordingPlace& place, catalog::Recording row) {
    const auto total = end_playlists(place, row);
    if (!total) return std::unexpected(total.error());
    const auto started = place.store.get(ivs::recording_started_key(row.prefix), ivs::kMetadataBytesMax);
    if (!started) return std::unexpected(started.error());
    auto metadata = ivs::read_recording_metadata(*started);
    if (!metadata) return std::unexpected(metadata.error());

    row.status = catalog::RecordingStatus::EndedWithFailure;
    row.status_message = "InternalServerException";
    row.duration = std::chrono::milliseconds{milliseconds(*total)};
    row.ended_at = place.clock.wall();
    metadata->status = "RECORDING_ENDED_WITH_FAILURE";
    metadata->status_message = row.status_message;
    metadata->ended_at = row.ended_at;
    metadata->duration = row.duration;
    const auto put = place.store.put(ivs::recording_failed_key(row.prefix), as_bytes(ivs::to_json(*metadata)));
    if (!put) return std::unexpected(put.error());
    return place.catalog.update_recording(row);
}

}  // namespace

Result<std::size_t> end_unfinished_recordings(const RecordingPlace& place) {
    const auto unfinished = place.catalog.unfinished_recordings();
    if (!unfinished) return std::unexpected(unfinished.error());
    std::size_t ended = 0;
    for (const catalog::Recording& row : *unfinished) {
        const auto done = end_one(place, row);
        if (done) {
            ++ended;
            log::warning("[channel {}] [recording {}] was cut off by the end of an earlier process; ended with "
                         "what its playlists list", row.channel.view(), row.id.view());
        } else {
            log::error("[channel {}] [recording {}] cannot be ended: {}", row.channel.view(), row.id.view(),
                       done.error().what);
        }
    }
    std::error_code ignored;
    std::filesystem::remove_all(place.spool, ignored);
    return ended;
}

}  // namespace oxbow::record
