#include <charconv>

#include <fmt/format.h>
#include <boost/container/static_vector.hpp>

#include "base/log.h"
#include "edge/blocking.h"
#include "edge/edge.h"
#include "edge/large_objects.h"
#include "edge/media_bodies.h"

namespace oxbow::edge {
namespace {

constexpr std::size_t kPathPartBytesMax = 64;
constexpr std::size_t kPathPartsMax = 3;
constexpr std::string_view kNoSegment = "there is no such segment";
constexpr std::string_view kNoObject = "there is no such object";
constexpr std::string_view kRecordingGone = "the recording of this segment is gone";

/// Of an object by its key: media and thumbnails never change.
Freshness freshness_of(std::string_view key) {
    const bool immutable = content_type_of(key) == kSegmentType || ivs::is_thumbnail_key(key);
    return immutable ? Freshness::Immutable : Freshness::Second;
}

using Parts = boost::container::static_vector<std::string_view, kPathPartsMax + 1>;

/// The parts of a path between '/', no more than one above kPathPartsMax; empty when a part is
/// empty or too long.
Parts parts_of(std::string_view path) {
    Parts parts;
    while (true) {
        const std::size_t end = std::min(path.find('/'), path.size());
        if (end == 0 || end > kPathPartBytesMax) return {};
        parts.push_back(path.substr(0, end));
        if (end == path.size() || parts.size() == parts.capacity()) return parts;
        path.remove_prefix(end + 1);
    }
}

/// A live segment's file name read: "mp3k9a-57.ts" is number 57 of the process epoch mp3k9a.
struct SegmentName {
    std::string_view epoch;
    std::uint64_t number = 0;
};
std::optional<SegmentName> parse_segment_name(std::string_view name) {
    if (!name.ends_with(".ts")) return std::nullopt;
    name.remove_suffix(3);
    const std::size_t dash = name.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view digits = name.substr(dash + 1);
    SegmentName read{.epoch = name.substr(0, dash)};
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), read.number);
    const bool canonical = digits.size() == 1 || (!digits.empty() && digits.front() != '0');
    if (error != std::errc{} || end != digits.data() + digits.size() || !canonical)
        return std::nullopt;
    return read;
}

// mp3k9a-57      (a segment's URL has one content for ever, so its name will do)
std::string segment_etag(std::string_view epoch, std::uint64_t number) {
    return fmt::format("{}-{}", epoch, number);
}

}  // namespace

Edge::Timeline Edge::held_timeline(const ChannelId& channel, const RecordingId& recording) {
    const auto view = rooms_.channels.get(channel);
    if (view) {
        if (auto timeline = view->timeline_of(recording)) return timeline;
    }
    return stored_.find(channel, recording);
}

// --- Rewind playlists ----------------------------------------------------------------------------

net::HttpAnswer Edge::rewind(const net::HttpRequest& request, std::string_view rest) {
    if (!rest.ends_with(".m3u8"))
        return responses_.error(request, 404, "rewind playlists end in .m3u8");
    rest.remove_suffix(5);
    const auto parts = parts_of(rest);
    if (parts.empty())
        return responses_.error(request, 400, "the path of a rewind playlist has an empty part");
    const auto reload = read_reload(request.query);
    if (!reload) return responses_.error(request, reload.error());
    const auto range = wall_range(request.query, "start", "end");
    if (!range) return responses_.error(request, range.error());
    const bool is_window = *range != WallRange{};
    const auto channel = known_channel(parts[0]);
    if (!channel) return responses_.error(request, channel.error());
    if (parts.size() == 1 && is_window) {
        return window(
            request,
            {.query = {*channel, std::nullopt, *range}, .rendition = {}, .multivariant = true});
    }
    if (parts.size() == 1) return rewind_multivariant(request, *channel);
    if (parts.size() == 2 && parts[1] == kWindowName)
        return window(request, {.query = {*channel, std::nullopt, *range}, .rendition = {}});
    if (parts.size() > 3 || (parts.size() == 2 && is_window)) {
        return responses_.error(request, 404,
                                "a rewind playlist is /rewind/{CHANNEL_ID}.m3u8, "
                                "/rewind/{CHANNEL_ID}/{recordingId}.m3u8 or "
                                "/rewind/{CHANNEL_ID}/{recordingId}/{rendition}.m3u8");
    }
    RecordingId recording{std::string{parts[1]}};
    if (parts.size() == 2) {
        if (const auto held = held_timeline(*channel, recording))
            return multivariant(request, held);
        return stored_rewind(request, *channel, std::move(recording), std::nullopt, {});
    }
    if (is_window) {
        return window(request, {.query = {*channel, std::move(recording), *range},
                                .rendition = std::string{parts[2]}});
    }
    if (const auto held = held_timeline(*channel, recording)) {
        if (!held->ended && held->rendition == parts[2]) rooms_.viewers.fetched(*channel, request);
        return reloaded_rewind(request, *channel, held, parts[2], *reload);
    }
    return stored_rewind(request, *channel, std::move(recording), std::string{parts[2]}, *reload);
}

net::HttpAnswer Edge::rewind_multivariant(const net::HttpRequest& request,
                                          const ChannelId& channel) {
    const auto view = rooms_.channels.get(channel);
    const live::BroadcastView* const broadcast = view ? view->watchable() : nullptr;
    if (broadcast != nullptr && !broadcast->recorded) {
        return responses_.error(request, 404,
                                "this broadcast is not recorded, so it cannot be rewound");
    }
    if (view && view->timeline && view->timeline->newest_held()) {
        return multivariant(request, view->timeline);
    }
    const auto newest = rooms_.streams.newest_recording(channel);
    if (!newest) return responses_.error(request, 404, "this channel has no recording yet");
    if (const auto held = held_timeline(channel, newest->recording_id)) {
        return multivariant(request, held);
    }
    return stored_rewind(request, channel, newest->recording_id, std::nullopt, {});
}

/// In: no rendition: the multivariant playlist.
Edge::Later Edge::stored_rewind(const net::HttpRequest& request, ChannelId channel,
                                RecordingId recording, std::optional<std::string> rendition,
                                Reload reload) {
    const auto loaded = co_await in_blocking_pool(
        rooms_.blocking, [this, channel, recording] { return stored_.load(channel, recording); });
    if (!loaded) co_return not_read(request, loaded.error(), loaded.error().what);
    co_return rendition ? rewind_playlist(request, *loaded, *rendition, reload)
                        : multivariant(request, *loaded);
}

net::HttpAnswer Edge::reloaded_rewind(const net::HttpRequest& request, const ChannelId& channel,
                                      const Timeline& timeline, std::string_view rendition,
                                      const Reload& reload) {
    if (!reload.segment || timeline->ended || timeline->rendition != rendition)
        return rewind_playlist(request, timeline, rendition, reload);
    if (timeline->reach.is_far_from(*reload.segment, reload.part)) {
        return responses_.error(
            request, 400, "_HLS_msn and _HLS_part are further ahead than the playlist can be");
    }
    if (timeline->reach.holds(*reload.segment, reload.part))
        return rewind_playlist(request, timeline, rendition, reload, true);
    return awaited_rewind_playlist(request, channel, timeline, std::string{rendition}, reload);
}

net::HttpResponse Edge::rewind_playlist(const net::HttpRequest& request, const Timeline& timeline,
                                        std::string_view rendition, const Reload& reload,
                                        bool awaited) const {
    if (timeline->rendition != rendition)
        return responses_.error(request, 404, "there is no such rendition");
    rooms_.served.note(timeline->recording.view());
    Freshness freshness = awaited ? Freshness::Awaited : Freshness::Second;
    if (timeline->ended) freshness = Freshness::Long;
    if (!reload.parts || !timeline->with_parts)
        return responses_.text(request, kPlaylistType, freshness, timeline->playlist.get());
    const auto& with_parts = timeline->with_parts.get();
    return responses_.text(request, kPlaylistType, freshness,
                           reload.skip ? with_parts.delta : with_parts.whole);
}

net::HttpResponse Edge::multivariant(const net::HttpRequest& request,
                                     const Timeline& timeline) const {
    rooms_.served.note(timeline->recording.view());
    const auto reload = read_reload(request.query);
    if (!reload) return responses_.error(request, reload.error());
    return multivariant_text(request, *reload, timeline->multivariant);
}

// --- Segments ------------------------------------------------------------------------------------

// /seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts
net::HttpAnswer Edge::segment(const net::HttpRequest& request, std::string_view path) {
    const auto parts = parts_of(path.substr(kSegmentPrefix.size()));
    const auto name = parts.size() == 3 ? parse_segment_name(parts[2]) : std::nullopt;
    if (parts.size() == 3 && parts[2].find("-p") != std::string_view::npos) {
        const auto channel = known_channel(parts[0]);
        if (!channel) return responses_.error(request, channel.error());
        return part(request, *channel, parts[1], path);
    }
    if (!name) return responses_.error(request, 404, kNoSegment);
    const auto channel = known_channel(parts[0]);
    if (!channel) return responses_.error(request, channel.error());
    if (const auto newest = newest_segment(*channel, path); newest.segment) {
        rooms_.served.note(parts[1]);
        return responses_.media(request, kSegmentType, Freshness::Immutable,
                                segment_etag(name->epoch, name->number), body_of(newest));
    }
    const auto view = rooms_.channels.get(*channel);
    if (const auto on_air = view ? view->on_air : nullptr) {
        if (const auto* const promised = on_air->promised_as(path)) {
            return promised_segment(request, *channel, *on_air, promised->number,
                                    segment_etag(name->epoch, name->number));
        }
    }
    RecordingId recording{std::string{parts[1]}};
    if (const auto held = held_timeline(*channel, recording)) {
        return timeline_segment(request, held, name->epoch, name->number);
    }
    return stored_segment(request, *channel, std::move(recording), std::string{name->epoch},
                          name->number);
}

Edge::Later Edge::stored_segment(const net::HttpRequest& request, ChannelId channel,
                                 RecordingId recording, std::string epoch, std::uint64_t number) {
    const auto loaded = co_await in_blocking_pool(
        rooms_.blocking, [this, channel, recording] { return stored_.load(channel, recording); });
    if (!loaded) co_return not_read(request, loaded.error(), kNoSegment);
    net::HttpAnswer answer = timeline_segment(request, *loaded, epoch, number);
    if (auto* const at_once = std::get_if<net::HttpResponse>(&answer)) {
        co_return std::move(*at_once);
    }
    co_return co_await std::get<Later>(std::move(answer));
}

net::HttpAnswer Edge::timeline_segment(const net::HttpRequest& request, const Timeline& timeline,
                                       std::string_view epoch, std::uint64_t number) {
    const auto index = timeline->index_of(epoch, number);
    if (!index) return responses_.error(request, 404, kNoSegment);
    std::string etag = segment_etag(epoch, number);
    rooms_.served.note(timeline->recording.view());
    if (const auto* const held = timeline->held_segment(*index)) {
        return responses_.media(request, kSegmentType, Freshness::Immutable, etag, body_of(*held));
    }
    if (*index >= timeline->located.size()) return responses_.error(request, 404, kNoSegment);
    return chunk_part(request, timeline, *index, std::move(etag));
}

/// A segment that a live playlist of the channel lists, or listed a moment ago.
live::MediaPlace Edge::newest_segment(const ChannelId& channel, std::string_view uri) const {
    const auto view = rooms_.channels.get(channel);
    if (!view) return {};
    const live::MediaPlace* found = view->on_air ? view->on_air->segment(uri) : nullptr;
    for (const auto& broadcast : view->ended) {
        if (found == nullptr) found = broadcast->segment(uri);
    }
    return found ? *found : live::MediaPlace{};
}

net::HttpAnswer Edge::chunk_part(const net::HttpRequest& request, const Timeline& timeline,
                                 std::uint64_t index, std::string etag) {
    const live::ChunkRange range = timeline->located[index];
    std::string key = fmt::format("{}/{}/{}/{}.ts", timeline->prefix, timeline->hls_path,
                                  timeline->rendition, range.chunk);
    if (const auto open = rooms_.objects.find(key)) return part_of(request, *open, range, etag);
    return stored_chunk_part(request, std::move(key), range, std::move(etag));
}

Edge::Later Edge::stored_chunk_part(const net::HttpRequest& request, std::string key,
                                    live::ChunkRange range, std::string etag) {
    const auto loaded = co_await in_blocking_pool(
        rooms_.blocking, [&objects = rooms_.objects, key] { return objects.load(key); });
    if (loaded) co_return part_of(request, **loaded, range, etag);
    if (loaded.error().code != ErrorCode::LimitExceeded)
        co_return not_read(request, loaded.error(), kRecordingGone);
    // Of a chunk that is too large to be a file here: these bytes alone.
    const store::ByteRange bytes{range.offset, range.offset + range.length - 1};
    auto part = co_await in_blocking_pool(rooms_.blocking, [&store = rooms_.store, key, bytes] {
        return store.get_range(key, bytes);
    });
    if (!part) co_return not_read(request, part.error(), kRecordingGone);
    co_return responses_.media(request, kSegmentType, Freshness::Immutable, etag,
                               net::HttpBody::of_string(std::string{as_text(*part)}));
}

net::HttpResponse Edge::part_of(const net::HttpRequest& request, const OpenObject& chunk,
                                const live::ChunkRange& range, std::string_view etag) const {
    if (range.offset + range.length > chunk.info.size) {
        return responses_.error(request, 404, kRecordingGone);
    }
    return responses_.media(request, kSegmentType, Freshness::Immutable, etag,
                            net::HttpBody::of_file({chunk.file, range.offset, range.length}));
}

// --- Objects of the bucket -----------------------------------------------------------------------

/// The answer where an object was not read: 404 with `gone` where it is not there, else 503. Why,
/// which may name disks and servers, is for the log.
net::HttpResponse Edge::not_read(const net::HttpRequest& request, const Error& error,
                                 std::string_view gone) const {
    if (error.code == ErrorCode::NotFound || error.code == ErrorCode::Malformed)
        return responses_.error(request, 404, gone);
    if (error.code == ErrorCode::Timeout) return responses_.error(request, error);
    const SteadyTime now = rooms_.clock.steady();
    SteadyTime told_at = told_at_.load();
    if (now - told_at >= kTellEvery && told_at_.compare_exchange_strong(told_at, now))
        log::warning("viewers are answered 503: {}", error.what);
    return responses_.error(request, 503, "the recording cannot be read now: try again");
}

net::HttpAnswer Edge::object(const net::HttpRequest& request, std::string_view key) {
    if (const auto open = rooms_.open_playlists.open_playlist(key)) {
        return responses_.text(request, kPlaylistType, Freshness::Second, open);
    }
    if (const auto open = rooms_.objects.find(key)) return object_answer(request, *open);
    return stored_object(request, std::string{key});
}

Edge::Later Edge::stored_object(const net::HttpRequest& request, std::string key) {
    const auto loaded = co_await in_blocking_pool(
        rooms_.blocking, [&objects = rooms_.objects, key] { return objects.load(key); });
    if (loaded) co_return object_answer(request, **loaded);
    if (loaded.error().code != ErrorCode::LimitExceeded)
        co_return not_read(request, loaded.error(), kNoObject);
    co_return co_await large_object(request, std::move(key));
}

/// One that is not fetched whole, because it is large: what is asked of it, as the viewer takes it.
Edge::Later Edge::large_object(const net::HttpRequest& request, std::string key) {
    auto place = downloads_.take();
    if (!place) co_return responses_.error(request, 503, kTooManyDownloads);
    const auto found = co_await in_blocking_pool(
        rooms_.blocking, [&store = rooms_.store, key] { return store.head(key); });
    if (!found) co_return not_read(request, found.error(), kNoObject);
    rooms_.served.note_object(key);
    const Responses::Download object{.content_type = content_type_of(key),
                                     .etag = found->etag,
                                     .name = {},
                                     .size = found->size,
                                     .freshness = freshness_of(key)};
    co_return responses_.download(request, object, [&](std::uint64_t offset, std::uint64_t length) {
        return read_large_object(rooms_.store, rooms_.blocking, key, offset, length,
                                 std::move(place));
    });
}

net::HttpResponse Edge::object_answer(const net::HttpRequest& request,
                                      const OpenObject& found) const {
    rooms_.served.note_object(found.info.key);
    const std::string_view type = content_type_of(found.info.key);
    const Freshness freshness = freshness_of(found.info.key);
    if (found.text) return responses_.text(request, type, freshness, found.text);
    return responses_.media(request, type, freshness, found.info.etag,
                            net::HttpBody::of_file({found.file, 0, found.info.size}));
}

}  // namespace oxbow::edge
