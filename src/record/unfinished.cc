#include "record/unfinished.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "record/recording_objects.h"
#include "record/segment_log.h"

namespace oxbow::record {
namespace {

/// The segments that were written, of chunks that are objects or can be made objects: the log of
/// the spool knows them all; without it, what the bucket's playlist lists.
Result<std::vector<Chunk>> written_chunks(const RecordingPlace& place,
                                          const catalog::Recording& row) {
    const auto logged = read_segment_log(place.spool / row.id.str());
    if (logged && !logged->empty()) return *logged;
    const auto text = place.store.get(byte_range_playlist_key(row));
    if (!text) return std::unexpected(text.error());
    auto listed = read_byte_range_playlist(*text);
    if (!listed) return std::unexpected(listed.error());
    return std::move(listed->chunks);
}

/// Whether the chunk is an object, or has become one: the open chunk is cut at its last whole
/// segment.
bool is_object(const RecordingPlace& place, const catalog::Recording& row, const Chunk& chunk) {
    const std::string key = ivs::chunk_key(row.prefix, row.rendition, chunk.number);
    const auto object = place.store.head(key);
    if (object) return object->size == chunk.bytes();

    const auto file = place.spool / row.id.str() / fmt::format("{}.ts", chunk.number);
    std::error_code error;
    if (std::filesystem::file_size(file, error) < chunk.bytes() || error) return false;
    std::filesystem::resize_file(file, chunk.bytes(), error);
    return !error && place.store.adopt(file, key).has_value();
}

/// Ends the rendition playlists with every chunk that is there, up to the first that is not.
Result<void> end_playlists(const RecordingPlace& place, catalog::Recording& row) {
    const auto chunks = written_chunks(place, row);
    if (!chunks) return std::unexpected(chunks.error());
    RecordingPlaylists playlists;
    row.bytes = 0;
    for (const Chunk& chunk : *chunks) {
        if (!is_object(place, row, chunk)) break;
        playlists.append(chunk);
        row.bytes += chunk.bytes();
        const ByteRangeEntry& last = chunk.segments.back();
        row.ended_at =
            last.program_date_time + std::chrono::milliseconds{milliseconds(last.duration)};
    }
    row.duration = std::chrono::milliseconds{milliseconds(playlists.total())};
    return put_playlists(place, row, playlists, true);
}

Result<void> put_failed_event(const RecordingPlace& place, const catalog::Recording& row) {
    const auto started =
        place.store.get(ivs::recording_started_key(row.prefix), ivs::kMetadataBytesMax);
    if (!started) return std::unexpected(started.error());
    auto metadata = ivs::read_recording_metadata(*started);
    if (!metadata) return std::unexpected(metadata.error());
    metadata->status = ivs::name_of(row.status);
    metadata->status_message = row.status_message;
    metadata->ended_at = row.ended_at;
    metadata->duration = row.duration;
    return put_metadata(place, ivs::recording_failed_key(row.prefix), *metadata);
}

/// Ends one recording as far as its objects let. Its row is ended whatever is missing: one that can
/// neither go on nor be deleted would help nobody.
///
/// Errors: Unavailable  the disk takes nothing now: it is as it was, for the next start to end.
Result<void> end_one(const RecordingPlace& place, catalog::Recording row) {
    row.status = catalog::RecordingStatus::EndedWithFailure;
    row.status_message = "InternalServerException";
    row.ended_at = place.clock.wall();
    const auto playlists = end_playlists(place, row);
    const auto event = playlists ? put_failed_event(place, row) : playlists;
    if (!event && event.error().code == ErrorCode::Unavailable) return event;
    if (auto updated = place.catalog.update_recording(row); !updated) return updated;
    return event;
}

}  // namespace

Result<std::set<std::string>> end_unfinished_recordings(const RecordingPlace& place,
                                                        const std::set<std::string>& passed_over) {
    const auto unfinished = place.catalog.unfinished_recordings();
    if (!unfinished) return std::unexpected(unfinished.error());
    std::set<std::string> kept;
    for (const catalog::Recording& row : *unfinished) {
        if (passed_over.contains(row.id.str())) continue;
        const auto ended = end_one(place, row);
        if (!ended && ended.error().code == ErrorCode::Unavailable) {
            log::error(
                "[channel {}] [recording {}] was cut off and cannot be ended now ({}): mend that "
                "and start again, until then it is kept as it is",
                row.channel.view(), row.id.view(), ended.error().what);
            kept.insert(row.id.str());
        } else if (!ended) {
            log::error("[channel {}] [recording {}] was cut off and is not whole: {}",
                       row.channel.view(), row.id.view(), ended.error().what);
        } else {
            log::warning(
                "[channel {}] [recording {}] was cut off and has no journal; it is ended with "
                "every segment that is there",
                row.channel.view(), row.id.view());
        }
    }
    return kept;
}

}  // namespace oxbow::record
