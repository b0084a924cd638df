#include "packager/segment_index.h"

#include <algorithm>
#include <cstring>

namespace oxbow {
namespace {

// The version stands in the name: other bytes are another version's, and made anew.
constexpr std::string_view kMagic = "oxbow-index-1\n..";
static_assert(kMagic.size() == 16);
constexpr std::size_t kEtagBytes = 48;  // padded with zeros
constexpr std::size_t kHeadBytes = 16 + kEtagBytes;

std::string head_of(std::string_view etag) {
    std::string head{kMagic};
    head += etag.substr(0, kEtagBytes);
    head.resize(kHeadBytes, '\0');
    return head;
}

WallTime wall(std::int64_t ms) {
    return WallTime{std::chrono::milliseconds{ms}};
}

}  // namespace

WallTime SegmentIndex::end_of(const Entry& entry) {
    return wall(entry.start_ms) + std::chrono::milliseconds{entry.duration_ms & ~kDiscontinuity};
}

void SegmentIndex::append(const std::vector<Chunk>& chunks) {
    for (const Chunk& chunk : chunks) {
        for (const ByteRangeEntry& segment : chunk.segments) {
            const auto start = segment.program_date_time.time_since_epoch().count();
            const bool discontinuity = chunk.discontinuity && segment.offset == 0;
            entries_.push_back(
                {.start_ms = entries_.empty() ? start : std::max(start, entries_.back().start_ms),
                 .offset = segment.offset,
                 .length = segment.length,
                 .chunk = static_cast<std::uint32_t>(chunk.number),
                 .duration_ms = static_cast<std::uint32_t>(milliseconds(segment.duration)) |
                                (discontinuity ? kDiscontinuity : 0)});
        }
    }
}

std::chrono::milliseconds SegmentIndex::duration() const {
    std::chrono::milliseconds out{0};
    for (const Entry& entry : entries_)
        out += std::chrono::milliseconds{entry.duration_ms & ~kDiscontinuity};
    return out;
}

SegmentPlace SegmentIndex::at(std::size_t number) const {
    const Entry& entry = entries_.at(number);
    return {.start = wall(entry.start_ms),
            .duration = std::chrono::milliseconds{entry.duration_ms & ~kDiscontinuity},
            .chunk = entry.chunk,
            .offset = entry.offset,
            .length = entry.length,
            .discontinuity = (entry.duration_ms & kDiscontinuity) != 0};
}

SegmentIndex::Run SegmentIndex::between(WallTime from, WallTime to) const {
    const auto start = [](const Entry& entry) { return wall(entry.start_ms); };
    const auto behind = std::ranges::lower_bound(entries_, to, {}, start);
    auto first = std::ranges::upper_bound(entries_, from, {}, start);
    // One step, but for segments that start together.
    while (first != entries_.begin() && end_of(*(first - 1)) > from) --first;
    const auto number = [this](auto entry) {
        return static_cast<std::size_t>(entry - entries_.begin());
    };
    if (from >= to || first >= behind) return {};
    return {.first = number(first), .last = number(behind)};
}

// magic, etag, entries as the machine has them: a cache is not carried to another machine
Bytes SegmentIndex::encode(std::string_view etag) const {
    const std::string head = head_of(etag);
    Bytes out(head.size() + bytes());
    std::memcpy(out.data(), head.data(), head.size());
    if (!entries_.empty()) std::memcpy(out.data() + head.size(), entries_.data(), bytes());
    return out;
}

std::optional<SegmentIndex> SegmentIndex::decode(BytesView bytes, std::string_view etag) {
    const bool of_etag = bytes.size() >= kHeadBytes && etag.size() <= kEtagBytes &&
                         as_text(bytes.first(kHeadBytes)) == head_of(etag);
    if (!of_etag || (bytes.size() - kHeadBytes) % kEntryBytes != 0) return std::nullopt;
    SegmentIndex out;
    out.entries_.resize((bytes.size() - kHeadBytes) / kEntryBytes);
    if (!out.entries_.empty())
        std::memcpy(out.entries_.data(), bytes.data() + kHeadBytes, out.bytes());
    if (!std::ranges::is_sorted(out.entries_, {}, &Entry::start_ms)) return std::nullopt;
    return out;
}

}  // namespace oxbow
