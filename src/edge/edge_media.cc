#include <charconv>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "edge/blocking.h"
#include "edge/edge.h"

namespace oxbow::edge {
namespace {

constexpr std::size_t kPathPartBytesMax = 64;

/// The parts of a path between '/'; empty when a part is empty or too long.
std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = std::min(path.find('/'), path.size());
        if (end == 0 || end > kPathPartBytesMax) return {};
        parts.push_back(path.substr(0, end));
        if (end == path.size()) return parts;
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

net::HttpBody body_of(LiveSegmentPtr segment) {
    net::HttpBody body;
    body.pieces = segment->bytes.slices();
    body.owner = std::move(segment);
    return body;
}

net::HttpBody body_of(const std::shared_ptr<const live::TimelineView>& timeline) {
    net::HttpBody body;
    for (const auto& piece : timeline->playlist.pieces) body.pieces.push_back(as_bytes(*piece));
    body.owner = timeline;
    return body;
}

struct OpenFile {
    std::shared_ptr<const net::SharedFile> file;
    std::uint64_t bytes = 0;  // of this file, whatever replaces it under its name meanwhile
};
std::optional<OpenFile> open_file(const std::optional<std::filesystem::path>& path) {
    if (!path) return std::nullopt;
    const int fd = ::open(path->c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    auto file = std::make_shared<const net::SharedFile>(fd);
    struct stat status{};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return OpenFile{std::move(file), static_cast<std::uint64_t>(status.st_size)};
}

}  // namespace

boost::asio::awaitable<Result<std::shared_ptr<const live::TimelineView>>> Edge::timeline(
    ChannelId channel, RecordingId recording) {
    const auto view = rooms_.channels.get(channel);
    if (view && view->timeline && view->timeline->recording == recording) co_return view->timeline;
    if (auto held = stored_.find(channel, recording)) co_return held;
    co_return co_await in_blocking_pool(
        rooms_.blocking, [this, channel, recording] { return stored_.load(channel, recording); });
}

Edge::Answer Edge::rewind(const net::HttpRequest& request, std::string_view rest) {
    if (!rest.ends_with(".m3u8"))
        co_return responses_.error(request, 404, "rewind playlists end in .m3u8");
    rest.remove_suffix(5);
    const std::vector<std::string_view> parts = parts_of(rest);
    if (parts.empty())
        co_return responses_.error(request, 400, "the path of a rewind playlist has an empty part");
    if (net::query_value(request.query, "start") || net::query_value(request.query, "end")) {
        co_return responses_.error(request, 501, "windows by ?start= and ?end= are not there yet");
    }
    const auto channel = known_channel(parts[0]);
    if (!channel) co_return responses_.error(request, channel.error());
    if (parts.size() == 1) co_return co_await rewind_multivariant(request, *channel);
    if (parts.size() != 3) {
        co_return responses_.error(request, 404,
                                   "it is /rewind/{CHANNEL_ID}/{recordingId}/{rendition}.m3u8");
    }
    const std::string rendition{parts[2]};
    const auto found = co_await timeline(*channel, RecordingId{std::string{parts[1]}});
    if (!found) co_return responses_.error(request, found.error());
    const auto& timeline = *found;
    if (timeline->rendition != rendition)
        co_return responses_.error(request, 404, "there is no such rendition");
    if (!timeline->ended) rooms_.viewers.fetched(*channel, request);
    co_return responses_.ok(request, kPlaylistType,
                            timeline->ended ? Freshness::Long : Freshness::Second,
                            body_of(timeline));
}

Edge::Answer Edge::rewind_multivariant(const net::HttpRequest& request, ChannelId channel) {
    const auto view = rooms_.channels.get(channel);
    const live::BroadcastView* const broadcast = view ? view->watchable() : nullptr;
    if (broadcast != nullptr && !broadcast->recorded) {
        co_return responses_.error(request, 404,
                                   "this broadcast is not recorded, so it cannot be rewound");
    }
    std::shared_ptr<const live::TimelineView> timeline;
    if (view && view->timeline && !view->timeline->held.empty()) {
        timeline = view->timeline;
    } else if (const auto newest = rooms_.streams.newest_recording(channel)) {
        const auto found = co_await this->timeline(channel, newest->recording_id);
        if (!found) co_return responses_.error(request, found.error());
        timeline = *found;
    }
    if (!timeline) co_return responses_.error(request, 404, "this channel has no recording yet");
    net::HttpBody body;
    body.pieces = {as_bytes(timeline->multivariant)};
    body.owner = timeline;
    co_return responses_.ok(request, kPlaylistType, Freshness::Second, std::move(body));
}

Edge::Answer Edge::segment(const net::HttpRequest& request, std::string_view rest) {
    constexpr std::string_view kGone = "there is no such segment";
    const std::vector<std::string_view> parts = parts_of(rest);
    const auto name = parts.size() == 3 ? parse_segment_name(parts[2]) : std::nullopt;
    if (!name) co_return responses_.error(request, 404, kGone);
    const auto channel = known_channel(parts[0]);
    if (!channel) co_return responses_.error(request, channel.error());
    const std::string owner{parts[1]};
    const std::string epoch{name->epoch};
    const std::uint64_t number = name->number;

    if (auto held = newest_segment(*channel, "/seg/" + std::string{rest})) {
        co_return responses_.ranged(request, kSegmentType, Freshness::Immutable,
                                    body_of(std::move(held)));
    }
    const auto found = co_await timeline(*channel, RecordingId{owner});
    if (!found) co_return responses_.error(request, 404, kGone);
    const auto& timeline = *found;
    if (!timeline->names(number, epoch)) co_return responses_.error(request, 404, kGone);
    if (auto held = timeline->held_segment(number)) {
        co_return responses_.ranged(request, kSegmentType, Freshness::Immutable,
                                    body_of(std::move(held)));
    }
    if (number >= timeline->located.size()) co_return responses_.error(request, 404, kGone);
    co_return co_await chunk_part(request, timeline, number);
}

/// A segment that a live playlist of the channel lists, or listed a moment ago.
LiveSegmentPtr Edge::newest_segment(const ChannelId& channel, std::string_view uri) const {
    const auto view = rooms_.channels.get(channel);
    if (!view) return nullptr;
    LiveSegmentPtr found = view->on_air ? view->on_air->segment(uri) : nullptr;
    for (const auto& broadcast : view->ended) {
        if (!found) found = broadcast->segment(uri);
    }
    return found;
}

Edge::Answer Edge::chunk_part(const net::HttpRequest& request,
                              std::shared_ptr<const live::TimelineView> timeline,
                              std::uint64_t number) {
    const live::ChunkRange range = timeline->located[number];
    const std::string key =
        fmt::format("{}/media/hls/{}/{}.ts", timeline->prefix, timeline->rendition, range.chunk);
    const auto chunk = co_await in_blocking_pool(
        rooms_.blocking, [&store = rooms_.store, key] { return open_file(store.local_path(key)); });
    if (!chunk || range.offset + range.length > chunk->bytes) {
        co_return responses_.error(request, 404, "the recording of this segment is gone");
    }
    co_return responses_.ranged(request, kSegmentType, Freshness::Immutable,
                                net::HttpBody::of_file(chunk->file, range.offset, range.length));
}

Edge::Answer Edge::object(const net::HttpRequest& request, std::string key) {
    const std::string_view type = content_type_of(key);
    if (auto open = rooms_.open_playlists.open_playlist(key)) {
        net::HttpBody body;
        body.pieces = {as_bytes(*open)};
        body.owner = std::move(open);
        co_return responses_.ranged(request, type, Freshness::Second, body);
    }
    const auto opened = co_await in_blocking_pool(
        rooms_.blocking, [&store = rooms_.store, key] { return open_file(store.local_path(key)); });
    if (!opened) co_return responses_.error(request, 404, "there is no such object");
    const auto freshness = type == kSegmentType ? Freshness::Immutable : Freshness::Second;
    co_return responses_.ranged(request, type, freshness,
                                net::HttpBody::of_file(opened->file, 0, opened->bytes));
}

}  // namespace oxbow::edge
