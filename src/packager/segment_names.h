#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oxbow {

/// The epoch of names that say no more than the index: "bucket-57". No process ever has this one.
inline constexpr std::string_view kIndexEpoch = "bucket";

/// What the live segments of a recording are called: the segment at each index of its playlists has
/// a number and the epoch of the process that named it. "0:mp3k9a,57:mp4b1c,80+2:mp4b1c" means:
/// those at 0 to 56 are mp3k9a-0 to mp3k9a-56; the next 23 mp4b1c-57 to mp4b1c-79; from index 80 on
/// numbers are two higher, because two segments were live that the recording does not hold.
class SegmentNames {
public:
    struct Name {
        std::string_view epoch;  // lives as long as this
        std::uint64_t number = 0;
    };

    SegmentNames() = default;
    /// Parts that are not as above are passed over: their segments are not found by name.
    explicit SegmentNames(std::string_view text);
    /// Every segment is called by its index.
    static SegmentNames by_index();

    /// From `index` on, which is behind all before, names begin with `number` and carry `epoch`.
    /// In: `number` not below `index`.
    void add(std::uint64_t index, std::uint64_t number, std::string epoch);

    /// From `index` on all are called by it: what was known of them is not so any more.
    void cut(std::uint64_t index);

    /// Out: an empty epoch where none is known.
    Name of(std::uint64_t index) const;
    /// The index of the segment with this name; nullopt: there is none and never will be.
    std::optional<std::uint64_t> index_of(std::string_view epoch, std::uint64_t number) const;

    std::string text() const;
    std::size_t parts() const { return parts_.size(); }

private:
    struct Part {
        std::uint64_t index;
        std::uint64_t ahead;  // number minus index
        std::string epoch;
    };
    std::vector<Part> parts_;
};

}  // namespace oxbow
