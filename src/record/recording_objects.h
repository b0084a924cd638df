#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/catalog.h"
#include "ivs/recording_metadata.h"
#include "packager/playlists.h"
#include "record/recording.h"
#include "record/thumbnail_plan.h"

namespace oxbow::record {

// What a recording has in the bucket beside its chunks: where it lies and what it says, for the
// recording that is under way and for those that an earlier process left.
//
// Errors of all: those of the store.

/// "<prefix>/media/hls/<rendition>/byte-range-variant.m3u8"
std::string byte_range_playlist_key(const catalog::Recording& row);

/// Both playlists of the rendition.
Result<void> put_playlists(const RecordingPlace& place, const catalog::Recording& row,
                           const RecordingPlaylists& playlists, bool ended);

/// Both multivariant playlists. In: `variant` with any path.
Result<void> put_multivariants(const RecordingPlace& place, const catalog::Recording& row,
                               std::string_view account, Variant variant);

/// What events/*.json say of the recording as its row is now.
ivs::RecordingMetadata metadata_of(const catalog::Recording& row, std::string_view region,
                                   std::string_view account, const Variant& variant,
                                   const std::optional<ThumbnailSettings>& thumbnails);

Result<void> put_metadata(const RecordingPlace& place, const std::string& key,
                          const ivs::RecordingMetadata& metadata);

/// Removes every object of the recording, of which nobody knows.
Result<void> remove_objects(const RecordingPlace& place, const catalog::Recording& row);

}  // namespace oxbow::record
