#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "edge/open_objects.h"
#include "edge/wall_range.h"

namespace oxbow::edge {

/// What a viewer asks of /channels/{CHANNEL_ID}/thumbnails.json.
struct ThumbnailQuery {
    ChannelId channel;
    std::optional<RecordingId> recording;  // nullopt: the newest; with a time, all of the channel
    std::optional<WallRange> range;        // nullopt: of whatever time
    struct Place {
        RecordingId recording;
        WallTime page;
    };
    std::optional<Place> next;  // where the answer before this one ended
};

/// Reads ?recording=, ?from=, ?to= (RFC 3339, or milliseconds since 1970) and ?nextToken=.
///
/// Errors: Malformed  a value that is none of these; names the parameter.
Result<ThumbnailQuery> read_thumbnail_query(std::string_view query, ChannelId channel);

/// The body of the answer: thumbnails by time, as many as are in kThumbnailPagesMax pages of the
/// index and no more than kThumbnailsMax and a page, and from where to ask for the next.
///
/// It is read from the bucket: the same while a recording grows, after its end and after a restart.
/// Blocks on the database and the store.
///
/// In:     `mount` before every path, "" or "/p/AQ...".
/// Errors: NotFound  the channel has no such recording; others as the catalogue's.
Result<std::string> thumbnails_json(catalog::Catalog& catalog, OpenObjects& objects,
                                    const ThumbnailQuery& query, WallTime now,
                                    std::string_view mount = {});

/// Of one answer. A page is whole, so the last one may add a page's thumbnails.
inline constexpr std::size_t kThumbnailsMax = 1'000;
inline constexpr std::size_t kThumbnailPagesMax = 100;
/// How many of a channel's recordings are looked at for the time that is asked for.
inline constexpr std::size_t kThumbnailRecordingsMax = 1'000;

}  // namespace oxbow::edge
