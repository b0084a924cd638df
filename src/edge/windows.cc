#include "edge/windows.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace oxbow::edge {
namespace {

using catalog::Recording;
using catalog::RecordingStatus;

/// Of those behind an empty window, to find the first; of more a later one is told.
constexpr std::size_t kNeighboursMax = 1'000;

/// One that a window lists.
struct Segment {
    std::uint64_t index = 0;  // in its recording
    WallTime start;
    std::chrono::milliseconds duration{};
    bool discontinuity = false;
};

/// Those of the index from number `next` on.
std::vector<Segment> between(const SegmentIndex& index, std::uint64_t next,
                             const WallRange& range) {
    std::vector<Segment> out;
    const auto run = index.between(range.from, range.to);
    for (std::uint64_t i = std::max<std::uint64_t>(run.first, next); i < run.last; ++i) {
        const SegmentPlace place = index.at(i);
        out.push_back({i, place.start, place.duration, place.discontinuity});
    }
    return out;
}

/// Whether the name of the segment at `index` does not follow that of the one before.
bool is_gap(const SegmentNames& names, std::uint64_t index) {
    if (index == 0) return false;
    const auto before = names.of(index - 1);
    const auto name = names.of(index);
    return name.epoch != before.epoch || name.number != before.number + 1;
}

/// Those of a live timeline from number `next` on, which are not in a closed chunk yet.
///
/// Out: whether one begins behind the range.
bool add_held(std::vector<Segment>& out, const live::TimelineView& timeline, std::uint64_t next,
              const WallRange& range) {
    for (std::uint64_t i = next;; ++i) {
        const live::MediaPlace* const held = timeline.held_segment(i);
        if (held == nullptr) return false;
        const LiveSegment& segment = *held->segment;
        if (segment.program_date_time >= range.to) return true;
        if (segment.end() <= range.from) continue;
        out.push_back({i, segment.program_date_time,
                       std::chrono::milliseconds{milliseconds(segment.duration)},
                       segment.discontinuity || is_gap(timeline.names, i)});
    }
}

std::string words_of(WallTime time) {
    if (time <= kWallTimeMin) return "the beginning";
    if (time >= kWallTimeMax) return "the end";
    return format_rfc3339_ms(time);
}

}  // namespace

void Neighbours::take(const SegmentIndex& index, const WallRange& range) {
    const auto before = index.between(kWallTimeMin, range.from);
    if (!before.empty()) {
        const WallTime end = index.at(before.last - 1).end();
        ends_at = std::max(ends_at.value_or(end), end);
    }
    const auto behind = index.between(range.to, kWallTimeMax);
    if (!behind.empty()) {
        const WallTime start = index.at(behind.first).start;
        begins_at = std::min(begins_at.value_or(start), start);
    }
}

Error nothing_there(const WallRange& range, const Neighbours& neighbours) {
    std::string there;
    if (neighbours.ends_at)
        there = fmt::format("what is before it ends at {}", words_of(*neighbours.ends_at));
    if (neighbours.goes_on) there = "what is before it goes on";
    if (neighbours.begins_at) {
        there += fmt::format("{}what is behind it begins at {}", there.empty() ? "" : ", ",
                             words_of(*neighbours.begins_at));
    }
    if (there.empty()) there = "there is no recording yet";
    return {ErrorCode::NotFound, fmt::format("nothing is recorded from {} to {}: {}",
                                             words_of(range.from), words_of(range.to), there)};
}

Windows::Key Windows::key_of(const WindowQuery& query) {
    return {query.channel, query.recording ? query.recording->str() : std::string{},
            query.range.from, query.range.to};
}

Windows::View Windows::find(const WindowQuery& query) {
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key_of(query));
    if (found == by_key_.end()) return nullptr;
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    const Growing& window = *found->second->window;
    if (!window.shown) return nullptr;  // it is being made
    const bool fresh =
        window.shown->settled || rooms_.clock.steady() - window.shown_at < kWindowFresh;
    return fresh ? window.shown : nullptr;
}

Result<Windows::View> Windows::load(const WindowQuery& query) {
    const Key key = key_of(query);
    Place window;
    std::uint64_t forgotten = 0;
    {
        const std::lock_guard lock{mutex_};
        forgotten = forgotten_;
        const auto found = by_key_.find(key);
        // Held from now on, so that who comes next waits for this one.
        window = found == by_key_.end() ? std::make_shared<Growing>() : found->second->window;
        if (found == by_key_.end()) hold_locked(key, window);
    }
    const std::lock_guard one_at_a_time{window->mutex};
    if (auto fresh = find(query)) return fresh;  // another has loaded it meanwhile
    auto view = refresh(query, *window);
    const std::lock_guard lock{mutex_};
    if (view && forgotten == forgotten_) {
        window->shown = *view;
        window->shown_at = rooms_.clock.steady();
        hold_locked(key, window);
    } else if (const auto found = by_key_.find(key);
               found != by_key_.end() && found->second->window == window) {
        erase_locked(found->second);  // nobody goes on with what may be half of it
    }
    return view;
}

void Windows::hold_locked(const Key& key, const Place& window) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) erase_locked(found->second);
    const std::uint64_t bytes = window->shown ? window->shown->playlist->size() : 0;
    newest_first_.push_front({key, window, bytes});
    by_key_.emplace(key, newest_first_.begin());
    bytes_ += bytes;
    while (newest_first_.size() > 1 &&
           (newest_first_.size() > kWindowsMax || bytes_ > kTextsBytesMax)) {
        erase_locked(std::prev(newest_first_.end()));
    }
}

void Windows::erase_locked(Entries::iterator entry) {
    bytes_ -= entry->bytes;
    by_key_.erase(entry->key);
    newest_first_.erase(entry);
}

void Windows::forget(const ChannelId& channel) {
    const std::lock_guard lock{mutex_};
    ++forgotten_;
    for (auto entry = newest_first_.begin(); entry != newest_first_.end();) {
        const auto next = std::next(entry);
        if (std::get<ChannelId>(entry->key) == channel) erase_locked(entry);
        entry = next;
    }
}

/// Those that may have segments that are not listed yet, oldest first.
Result<std::vector<Recording>> Windows::recordings_of(const WindowQuery& query,
                                                      const Growing& window) const {
    if (query.recording) {
        auto row = rooms_.catalog.recording(*query.recording);
        if (!row) return std::unexpected(row.error());
        if (row->channel != query.channel || !row->deleting.empty())
            return fail(ErrorCode::NotFound, "this channel has no such recording");
        return std::vector{*std::move(row)};
    }
    const WallTime from = window.recordings.empty()
                              ? query.range.from
                              : std::max(query.range.from, window.recordings.back().started_at);
    auto rows = rooms_.catalog.recordings_between(query.channel, from, query.range.to,
                                                  {.offset = 0, .limit = kRecordingsMax + 1});
    if (!rows) return std::unexpected(rows.error());
    std::ranges::reverse(*rows);
    // Of those before the newest that is listed nothing comes any more.
    std::erase_if(*rows, [&](const Recording& row) {
        const auto listed = std::ranges::find(window.recordings, row.id, &Recording::id);
        return listed != window.recordings.end() && &*listed != &window.recordings.back();
    });
    return rows;
}

/// Lists what is new. Under the window's mutex.
Result<Windows::View> Windows::refresh(const WindowQuery& query, Growing& window) {
    // In this order: what leaves the memory of the live channel is in a playlist before.
    const auto channel = rooms_.channels.get(query.channel);
    const Timeline timeline = channel ? channel->timeline : nullptr;
    const WallTime now = rooms_.clock.wall();
    const auto rows = recordings_of(query, window);
    if (!rows) return std::unexpected(rows.error());
    if (rows->size() > kRecordingsMax) return std::unexpected(too_much());
    Reach reach;
    for (const Recording& row : *rows) {
        if (auto listed = append(query, window, row, timeline, reach); !listed)
            return std::unexpected(listed.error());
    }
    const bool too_long = window.playlist.segments() > rooms_.segments_max ||
                          window.recordings.size() > kRecordingsMax;
    if (too_long) return std::unexpected(too_much());
    if (window.playlist.segments() == 0) return std::unexpected(nothing_there(query));

    const bool on_air = channel && channel->on_air && channel->on_air->recorded;
    const bool covered = reach.beyond || window.last_end >= query.range.to;
    const bool over = query.recording ? !reach.under_way : !reach.under_way && !on_air;
    // What is recorded elsewhere is listed here once the bucket has it, which may be minutes later.
    const bool may_come = reach.under_way && (on_air || !channel);
    // Nothing comes any more that began before the end.
    const bool past = now >= query.range.to && now - query.range.to >= kSettleTime && !may_come;
    auto view = std::make_shared<WindowView>();
    view->ended = covered || past || (over && (query.recording || query.range.to == kWallTimeMax));
    view->settled = covered || past || (over && query.recording);
    RewindPlaylist shown = window.playlist;
    if (view->ended) shown.end();
    view->playlist = shown.version();
    view->playlist->gzip();  // here, where it may take long
    view->recordings = window.recordings;
    return view;
}

Result<void> Windows::append(const WindowQuery& query, Growing& window, const Recording& row,
                             const Timeline& timeline, Reach& reach) {
    const bool is_live = timeline && timeline->recording == row.id && !timeline->ended;
    reach.under_way = row.status == RecordingStatus::Started &&
                      !(timeline && timeline->recording == row.id && timeline->ended);
    const SegmentNames names =
        timeline && timeline->recording == row.id ? timeline->names : names_of(row, rooms_.naming);
    const auto found = rooms_.ranges.index(row);
    const bool is_missing = !found && found.error().code == ErrorCode::NotFound;
    if (is_missing && !reach.under_way)
        return fail(ErrorCode::NotFound, "a recording of this window is gone");
    // It has no playlist before its first chunk.
    if (!found && !is_missing) return std::unexpected(found.error());
    static const SegmentIndex kNone;
    const SegmentIndex& index = found ? **found : kNone;

    const bool goes_on = !window.recordings.empty() && window.recordings.back().id == row.id;
    const std::uint64_t next = goes_on ? window.next_index : 0;
    auto segments = between(index, next, query.range);
    reach.beyond |= index.size() > 0 && index.at(index.size() - 1).start >= query.range.to;
    if (is_live && !reach.beyond) {
        const std::uint64_t behind = std::max<std::uint64_t>(next, index.size());
        reach.beyond = add_held(segments, *timeline, behind, query.range);
    }
    if (window.playlist.segments() + segments.size() > rooms_.segments_max)
        return std::unexpected(too_much());
    if (segments.empty()) return {};

    segments.front().discontinuity |= !goes_on;
    const std::string folder =
        fmt::format("{}/seg/{}/{}", query.recording ? live::kRewindToRoot : kWindowToRoot,
                    query.channel.view(), row.id.view());
    for (const Segment& segment : segments) {
        const auto name = names.of(segment.index);
        window.playlist.append(
            {.uri = fmt::format("{}/{}-{}.ts", folder, name.epoch, name.number),
             .duration = segment.duration,
             .program_date_time = segment.start,
             .discontinuity = segment.discontinuity && window.playlist.segments() > 0});
    }
    window.next_index = segments.back().index + 1;
    window.last_end = segments.back().start + segments.back().duration;
    if (!goes_on) window.recordings.push_back(row);
    return {};
}

Error Windows::too_much() const {
    return {ErrorCode::LimitExceeded,
            fmt::format("the window has more than {} segments or {} recordings: ask for a shorter "
                        "one",
                        rooms_.segments_max, kRecordingsMax)};
}

/// Says what there is instead.
Error Windows::nothing_there(const WindowQuery& query) const {
    std::vector<Recording> near;
    const auto& [from, to] = query.range;
    if (query.recording) {
        if (auto row = rooms_.catalog.recording(*query.recording)) near.push_back(*std::move(row));
    } else {
        auto before =
            rooms_.catalog.recordings_between(query.channel, kWallTimeMin, from, {.limit = 1});
        if (before) near = *std::move(before);
        auto behind = rooms_.catalog.recordings_between(query.channel, from, kWallTimeMax,
                                                        {.limit = kNeighboursMax});
        // One that begins before it has been looked at, or lies behind one that has.
        if (behind)
            std::erase_if(*behind, [&](const Recording& row) { return row.started_at < from; });
        if (behind && !behind->empty()) near.push_back(std::move(behind->back()));
    }
    Neighbours neighbours;
    for (const Recording& row : near) {
        if (const auto index = rooms_.ranges.index(row)) neighbours.take(**index, query.range);
        neighbours.goes_on |= row.status == RecordingStatus::Started && row.started_at < from;
    }
    if (neighbours.begins_at) neighbours.goes_on = false;
    return edge::nothing_there(query.range, neighbours);
}

}  // namespace oxbow::edge
