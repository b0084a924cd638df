#include "live/timeline.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::live {

bool PlaylistReach::holds(std::uint64_t segment, std::optional<std::uint64_t> part) const {
    if (!part || segment + 1 < segments) return segment < segments;
    if (segment == segments) return *part < open_parts;
    if (segment > segments) return false;
    return parts_of_newest == 0 || *part < parts_of_newest || open_parts > 0;
}

bool PlaylistReach::is_far_from(std::uint64_t segment, std::optional<std::uint64_t> part) const {
    if (segment > segments) return segment - segments > kSegmentsAheadMax;
    return part && segment == segments && *part >= open_parts + kPartsAheadMax;
}

OpenParts open_parts_of(const SharedParts& parts, std::string hint) {
    OpenParts open{.hint = std::move(hint)};
    if (parts.empty()) return open;
    // What does not change while it is open.
    const LiveSegment& segment = *parts.front()->segment;
    open.part_path = segment.part_path;
    open.program_date_time = segment.program_date_time;
    open.discontinuity = segment.discontinuity;
    for (const auto& part : parts) open.parts.push_back(part->part);
    return open;
}

std::string hint_of(const SharedParts& later, const std::string& next) {
    if (later.empty() || next.empty()) return next;
    const LivePart& first = *later.front();
    return part_uri(first.segment->part_path, first.part.number);
}

std::optional<std::uint64_t> TimelineView::index_of(std::string_view epoch,
                                                    std::uint64_t number) const {
    if (const auto index = names.index_of(epoch, number)) return index;
    if (const auto index = recorded_names.index_of(epoch, number)) return index;
    return by_index && epoch == kIndexEpoch ? std::optional{number} : std::nullopt;
}

const MediaPlace* TimelineView::held_segment(std::uint64_t index) const {
    if (!held || held->empty() || index < held->front().index) return nullptr;
    const std::uint64_t place = index - held->front().index;
    return place < held->size() ? &(*held)[place].media : nullptr;
}

const LiveSegment* TimelineView::newest_held() const {
    return held && !held->empty() ? held->back().media.segment.get() : nullptr;
}

Timeline::Timeline(Names names) : names_(std::move(names)), playlist_(names_.target_seconds) {
    segment_names_.add(0, 0, names_.epoch);
}

void Timeline::take_up(const std::vector<Chunk>& chunks, SegmentNames names,
                       std::uint64_t next_number) {
    ENSURE(playlist_.segments() == 0);
    for (const Chunk& chunk : chunks) {
        bool discontinuity = chunk.discontinuity;
        for (const ByteRangeEntry& entry : chunk.segments) {
            const auto name = names.of(playlist_.segments());
            playlist_.append(
                {.uri = fmt::format("{}{}", kRewindToRoot, uri(name.epoch, name.number)),
                 .duration = entry.duration,
                 .program_date_time = entry.program_date_time,
                 .discontinuity = discontinuity});
            located_.push_back({chunk.number, entry.offset, entry.length});
            discontinuity = false;
        }
    }
    segment_names_ = std::move(names);
    segment_names_.add(playlist_.segments(), next_number, names_.epoch);
    next_number_ = next_number;
    settled_ = next_number;
}

std::string Timeline::uri(std::string_view epoch, std::uint64_t number) const {
    return fmt::format("/seg/{}/{}/{}-{}.ts", names_.channel.view(), names_.recording.view(), epoch,
                       number);
}

void Timeline::list(std::uint64_t number, MediaPlace media) {
    const LiveSegment& segment = *media.segment;
    const std::uint64_t index = playlist_.segments();
    ENSURE(!ended_ && number >= segment_names_.of(index).number);
    const bool is_gap = number > segment_names_.of(index).number;
    if (is_gap) segment_names_.add(index, number, names_.epoch);
    playlist_.append({.uri = fmt::format("{}{}", kRewindToRoot, uri(number)),
                      .duration = segment.duration,
                      .program_date_time = segment.program_date_time,
                      .discontinuity = (segment.discontinuity || is_gap) && index > 0,
                      .segment = media.segment});
    parts_of_newest_ = segment.parts.size();
    settle(number);
    held_.push_back({index, std::move(media)});
    release_held();
}

void Timeline::add_parts(std::uint64_t number, std::span<const LivePart> parts, std::string next) {
    for (const LivePart& part : parts)
        parts_.push_back({number, std::make_shared<const LivePart>(part)});
    next_part_ = std::move(next);
}

void Timeline::lose(std::uint64_t number) {
    settle(number);
}

void Timeline::settle(std::uint64_t number) {
    settled_ = std::max(settled_, number + 1);
    std::erase_if(parts_, [this](const Part& part) { return part.number < settled_; });
}

bool Timeline::lists(std::uint64_t number) const {
    const auto index = segment_names_.index_of(names_.epoch, number);
    return index && *index < playlist_.segments();
}

void Timeline::locate(const Chunk& chunk) {
    for (const ByteRangeEntry& entry : chunk.segments) {
        located_.push_back({chunk.number, entry.offset, entry.length});
    }
    release_held();
}

void Timeline::describe(std::string rendition, std::string multivariant) {
    rendition_ = std::move(rendition);
    multivariant_ = std::make_shared<const TextVersion>(std::move(multivariant));
}

void Timeline::end() {
    playlist_.end();
    ended_ = true;
    parts_.clear();
    next_part_.clear();
    release_held();
}

/// Behind every change of what is listed or located.
void Timeline::release_held() {
    shown_.reset();
    MediaTime held_time{};
    for (const HeldSegment& held : held_) held_time += held.media.segment->duration;
    // After the end nothing more is located: what a failed recording could not keep is let go as
    // well.
    while (held_.size() > kWindowSegmentsMin && (ended_ || held_.front().index < located_.size()) &&
           held_time - held_.front().media.segment->duration >= kWindowMin) {
        held_time -= held_.front().media.segment->duration;
        held_.pop_front();
    }
}

void Timeline::refresh_shown() {
    auto playlist = std::make_shared<const RewindPlaylist>(playlist_);
    LazyPlaylist plain{[playlist] { return playlist->version(); }};
    shown_ = {std::move(playlist), std::move(plain),
              std::make_shared<const std::deque<HeldSegment>>(held_)};
}

std::shared_ptr<const TimelineView> Timeline::view() {
    if (!shown_) refresh_shown();
    SharedParts open;
    SharedParts later;
    for (const Part& part : parts_) {
        if (part.number >= settled_) (part.number == settled_ ? open : later).push_back(part.part);
    }
    const std::uint64_t segments = playlist_.segments();
    const PlaylistReach reach{segments, open.size(), parts_of_newest_};
    Lazy<RewindPlaylist::LowLatency> with_parts;
    if (!whole_only_) {
        const bool is_gap = settled_ > segment_names_.of(segments).number;
        with_parts =
            Lazy<RewindPlaylist::LowLatency>{[playlist = shown_->playlist, open = std::move(open),
                                              hint = hint_of(later, next_part_), is_gap] {
                OpenParts parts = open_parts_of(open, hint);
                // As list() will have it.
                parts.discontinuity = (parts.discontinuity || is_gap) && playlist->segments() > 0;
                return playlist->low_latency(kRewindToRoot, parts);
            }};
    }
    return std::make_shared<const TimelineView>(TimelineView{.recording = names_.recording,
                                                             .prefix = names_.prefix,
                                                             .rendition = rendition_,
                                                             .multivariant = multivariant_,
                                                             .playlist = shown_->plain,
                                                             .with_parts = std::move(with_parts),
                                                             .reach = reach,
                                                             .names = segment_names_,
                                                             .ended = ended_,
                                                             .held = shown_->held,
                                                             .located = located_.view()});
}

}  // namespace oxbow::live
