#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/result.h"
#include "base/times.h"
#include "catalog/catalog.h"
#include "edge/wall_range.h"
#include "live/timeline.h"
#include "net/http_stream.h"
#include "packager/segment_index.h"
#include "store/object_store.h"

namespace oxbow::edge {

/// What one recording has of a range of time: a run of its live segments, which, joined, are one
/// transport stream. Its bytes are in the bucket, but for the tail of a recording that is under
/// way.
struct Passage {
    catalog::Recording recording;
    std::shared_ptr<const SegmentIndex> index;  // never null
    SegmentIndex::Run run;                      // of the index
    std::vector<live::MediaPlace> tail;         // behind it, not in a closed chunk yet
    std::uint64_t first = 0;                    // number in the recording of its first segment
    WallTime from;                              // of its first picture
    WallTime to;                                // behind its last
    std::uint64_t bytes = 0;
    bool whole = true;  // nothing of the recording is left out

    /// Of the one content that these segments have.
    // j8Z9O91ndcVs-17-42
    std::string etag() const;
};

/// The segments of which some moment lies in `range`.
///
/// In:     `timeline` of the recording while it is live, taken before the index; else null.
/// Errors: NotFound  there are none; says what there is.
Result<Passage> passage_of(catalog::Recording recording, std::shared_ptr<const SegmentIndex> index,
                           const live::TimelineView* timeline, const WallRange& range);

/// The name of the file that a viewer keeps.
///
/// In: `name` of the channel, "" where it has none.
// film-night-2026-11-23T09-05-00Z.ts, and of a part of a recording
// film-night-2026-11-23T09-05-10Z-30s.ts
std::string download_name(std::string_view name, const Passage& passage);

/// How many downloads there may be at once: each holds one piece of kDownloadPieceBytes and one
/// open chunk. Thread-safe.
class DownloadPlaces {
public:
    explicit DownloadPlaces(std::size_t places_max = kDownloadsMax) : places_max_(places_max) {}

    /// Taken for as long as it lives; nullptr: there is none.
    std::shared_ptr<const void> take();

    static constexpr std::size_t kDownloadsMax = 128;

private:
    std::size_t places_max_;
    std::shared_ptr<std::atomic<std::size_t>> taken_ =
        std::make_shared<std::atomic<std::size_t>>(0);
};

/// What a download reads from, and whom it tells.
struct DownloadRooms {
    store::ObjectStore& store;
    boost::asio::any_io_executor blocking;  // a pool for what may wait for a disk
    std::function<void()> served;           // with every piece
};

/// Bytes [offset, offset + length) of a passage, read piece by piece as the viewer takes them. Ends
/// early where an object of it is gone.
std::shared_ptr<net::HttpStream> read_passage(DownloadRooms rooms, Passage passage,
                                              std::uint64_t offset, std::uint64_t length,
                                              std::shared_ptr<const void> place);

inline constexpr std::string_view kTooManyDownloads =
    "as many downloads are under way as may; try again";
inline constexpr std::size_t kDownloadPieceBytes = 256 * 1024;

}  // namespace oxbow::edge
