#include "edge/edge.h"

#include <algorithm>

#include <fmt/format.h>

#include "edge/blocking.h"
#include "edge/catalogue.h"
#include "edge/path_pieces.h"
#include "edge/ui_files.h"

namespace oxbow::edge {
namespace {

constexpr std::string_view kEvents = "/events";
constexpr std::string_view kMetadataPrefix = "/recording-started-";
constexpr std::string_view kMalformedId =
    "a channel id is 1 to 64 of the characters A-Z, a-z, 0-9 and -";
constexpr std::size_t kRecordingsPerPage = 100;
constexpr int kRetryEventsMs = 2'000;  // a browser that lost its events comes back after this
constexpr std::string_view kOperatorFolder = "/operator/";  // those of the API's port
constexpr std::size_t kRecordingsOffsetMax = 1'000'000;

/// A host and perhaps a port, as the Host header must be, too.
bool is_host(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view{".:-_[]"}.contains(c);
    });
}

/// The version that was answered last when it says the same: its ETag and its gzip form are there.
std::shared_ptr<const TextVersion> same_or_new(std::shared_ptr<const TextVersion> last,
                                               std::string text) {
    if (last && last->size() == text.size() && last->pieces()[0]->text() == text) return last;
    return std::make_shared<const TextVersion>(std::move(text));
}

}  // namespace

Edge::Edge(EdgeSettings settings, EdgeRooms rooms)
    : settings_(std::move(settings)),
      rooms_(std::move(rooms)),
      responses_(settings_.behaviours),
      stored_(rooms_.catalog, rooms_.store, rooms_.clock, settings_.naming) {
    for (const UiFile& file : ui_files()) {
        if (file.path.starts_with(kOperatorFolder)) continue;
        std::vector<TextVersion::Piece> pieces{
            std::make_shared<const TextPiece>(std::string{as_text(file.bytes)})};
        page_files_.push_back(
            {file.path, file.content_type,
             file.immutable ? Freshness::Immutable : Freshness::Second,
             std::make_shared<const TextVersion>(std::move(pieces), std::string{file.etag})});
        page_files_.back().text->gzip();  // once, now, and on no viewer's way
    }
}

net::HttpAnswer Edge::answer(const net::HttpRequest& request) {
    if (request.method == "OPTIONS") return responses_.preflight(request);
    if (request.method != "GET" && request.method != "HEAD") {
        net::HttpResponse refused =
            responses_.error(request, 405, "viewers may GET, HEAD and OPTIONS only");
        refused.extra_headers += "Allow: GET, HEAD, OPTIONS\r\n";
        return refused;
    }
    if (!request.path.contains('%')) return answer_path(request, request.path);
    const std::optional<std::string> decoded = net::percent_decode(request.path);
    if (!decoded)
        return responses_.error(request, 400,
                                "the path has a NUL or is not properly percent-encoded");
    return answer_path(request, *decoded);
}

/// The one gate before all behaviours: whose is the path, and may everybody have it? What is
/// nobody's comes to no behaviour but the page's. In: `path` lasts for this call only.
net::HttpAnswer Edge::answer_path(const net::HttpRequest& request, std::string_view path) {
    if (const auto rest = after(path, kSessionPrefix)) return answer_session(request, *rest);
    if (path == kEvents) {
        const auto only = net::query_value(request.query, "channel");
        if (only) return answer_channels(request, path, {.channel = *only});
    }
    const PathOwner owner =
        owner_of(path, settings_.default_channel ? settings_.default_channel->view() : "");
    if (std::holds_alternative<EveryonesPath>(owner)) return behave(request, path);
    if (const auto* const of = std::get_if<ChannelsPath>(&owner))
        return answer_channels(request, path, *of);
    if (const auto* const of = std::get_if<RecordingsPath>(&owner)) {
        return answer_recording(request, std::string{path}, RecordingId{std::string{of->recording}},
                                std::nullopt);
    }
    const bool named = path.starts_with("/channels/") || path.starts_with(kMetadataPrefix);
    if (named && path.ends_with(".json")) return responses_.error(request, 400, kMalformedId);
    return page(request);
}

net::HttpAnswer Edge::answer_channels(const net::HttpRequest& request, std::string_view path,
                                      const ChannelsPath& of) {
    switch (rooms_.gate.door(of)) {
        case Door::Open:
            return behave(request, path);
        case Door::Absent:
            return responses_.error(request, 404, "there is no such object");
        case Door::Guarded:
            break;
    }
    return answer_guarded(request, {.path = std::string{path},
                                    .channel = ChannelId{std::string{of.channel}},
                                    .multivariant = of.multivariant,
                                    .session = std::nullopt});
}

/// The behaviours: the first that matches answers. In: `path` lasts for this call only.
net::HttpAnswer Edge::behave(const net::HttpRequest& request, std::string_view path) {
    if (path == "/channels.json") return channels(request);
    if (path == kEvents) return events(request, net::query_value(request.query, "channel"));
    if (path.starts_with(kSegmentPrefix)) return segment(request, path);
    if (const auto rest = after(path, "/rewind/")) return rewind(request, *rest);
    if (const auto rest = after(path, kMetadataPrefix)) {
        const Behaviours& behaviours = responses_.behaviours();
        if (behaviours.at(behaviours.index_of(path)).function == EdgeFunction::None)
            return object(request, path.substr(1));  // as SaveRecordingStartMeta left it
        const auto id = before(*rest, ".json");
        if (!id) return responses_.error(request, 404, "the metadata of a channel ends in .json");
        return latest_metadata(request, *id);
    }
    if (const auto rest = after(path, kLivePrefix)) return live(request, *rest);
    if (path.starts_with("/ivs/v1/")) return object(request, path.substr(1));
    if (const auto rest = after(path, "/channels/")) return recordings(request, *rest);
    if (const auto rest = after(path, "/recordings/")) return download(request, *rest);
    return page(request);
}

std::string Edge::base_url(const net::HttpRequest& request) const {
    if (!settings_.public_url.empty()) return settings_.public_url;
    std::string_view scheme = request.secure ? "https" : "http";
    std::string_view host = request.header("host").value_or("127.0.0.1");
    if (request.from_proxy) {
        if (request.header("x-forwarded-proto") == "https") scheme = "https";
        const auto forwarded = request.header("x-forwarded-host");
        if (forwarded && is_host(*forwarded)) host = *forwarded;
    }
    return fmt::format("{}://{}", scheme, host);
}

Result<ChannelId> Edge::known_channel(std::string_view text) const {
    const bool well_formed =
        !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                   c == '-';
        });
    if (!well_formed) {
        return fail(ErrorCode::Malformed, std::string{kMalformedId});
    }
    ChannelId id{std::string{text}};
    if (!rooms_.streams.channel_exists(id))
        return fail(ErrorCode::NotFound, "there is no such channel");
    return id;
}

net::HttpResponse Edge::latest_metadata(const net::HttpRequest& request, std::string_view id) {
    if (id == "latest") {
        if (!settings_.default_channel) {
            return responses_.error(
                request, 404,
                "no default channel is configured: ask for /recording-started-{CHANNEL_ID}.json, "
                "or set edge.default_channel");
        }
        id = settings_.default_channel->view();
    }
    const auto channel = known_channel(id);
    if (!channel) return responses_.error(request, channel.error());
    const auto body = rooms_.latest_meta.answer(*channel, base_url(request), request.mount);
    return body ? responses_.json(request, *body) : responses_.error(request, body.error());
}

net::HttpResponse Edge::channels(const net::HttpRequest& request) {
    const SteadyTime now = rooms_.clock.steady();
    auto list = channel_list_.load();
    auto directory = rooms_.catalog.directory();
    if (!list || now - list->made_at >= kChannelListFresh || list->of != directory) {
        auto json = channels_json({.directory = *directory,
                                   .views = rooms_.channels,
                                   .streams = rooms_.streams,
                                   .thumbnails = rooms_.thumbnails,
                                   .now = rooms_.clock.wall(),
                                   .ingest_url = settings_.ingest_url});
        list = std::make_shared<const CachedList>(CachedList{
            now, std::move(directory), same_or_new(list ? list->json : nullptr, std::move(json))});
        channel_list_.store(list);
    }
    return responses_.json(request, list->json);
}

/// A coroutine, which knows its loop: the events wake it there.
Edge::Later Edge::events(const net::HttpRequest& request, std::optional<std::string> only) {
    if (only) {
        const auto channel = known_channel(*only);
        if (!channel) co_return responses_.error(request, channel.error());
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    // In a session, which is of one channel, those of private channels.
    ViewerEvents& feed = request.mount.empty() ? rooms_.events : rooms_.private_events;
    auto stream = feed.read(executor, request.header("last-event-id").value_or(""), only);
    if (!stream) {
        net::HttpResponse full =
            responses_.error(request, 503, "as many viewers listen to events as may; poll instead");
        full.extra_headers += "Retry-After: 10\r\n";
        co_return full;
    }
    co_return responses_.events(request, fmt::format("retry: {}\n\n", kRetryEventsMs),
                                std::move(stream));
}

net::HttpAnswer Edge::recordings(const net::HttpRequest& request, std::string_view rest) {
    if (const auto thumbnails_of = before(rest, "/thumbnails.json"))
        return thumbnails(request, *thumbnails_of);
    const auto id = before(rest, "/recordings.json");
    if (!id) {
        return responses_.error(request, 404,
                                "a channel has /channels/{CHANNEL_ID}/recordings.json and "
                                "/channels/{CHANNEL_ID}/thumbnails.json");
    }
    const auto channel = known_channel(*id);
    if (!channel) return responses_.error(request, channel.error());
    const auto range = wall_range(request.query, "from", "to");
    if (!range) return responses_.error(request, range.error());
    std::size_t offset = 0;
    if (const auto token = net::query_value(request.query, "nextToken")) {
        const bool digits =
            !token->empty() && token->size() <= 7 &&
            std::ranges::all_of(*token, [](char c) { return c >= '0' && c <= '9'; });
        offset = digits ? std::stoul(*token) : kRecordingsOffsetMax + 1;
        if (offset > kRecordingsOffsetMax)
            return responses_.error(request, 400, "nextToken is not one of ours");
    }
    return recordings_page(request, *channel, *range, offset);
}

Edge::Later Edge::recordings_page(const net::HttpRequest& request, ChannelId channel,
                                  WallRange range, std::size_t offset) {
    auto rows = co_await in_blocking_pool(
        rooms_.blocking, [&catalog = rooms_.catalog, channel, range, offset] {
            return catalog.recordings_between(channel, range.from, range.to,
                                              {.offset = offset, .limit = kRecordingsPerPage});
        });
    if (!rows) co_return responses_.error(request, rows.error());
    const bool more = rows->size() == kRecordingsPerPage;
    co_return responses_.json(
        request,
        std::make_shared<const TextVersion>(recordings_json(
            channel, *rows, more ? std::to_string(offset + kRecordingsPerPage) : std::string{},
            request.mount)));
}

net::HttpAnswer Edge::thumbnails(const net::HttpRequest& request, std::string_view id) {
    auto channel = known_channel(id);
    if (!channel) return responses_.error(request, channel.error());
    auto query = read_thumbnail_query(request.query, std::move(*channel));
    if (!query) return responses_.error(request, query.error());
    return thumbnails_page(request, std::move(*query));
}

Edge::Later Edge::thumbnails_page(const net::HttpRequest& request, ThumbnailQuery query) {
    auto json = co_await in_blocking_pool(
        rooms_.blocking,
        [&rooms = rooms_, query = std::move(query), mount = std::string{request.mount}] {
            return thumbnails_json(rooms.catalog, rooms.objects, query, rooms.clock.wall(), mount);
        });
    if (!json) co_return responses_.error(request, json.error());
    co_return responses_.json(request, std::make_shared<const TextVersion>(std::move(*json)));
}

net::HttpResponse Edge::page(const net::HttpRequest& request) const {
    const std::string_view path = request.path;
    const bool is_page = path == "/" || path == "/multi" || path.starts_with("/watch/");
    const std::string_view wanted = is_page ? "/index.html" : path;
    const auto file = std::ranges::find(page_files_, wanted, &PageFile::path);
    if (file == page_files_.end())
        return responses_.error(request, 404, "there is nothing at this path");
    return responses_.text(request, file->content_type, file->freshness, file->text);
}

}  // namespace oxbow::edge
