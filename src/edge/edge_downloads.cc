#include <utility>

#include <fmt/format.h>

#include "edge/blocking.h"
#include "edge/edge.h"
#include "edge/path_pieces.h"

// Recordings, and ranges of them, as files.

namespace oxbow::edge {

// j8Z9O91ndcVs.ts
net::HttpAnswer Edge::download(const net::HttpRequest& request, std::string_view name) {
    const auto id = before(name, ".ts");
    if (!id || id->contains('/'))
        return responses_.error(request, 404, "a download is /recordings/{recordingId}.ts");
    const auto range = wall_range(request.query, "start", "end");
    if (!range) return responses_.error(request, range.error());
    return loaded_download(request, RecordingId{std::string{*id}}, *range);
}

Edge::Later Edge::loaded_download(const net::HttpRequest& request, RecordingId recording,
                                  WallRange range) {
    auto place = downloads_.take();
    if (!place) {
        net::HttpResponse full = responses_.error(request, 503, kTooManyDownloads);
        full.extra_headers += "Retry-After: 10\r\n";
        co_return full;
    }
    auto found = co_await in_blocking_pool(
        rooms_.blocking, [this, &recording, &range] { return passage(recording, range); });
    if (!found) {
        if (found.error().code == ErrorCode::NotFound)
            co_return responses_.error(request, 404, found.error().what);
        co_return not_read(request, found.error(), "this recording cannot be read");
    }
    const Responses::Download file{.content_type = kSegmentType,
                                   .etag = found->etag(),
                                   .name = name_of(*found),
                                   .size = found->bytes};
    const DownloadRooms rooms{
        .store = rooms_.store,
        .blocking = rooms_.blocking,
        .served = [&served = rooms_.served, recording] { served.note(recording.view()); }};
    co_return responses_.download(request, file, [&](std::uint64_t offset, std::uint64_t length) {
        return read_passage(rooms, *std::move(found), offset, length, std::move(place));
    });
}

/// May block on the bucket, the database and the disk.
Result<Passage> Edge::passage(const RecordingId& recording, const WallRange& range) {
    auto row = rooms_.catalog.recording(recording);
    if (!row) return std::unexpected(row.error());
    if (!row->deleting.empty()) return fail(ErrorCode::NotFound, "there is no such recording");
    // In this order: what leaves the memory of the live channel is in a playlist before.
    const auto view = rooms_.channels.get(row->channel);
    Timeline timeline = view ? view->timeline_of(recording) : nullptr;
    if (timeline && timeline->ended) timeline = nullptr;
    auto index = rooms_.ranges.index(*row);
    const bool is_missing = !index && index.error().code == ErrorCode::NotFound;
    if (is_missing && !timeline) return fail(ErrorCode::NotFound, "this recording is gone");
    if (!index && !is_missing) return std::unexpected(index.error());
    return passage_of(*std::move(row), index ? *index : std::make_shared<const SegmentIndex>(),
                      timeline.get(), range);
}

std::string Edge::name_of(const Passage& passage) const {
    const auto directory = rooms_.catalog.directory();
    const auto channel = directory->channels.find(passage.recording.channel);
    const bool is_named = channel != directory->channels.end();
    return download_name(is_named ? channel->second.name : std::string{}, passage);
}

}  // namespace oxbow::edge
