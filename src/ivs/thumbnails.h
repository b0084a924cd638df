#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/snapshots.h"
#include "base/times.h"

namespace oxbow::ivs {

struct Resolution {
    int width = 0;  // pixels
    int height = 0;

    friend bool operator==(const Resolution&, const Resolution&) = default;
};

/// How large the thumbnails of a picture of `source` pixels are.
///
/// In:     the resolution of a recording configuration: "FULL_HD", "HD", "SD", "LOWEST_RESOLUTION",
///         or "" for the source's.
/// Out:    never more than the source's: what it has not, a thumbnail cannot show. Widths are
///         multiples of four, as those of Amazon's renditions are (852x480, 284x160).
/// Source: Amazon IVS API, ThumbnailConfiguration; real recordings.
Resolution thumbnail_resolution(std::string_view name, Resolution source);

// "media/thumbnails", below the prefix of the recording
inline constexpr std::string_view kThumbnailsPath = "media/thumbnails";
inline constexpr std::string_view kLatestThumbnailPath = "media/latest_thumbnail/thumb.jpg";

// <prefix>/media/thumbnails/thumb17.jpg
std::string thumbnail_key(std::string_view prefix, std::uint64_t number);
// <prefix>/media/latest_thumbnail/thumb.jpg
std::string latest_thumbnail_key(std::string_view prefix);
/// Whether `key` is one that thumbnail_key() makes: it never changes.
bool is_thumbnail_key(std::string_view key);

/// One thumbnail on the timeline of its recording.
struct Thumbnail {
    std::optional<std::uint64_t> number;  // nullopt: it is the latest thumbnail, and no other
    WallTime time;                        // when its picture was shown
    std::chrono::milliseconds offset{};   // from the beginning of the recording's media

    friend bool operator==(const Thumbnail&, const Thumbnail&) = default;
};

/// Which thumbnails there are in ten minutes of a recording. Ours, beside the layout of Amazon IVS,
/// whose file names tell no times.
struct ThumbnailPage {
    Resolution resolution;
    std::vector<Thumbnail> thumbnails;  // by time

    friend bool operator==(const ThumbnailPage&, const ThumbnailPage&) = default;
};

inline constexpr std::chrono::minutes kThumbnailPageTime{10};
inline constexpr std::size_t kThumbnailsPerPageMax = 1'000;  // one a second are 600
inline constexpr std::size_t kThumbnailPageBytesMax = 256 * 1024;

/// The page of a recording that has a latest thumbnail alone: of whatever time.
inline constexpr WallTime kLatestThumbnailPage{};

/// The beginning of the page to which `time` belongs, of whatever recording.
WallTime thumbnail_page_of(WallTime time);
// <prefix>/media/thumbnail_index/1764142200.json      (seconds since 1970 at the page's beginning)
std::string thumbnail_page_key(std::string_view prefix, WallTime page);
// <prefix>/media/thumbnail_index/
std::string thumbnail_pages_prefix(std::string_view prefix);

std::string to_json(const ThumbnailPage& page);

/// Errors: Malformed      not such a page, or its thumbnails are not in the order of time.
///         LimitExceeded  more than kThumbnailPageBytesMax or kThumbnailsPerPageMax.
Result<ThumbnailPage> read_thumbnail_page(std::string_view json);

/// The newest thumbnail that a channel has.
struct NewestThumbnail {
    RecordingId recording;
    std::string key;
    WallTime time;
    Resolution resolution;
};
using NewestThumbnails = Snapshots<ChannelId, NewestThumbnail>;

}  // namespace oxbow::ivs
