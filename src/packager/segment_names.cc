#include "packager/segment_names.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "base/ensure.h"

namespace oxbow {
namespace {

/// Takes a number off the front of `text`; nullopt when none is there.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

}  // namespace

SegmentNames::SegmentNames(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::string_view item = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto index = take_number(item);
        if (!index || (!parts_.empty() && *index <= parts_.back().index)) continue;
        std::uint64_t ahead = 0;
        if (item.starts_with('+')) {
            item.remove_prefix(1);
            const auto number = take_number(item);
            if (!number) continue;
            ahead = *number;
        }
        if (!item.starts_with(':')) continue;
        parts_.push_back({*index, ahead, std::string{item.substr(1)}});
    }
}

SegmentNames SegmentNames::by_index() {
    SegmentNames names;
    names.add(0, 0, std::string{kIndexEpoch});
    return names;
}

void SegmentNames::add(std::uint64_t index, std::uint64_t number, std::string epoch) {
    ENSURE(number >= index && (parts_.empty() || index >= parts_.back().index));
    if (!parts_.empty() && parts_.back().index == index) parts_.pop_back();  // it named none
    parts_.push_back({index, number - index, std::move(epoch)});
}

void SegmentNames::cut(std::uint64_t index) {
    std::erase_if(parts_, [index](const Part& part) { return part.index >= index; });
    parts_.push_back({index, 0, std::string{kIndexEpoch}});
}

SegmentNames::Name SegmentNames::of(std::uint64_t index) const {
    const auto after = std::ranges::upper_bound(parts_, index, {}, &Part::index);
    if (after == parts_.begin()) return {.epoch = {}, .number = index};
    const Part& part = *std::prev(after);
    return {.epoch = part.epoch, .number = index + part.ahead};
}

std::optional<std::uint64_t> SegmentNames::index_of(std::string_view epoch,
                                                    std::uint64_t number) const {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const Part& part = parts_[i];
        if (part.epoch != epoch || number < part.ahead) continue;
        const std::uint64_t index = number - part.ahead;
        const bool behind_it = i + 1 < parts_.size() && index >= parts_[i + 1].index;
        if (index >= part.index && !behind_it) return index;
    }
    return std::nullopt;
}

std::string SegmentNames::text() const {
    std::string out;
    for (const Part& part : parts_) {
        if (!out.empty()) out += ',';
        fmt::format_to(std::back_inserter(out), "{}", part.index);
        if (part.ahead > 0) fmt::format_to(std::back_inserter(out), "+{}", part.ahead);
        fmt::format_to(std::back_inserter(out), ":{}", part.epoch);
    }
    return out;
}

}  // namespace oxbow
