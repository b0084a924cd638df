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

constexpr std::size_t kRowsAtATime = 100;
/// Longer than any recording lasts, its reconnects included: one that began earlier than this
/// before a time has ended by then.
constexpr std::chrono::hours kRecordingTimeMax{24 * 7};
/// How far the clock of a recording's pictures may be ahead of ours.
constexpr std::chrono::minutes kClockAheadMax{10};
constexpr std::chrono::minutes kClockBehindMax{1};

std::optional<WallTime> read_time(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) {
        const WallTime time{std::chrono::milliseconds{number}};
        if (number < 0 || time > kWallTimeMax) return std::nullopt;
        return time;
    }
    const auto time = parse_rfc3339(text);
    return time ? std::optional{*time} : std::nullopt;
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
        : objects_(objects), query_(query), mount_(mount) {}

    /// False when the answer is full: it is cut between two pages.
    bool add(const catalog::Recording& row, WallTime now) {
        WallTime begins =
            std::max(query_.from.value_or(kWallTimeMin), row.started_at - kClockBehindMax);
        const WallTime ends = std::min(query_.to.value_or(kWallTimeMax), end_of(row, now));
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
            const bool wanted = (!query_.from || thumbnail.time >= *query_.from) &&
                                (!query_.to || thumbnail.time < *query_.to);
            if (wanted) list_.push_back(entry(row, *page, thumbnail));
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
    std::string_view mount_;
    json::array list_;
    std::size_t pages_ = 0;
    std::optional<ThumbnailQuery::Place> next_;
};

/// The recordings that are asked for, the oldest first.
Result<std::vector<catalog::Recording>> recordings_of(catalog::Catalog& catalog,
                                                      const ThumbnailQuery& query, WallTime now) {
    if (query.recording) {
        auto row = catalog.recording(*query.recording);
        if (!row) return std::unexpected(row.error());
        if (row->channel != query.channel)
            return fail(ErrorCode::NotFound, "this channel has no such recording");
        return std::vector{std::move(*row)};
    }
    const bool newest_alone = !query.from && !query.to;
    if (newest_alone) return catalog.recordings(query.channel, {.offset = 0, .limit = 1});

    const WallTime from = query.from.value_or(kWallTimeMin + kRecordingTimeMax);
    const WallTime to = query.to.value_or(kWallTimeMax);
    std::vector<catalog::Recording> out;
    for (std::size_t offset = 0; offset < kThumbnailRecordingsMax; offset += kRowsAtATime) {
        auto rows = catalog.recordings(query.channel, {.offset = offset, .limit = kRowsAtATime});
        if (!rows) return std::unexpected(rows.error());
        const bool last =
            rows->size() < kRowsAtATime || rows->back().started_at < from - kRecordingTimeMax;
        for (catalog::Recording& row : *rows) {
            if (row.started_at < to && end_of(row, now) > from) out.push_back(std::move(row));
        }
        if (last) break;
    }
    std::ranges::reverse(out);
    return out;
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
    ThumbnailQuery out{.channel = std::move(channel), .recording = {}, .from = {}, .to = {}};
    if (const auto recording = net::query_value(query, "recording")) {
        if (!is_recording_id(*recording))
            return fail(ErrorCode::Malformed, "recording must be the id of a recording");
        out.recording = RecordingId{std::string{*recording}};
    }
    for (const auto& [name, member] :
         {std::pair{"from", &ThumbnailQuery::from}, std::pair{"to", &ThumbnailQuery::to}}) {
        const auto text = net::query_value(query, name);
        if (!text) continue;
        const auto time = read_time(*text);
        if (!time) {
            return fail(ErrorCode::Malformed,
                        fmt::format("{} must be a time such as 2026-11-23T09:05:10Z, or "
                                    "milliseconds since 1970",
                                    name));
        }
        out.*member = *time;
    }
    if (const auto token = net::query_value(query, "nextToken")) {
        const std::size_t point = std::min(token->find('.'), token->size());
        const std::string_view recording = std::string_view{*token}.substr(0, point);
        const auto page = point < token->size()
                              ? read_time(std::string_view{*token}.substr(point + 1))
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
    auto rows = recordings_of(catalog, query, now);
    if (!rows) return std::unexpected(rows.error());
    if (query.next) go_on_at(*query.next, *rows);
    Answer answer{objects, query, mount};
    for (const catalog::Recording& row : *rows) {
        if (!answer.add(row, now)) break;
    }
    return std::move(answer).body();
}

}  // namespace oxbow::edge
