#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "edge/blocking.h"
#include "edge/edge.h"
#include "edge/window_multivariant.h"

// What a channel broadcast between two moments.

namespace oxbow::edge {
namespace {

std::int64_t epoch_ms(WallTime time) {
    return time.time_since_epoch().count();
}

/// One window has one address for caches, however its moments were written.
// /rewind/AsXego4U6tnj/window.m3u8?start=1700000000000&end=1700000060000
std::string window_path(const WindowQuery& query, bool parts) {
    std::string out = fmt::format("/rewind/{}/{}.m3u8", query.channel.view(), kWindowName);
    char separator = '?';
    const auto append = [&](std::string_view name, std::int64_t value) {
        out += fmt::format("{}{}={}", std::exchange(separator, '&'), name, value);
    };
    if (query.range.from != kWallTimeMin) append("start", epoch_ms(query.range.from));
    if (query.range.to != kWallTimeMax) append("end", epoch_ms(query.range.to));
    if (!parts) append("parts", 0);
    return out;
}

}  // namespace

net::HttpAnswer Edge::window(const net::HttpRequest& request, Window asked) {
    if (asked.query.range == WallRange{})
        return responses_.error(request, 400, "a window needs start, end or both");
    if (!asked.multivariant) {
        if (const auto held = rooms_.windows.find(asked.query))
            return window_now(request, asked, *held);
    }
    return loaded_window(request, std::move(asked));
}

Edge::Later Edge::loaded_window(const net::HttpRequest& request, Window asked) {
    const auto reload = read_reload(request.query);
    if (!reload) co_return responses_.error(request, reload.error());
    std::string multivariant;
    const auto view = co_await in_blocking_pool(rooms_.blocking, [&] {
        auto loaded = rooms_.windows.load(asked.query);
        if (loaded && asked.multivariant)
            multivariant = multivariant_of_window(asked, **loaded, reload->parts);
        return loaded;
    });
    if (!view) {
        const Error& error = view.error();
        if (error.code == ErrorCode::NotFound) co_return responses_.error(request, 404, error.what);
        if (error.code == ErrorCode::LimitExceeded)
            co_return responses_.error(request, 400, error.what);
        co_return not_read(request, error, "a recording of this window cannot be read");
    }
    if (!asked.multivariant) co_return window_now(request, asked, **view);
    co_return responses_.text(request, kPlaylistType, Freshness::Second,
                              std::make_shared<const TextVersion>(std::move(multivariant)));
}

net::HttpResponse Edge::window_now(const net::HttpRequest& request, const Window& asked,
                                   const WindowView& view) const {
    if (asked.query.recording && view.recordings.front().rendition != asked.rendition)
        return responses_.error(request, 404, "there is no such rendition");
    for (const catalog::Recording& recording : view.recordings)
        rooms_.served.note(recording.id.view());
    if (!view.ended) rooms_.viewers.fetched(asked.query.channel, request);
    return responses_.text(request, kPlaylistType,
                           view.settled ? Freshness::Long : Freshness::Second, view.playlist);
}

std::string Edge::multivariant_of_window(const Window& asked, const WindowView& view, bool parts) {
    std::vector<std::string> texts;
    texts.reserve(view.recordings.size());
    std::vector<WindowRendition> renditions;
    for (const catalog::Recording& recording : view.recordings) {
        const auto text = stored_multivariant(recording);
        if (!text) continue;
        texts.push_back(text->str());
        renditions.push_back({texts.back(), recording.rendition});
    }
    return window_multivariant(renditions, window_path(asked.query, parts));
}

/// nullptr: it cannot be read. May block on the bucket.
std::shared_ptr<const TextVersion> Edge::stored_multivariant(const catalog::Recording& recording) {
    const auto view = rooms_.channels.get(recording.channel);
    if (const auto timeline = view ? view->timeline_of(recording.id) : nullptr)
        return timeline->multivariant;
    const std::string key = fmt::format("{}/{}/{}", recording.prefix, recording.layout.hls_path,
                                        recording.layout.playlist);
    auto held = rooms_.objects.find(key);
    if (!held) {
        auto loaded = rooms_.objects.load(key);
        if (loaded) held = *std::move(loaded);
    }
    return held ? held->text : nullptr;
}

}  // namespace oxbow::edge
