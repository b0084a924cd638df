#include "live/timeline.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow::live {

SegmentEpochs::SegmentEpochs(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view item = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t colon = item.find(':');
        if (colon == std::string_view::npos) continue;
        std::uint64_t number = 0;
        const std::string_view digits = item.substr(0, colon);
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        from_.emplace_back(number, item.substr(colon + 1));
    }
}

std::string_view SegmentEpochs::of(std::uint64_t number) const {
    std::string_view epoch;
    for (const auto& [first, name] : from_) {
        if (first <= number) epoch = name;
    }
    return epoch;
}

const MediaPlace* TimelineView::held_segment(std::uint64_t number) const {
    if (held.empty() || number < held.front().number) return nullptr;
    const std::uint64_t index = number - held.front().number;
    return index < held.size() ? &held[index].media : nullptr;
}

std::string Timeline::uri(std::uint64_t number) const {
    return fmt::format("/seg/{}/{}/{}-{}.ts", names_.channel.view(), names_.recording.view(),
                       names_.epoch, number);
}

void Timeline::list(std::uint64_t number, MediaPlace media) {
    const LiveSegment& segment = *media.segment;
    ENSURE(!ended_ && number == playlist_.segments());
    playlist_.append({.uri = fmt::format("{}{}", kRewindToRoot, uri(number)),
                      .duration = segment.duration,
                      .program_date_time = segment.program_date_time,
                      .discontinuity = segment.discontinuity && number > 0});
    held_.push_back({number, std::move(media)});
    release_held();
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
    release_held();
}

void Timeline::release_held() {
    MediaTime held_time{};
    for (const HeldSegment& held : held_) held_time += held.media.segment->duration;
    // After the end nothing more is located: what a failed recording could not keep is let go as
    // well.
    while (held_.size() > kWindowSegmentsMin &&
           (ended_ || held_.front().number < located_.size()) &&
           held_time - held_.front().media.segment->duration >= kWindowMin) {
        held_time -= held_.front().media.segment->duration;
        held_.pop_front();
    }
}

std::shared_ptr<const TimelineView> Timeline::view() const {
    return std::make_shared<const TimelineView>(
        TimelineView{.recording = names_.recording,
                     .prefix = names_.prefix,
                     .rendition = rendition_,
                     .multivariant = multivariant_,
                     .playlist = playlist_.version(),
                     .epochs = SegmentEpochs{"0:" + names_.epoch},
                     .ended = ended_,
                     .held = held_,
                     .located = located_.view()});
}

}  // namespace oxbow::live
