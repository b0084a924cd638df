#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/times.h"
#include "packager/playlists.h"

namespace oxbow {

/// Where and when a live segment of a recording is.
struct SegmentPlace {
    WallTime start;
    std::chrono::milliseconds duration{};
    std::uint64_t chunk = 0;  // "17.ts"
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool discontinuity = false;  // before it

    bool operator==(const SegmentPlace&) const = default;
    WallTime end() const { return start + duration; }
};

/// The live segments of one recording by number and by time, 32 bytes each: a million are searched
/// in twenty steps.
class SegmentIndex {
public:
    /// In: chunks as they follow. A segment that would start before the one before it is taken to
    /// start with it.
    void append(const std::vector<Chunk>& chunks);

    std::size_t size() const { return entries_.size(); }
    /// Of the media, without the holes between.
    std::chrono::milliseconds duration() const;
    std::size_t bytes() const { return entries_.size() * kEntryBytes; }
    SegmentPlace at(std::size_t number) const;

    /// The numbers [first, last) of a run of segments.
    struct Run {
        std::size_t first = 0;
        std::size_t last = 0;
        bool empty() const { return first >= last; }
        bool operator==(const Run&) const = default;
    };
    /// Those of which some moment lies in [from, to). A hole between two segments has none.
    Run between(WallTime from, WallTime to) const;

    /// The index as bytes, and back. In: `etag` of the playlist from which it was made, without
    /// which it says nothing. Out: nullopt where the bytes are not the index of that etag.
    Bytes encode(std::string_view etag) const;
    static std::optional<SegmentIndex> decode(BytesView bytes, std::string_view etag);

    static constexpr std::size_t kEntryBytes = 32;

private:
    struct Entry {
        std::int64_t start_ms;
        std::uint64_t offset;
        std::uint64_t length;
        std::uint32_t chunk;
        std::uint32_t duration_ms;  // and kDiscontinuity
    };
    static_assert(sizeof(Entry) == kEntryBytes);
    static constexpr std::uint32_t kDiscontinuity = 0x8000'0000;

    static WallTime end_of(const Entry& entry);

    std::vector<Entry> entries_;
};

}  // namespace oxbow
