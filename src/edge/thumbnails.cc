#include "edge/thumbnails.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "ivs/thumbnails.h"
#include "net/http.h"

namespace oxbow::edge {
namespace json = boost::json;
namespace {

/// How far the clock of a recording's pictures may be ahead of ours.
constexpr std::chrono::minutes kClockAheadMax{10};
constexpr std::chrono::minutes kClockBehindMax{1};

std::optional<WallTime> read_milliseconds(std::string_view digits) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const WallTime time{std::chrono::milliseconds{number}};
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    return whole && number >= 0 && time <= kWallTimeMax ? std::optional{time} : std::nullopt;
}

// j8Z9O91ndcVs.1764142200000
std::string token_of(const ThumbnailQuery::Place& place) {
    return fmt::format("{}.{}", place.recording.view(), place.page.time_since_epoch().count());
}

bool is_recording_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
}

/// When the last picture of a recording can have been.
WallTime end_of(const catalog::Recording& row, WallTime now) {
    return row.ended_at.value_or(now) + kClockAheadMax;
}

/// Collects thumbnails until there are enough for one answer.
class Answer {
public:
    Answer(OpenObjects& objects, const ThumbnailQuery& query, std::string_view mount)
        : objects_(objects),
          query_(query),
          range_(query.range.value_or(WallRange{})),
          mount_(mount) {}

    /// False when the answer is full: it is cut between two pages.
    bool add(const catalog::Recording& row, WallTime now) {
        WallTime begins = std::max(range_.from, row.started_at - kClockBehindMax);
        const WallTime ends = std::min(range_.to, end_of(row, now));
        if (query_.next && query_.next->recording == row.id) {
            begins = std::max(begins, query_.next->page);
        } else if (begins < ends) {
            add_page(row, ivs::kLatestThumbnailPage);
        }
        for (WallTime page = ivs::thumbnail_page_of(begins); page < ends;
             page += ivs::kThumbnailPageTime) {
            if (pages_ >= kThumbnailPagesMax || list_.size() >= kThumbnailsMax) {
                next_ = {row.id, page};
                return false;
            }
            ++pages_;
            add_page(row, page);
        }
        return true;
    }

    std::string body() && {
        return json::serialize(json::object{
            {"thumbnails", std::move(list_)},
            {"nextToken", next_ ? json::value(token_of(*next_)) : json::value(nullptr)}});
    }

private:
    void add_page(const catalog::Recording& row, WallTime at) {
        const std::string key = ivs::thumbnail_page_key(row.prefix, at);
        OpenObjects::Object object = objects_.find(key);
        if (!object) {
            const auto loaded = objects_.load(key);
            if (!loaded) return;  // ten minutes without a thumbnail
            object = *loaded;
        }
        const auto page = object->text ? ivs::read_thumbnail_page(object->text->str())
                                       : Result<ivs::ThumbnailPage>{ivs::ThumbnailPage{}};
        if (!page) return;  // not ours; the others are
        for (const ivs::Thumbnail& thumbnail : page->thumbnails) {
            if (thumbnail.time >= range_.from && thumbnail.time < range_.to)
                list_.push_back(entry(row, *page, thumbnail));
        }
    }

    json::object entry(const catalog::Recording& row, const ivs::ThumbnailPage& page,
                       const ivs::Thumbnail& thumbnail) const {
        const std::string key = thumbnail.number ? ivs::thumbnail_key(row.prefix, *thumbnail.number)
                                                 : ivs::latest_thumbnail_key(row.prefix);
        return {{"time", format_rfc3339_ms(thumbnail.time)},
                {"recordingId", row.id.view()},
                {"offsetMs", thumbnail.offset.count()},
                {"url", fmt::format("{}/{}", mount_, key)},
                {"width", page.resolution.width},
                {"height", page.resolution.height}};
    }

    OpenObjects& objects_;
    const ThumbnailQuery& query_;
    WallRange range_;
    std::string_view mount_;
    json::array list_;
    std::size_t pages_ = 0;
    std::optional<ThumbnailQuery::Place> next_;
};

/// The recordings that are asked for, the oldest first.
Result<std::vector<catalog::Recording>> recordings_of(catalog::Catalog& catalog,
                                                      const ThumbnailQuery& query) {
    if (query.recording) {
        auto row = catalog.recording(*query.recording);
        if (!row) return std::unexpected(row.error());
        if (row->channel != query.channel || !row->deleting.empty())
            return fail(ErrorCode::NotFound, "this channel has no such recording");
        return std::vector{std::move(*row)};
    }
    if (!query.range) return catalog.recordings(query.channel, {.offset = 0, .limit = 1});
    auto rows = catalog.recordings_between(query.channel, query.range->from, query.range->to,
                                           {.offset = 0, .limit = kThumbnailRecordingsMax});
    if (rows) std::ranges::reverse(*rows);
    return rows;
}

/// Takes away what the answers before this one went through.
void go_on_at(const ThumbnailQuery::Place& place, std::vector<catalog::Recording>& rows) {
    const auto found = std::ranges::find(rows, place.recording, &catalog::Recording::id);
    if (found != rows.end()) {
        rows.erase(rows.begin(), found);
        return;
    }
    // It was deleted meanwhile.
    std::erase_if(rows, [&](const auto& row) { return row.started_at < place.page; });
}

}  // namespace

Result<ThumbnailQuery> read_thumbnail_query(std::string_view query, ChannelId channel) {
    ThumbnailQuery out{.channel = std::move(channel), .recording = {}, .range = {}, .next = {}};
    if (const auto recording = net::query_value(query, "recording")) {
        if (!is_recording_id(*recording))
            return fail(ErrorCode::Malformed, "recording must be the id of a recording");
        out.recording = RecordingId{std::string{*recording}};
    }
    if (net::query_value(query, "from") || net::query_value(query, "to")) {
        const auto range = wall_range(query, "from", "to");
        if (!range) return std::unexpected(range.error());
        out.range = *range;
    }
    if (const auto token = net::query_value(query, "nextToken")) {
        const std::size_t point = std::min(token->find('.'), token->size());
        const std::string_view recording = std::string_view{*token}.substr(0, point);
        const auto page = point < token->size()
                              ? read_milliseconds(std::string_view{*token}.substr(point + 1))
                              : std::nullopt;
        if (!page || !is_recording_id(recording))
            return fail(ErrorCode::Malformed, "nextToken is not one of ours");
        out.next = ThumbnailQuery::Place{RecordingId{std::string{recording}}, *page};
    }
    return out;
}

Result<std::string> thumbnails_json(catalog::Catalog& catalog, OpenObjects& objects,
                                    const ThumbnailQuery& query, WallTime now,
                                    std::string_view mount) {
    auto rows = recordings_of(catalog, query);
    if (!rows) return std::unexpected(rows.error());
    if (query.next) go_on_at(*query.next, *rows);
    Answer answer{objects, query, mount};
    for (const catalog::Recording& row : *rows) {
        if (!answer.add(row, now)) break;
    }
    return std::move(answer).body();
}

}  // namespace oxbow::edge
