#include "edge/catalogue.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace oxbow::edge {
namespace json = boost::json;
namespace {

json::value time_or_null(const std::optional<WallTime>& time) {
    if (!time) return nullptr;
    return json::string(format_rfc3339_ms(*time));
}

json::value newest_recording(const ChannelId& channel, const meta::StreamStates& streams) {
    const auto recording = streams.newest_recording(channel);
    if (!recording) return nullptr;
    return {{"id", recording->recording_id.view()},
            {"status", name_of(recording->status)},
            {"startedAt", format_rfc3339_ms(recording->started_at)},
            {"endedAt", time_or_null(recording->ended_at)},
            {"durationMs", recording->duration.count()},
            {"reconnectUntil", time_or_null(recording->reconnect_until)}};
}

/// A poster: the newest thumbnail of the newest recording.
json::value newest_thumbnail(const ChannelId& channel, const ivs::NewestThumbnails& thumbnails) {
    const auto newest = thumbnails.get(channel);
    if (!newest) return nullptr;
    return {{"url", "/" + newest->key},
            {"time", format_rfc3339_ms(newest->time)},
            {"width", newest->resolution.width},
            {"height", newest->resolution.height}};
}

// ivs/v1/.../j8Z9O91ndcVs/media/hls/byte-range-multivariant.m3u8: Amazon IVS names some otherwise
std::string master_key(const catalog::Recording& recording) {
    const catalog::RecordingLayout& layout = recording.layout;
    return fmt::format("{}/{}/{}", recording.prefix, layout.hls_path, layout.byte_range_playlist);
}

struct Row {
    bool live = false;
    WallTime newest;
    json::object body;
};

Row channel_row(const catalog::Channel& channel, const CatalogueRooms& rooms) {
    const auto stream = rooms.streams.live_stream(channel.id);
    const auto view = rooms.views.get(channel.id);
    // Null where another process streams it.
    const live::BroadcastView* const on_air = stream && view ? view->watchable() : nullptr;
    const std::optional<WallTime> started_at = on_air   ? std::optional{on_air->started_at}
                                               : stream ? stream->started_at
                                                        : std::nullopt;
    json::value recording = newest_recording(channel.id, rooms.streams);
    const bool rewindable = on_air ? on_air->recorded : !recording.is_null();
    const auto rewind_url = fmt::format("/rewind/{}.m3u8", channel.id.view());

    Row row;
    row.live = stream.has_value();
    row.newest = started_at.value_or(channel.created_at);
    row.body = {{"id", channel.id.view()},
                {"name", channel.name},
                {"isLive", row.live},
                {"startedAt", time_or_null(started_at)},
                {"playbackUrl", stream ? json::value(stream->playback_url) : nullptr},
                {"rewindUrl", rewindable ? json::value(rewind_url) : nullptr},
                {"width", on_air ? on_air->width : 0},
                {"height", on_air ? on_air->height : 0},
                {"frameRate", on_air ? on_air->frame_rate : 0},
                {"recording", std::move(recording)},
                {"thumbnail", newest_thumbnail(channel.id, rooms.thumbnails)}};
    return row;
}

}  // namespace

std::string channels_json(const CatalogueRooms& rooms) {
    std::vector<Row> rows;
    for (const auto& [id, channel] : rooms.directory.channels) {
        if (!channel.authorized) rows.push_back(channel_row(channel, rooms));
    }
    std::ranges::sort(rows, [](const Row& a, const Row& b) {
        return std::pair{a.live, a.newest} > std::pair{b.live, b.newest};
    });
    json::array list;
    for (Row& row : rows) list.push_back(std::move(row.body));
    return json::serialize(json::object{{"channels", std::move(list)},
                                        {"nextToken", nullptr},
                                        {"now", format_rfc3339_ms(rooms.now)},
                                        {"ingestUrl", rooms.ingest_url}});
}

std::string recordings_json(const ChannelId& channel,
                            const std::vector<catalog::Recording>& recordings,
                            std::string_view next_token, std::string_view mount) {
    // Keys have no '/' in front.
    const std::string before_key = mount.empty() ? "" : fmt::format("{}/", mount.substr(1));
    json::array list;
    for (const catalog::Recording& recording : recordings) {
        list.push_back(
            {{"id", recording.id.view()},
             {"status", name_of(recording.status)},
             {"startedAt", format_rfc3339_ms(recording.started_at)},
             {"endedAt", time_or_null(recording.ended_at)},
             {"durationMs", recording.duration.count()},
             {"masterKey", before_key + master_key(recording)},
             {"rewindUrl",
              fmt::format("{}/rewind/{}/{}.m3u8", mount, channel.view(), recording.id.view())},
             {"playlistUrl", fmt::format("{}/rewind/{}/{}/{}.m3u8", mount, channel.view(),
                                         recording.id.view(), recording.rendition)}});
    }
    return json::serialize(json::object{
        {"recordings", std::move(list)},
        {"nextToken", next_token.empty() ? json::value(nullptr) : json::value(next_token)}});
}

}  // namespace oxbow::edge
