#include "edge/edge.h"

#include <algorithm>

#include <fmt/format.h>

#include "edge/blocking.h"
#include "edge/catalogue.h"
#include "edge/ui_files.h"

namespace oxbow::edge {
namespace {

constexpr std::string_view kMetadataPrefix = "/recording-started-";
constexpr std::string_view kLivePrefix = "/api/video/v1/";
constexpr std::size_t kRecordingsPerPage = 100;
constexpr int kRetryEventsMs = 2'000;  // a browser that lost its events comes back after this
constexpr std::size_t kRecordingsOffsetMax = 1'000'000;

/// Takes `prefix` off the front of `path`; nullopt when it does not start so.
std::optional<std::string_view> after(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return std::nullopt;
    return path.substr(prefix.size());
}

/// Takes `suffix` off the end of `text`; nullopt when it does not end so.
std::optional<std::string_view> before(std::string_view text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return std::nullopt;
    return text.substr(0, text.size() - suffix.size());
}

net::HttpBody body_of(BytesView bytes) {
    net::HttpBody body;
    body.pieces = {bytes};  // in the binary: needs no owner
    return body;
}

}  // namespace

Edge::Edge(EdgeSettings settings, EdgeRooms rooms)
    : settings_(std::move(settings)),
      rooms_(rooms),
      responses_(settings_.cors_origins),
      stored_(rooms_.catalog, rooms_.store, rooms_.clock) {}

boost::asio::awaitable<net::HttpResponse> Edge::answer(const net::HttpRequest& request) {
    if (request.method == "OPTIONS") co_return responses_.preflight(request);
    if (request.method != "GET" && request.method != "HEAD") {
        net::HttpResponse refused =
            responses_.error(request, 405, "viewers may GET, HEAD and OPTIONS only");
        refused.extra_headers += "Allow: GET, HEAD, OPTIONS\r\n";
        co_return refused;
    }
    const std::optional<std::string> decoded = net::percent_decode(request.path);
    if (!decoded)
        co_return responses_.error(request, 400, "the path is not properly percent-encoded");
    const std::string_view path = *decoded;

    // The behaviours: the first that matches answers.
    if (path == "/channels.json") co_return channels(request);
    if (path == "/events") co_return co_await events(request);
    if (const auto rest = after(path, "/seg/")) co_return co_await segment(request, *rest);
    if (const auto rest = after(path, "/rewind/")) co_return co_await rewind(request, *rest);
    if (const auto rest = after(path, kMetadataPrefix)) {
        const auto id = before(*rest, ".json");
        if (!id)
            co_return responses_.error(request, 404, "the metadata of a channel ends in .json");
        co_return latest_metadata(request, *id);
    }
    if (const auto rest = after(path, kLivePrefix)) co_return live(request, *rest);
    if (path.starts_with("/ivs/v1/"))
        co_return co_await object(request, std::string{path.substr(1)});
    if (const auto rest = after(path, "/channels/")) co_return co_await recordings(request, *rest);
    co_return page(request);
}

std::string Edge::base_url(const net::HttpRequest& request) const {
    if (!settings_.public_url.empty()) return settings_.public_url;
    return fmt::format("http://{}", request.header("host").value_or("127.0.0.1"));
}

Result<ChannelId> Edge::known_channel(std::string_view text) const {
    const bool well_formed =
        !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
            return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                   c == '-';
        });
    if (!well_formed) {
        return fail(ErrorCode::Malformed,
                    "a channel id is 1 to 64 of the characters A-Z, a-z, 0-9 and -");
    }
    ChannelId id{std::string{text}};
    if (!rooms_.streams.channel_exists(id))
        return fail(ErrorCode::NotFound, "there is no such channel");
    return id;
}

net::HttpResponse Edge::latest_metadata(const net::HttpRequest& request,
                                        std::string_view id) const {
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
    auto body = rooms_.latest_meta.answer(*channel, base_url(request));
    if (!body) return responses_.error(request, body.error());
    return responses_.json(request, std::move(*body));
}

net::HttpResponse Edge::live(const net::HttpRequest& request, std::string_view rest) const {
    constexpr std::string_view kOffline = "the channel is offline";
    if (const auto media = after(rest, "playlist/")) {
        const std::size_t slash = std::min(media->find('/'), media->size());
        const auto channel = known_channel(media->substr(0, slash));
        if (!channel) return responses_.error(request, channel.error());
        const auto view = rooms_.channels.get(*channel);
        const auto stream =
            media->size() > slash ? before(media->substr(slash + 1), ".m3u8") : std::nullopt;
        const auto broadcast = view && stream ? view->broadcast(*stream) : nullptr;
        if (!broadcast) return responses_.error(request, 404, "this broadcast is over");
        rooms_.viewers.fetched(*channel, request);
        net::HttpBody body;
        body.pieces = {as_bytes(broadcast->playlist)};
        body.owner = broadcast;
        return responses_.ok(request, kPlaylistType, Freshness::Second, std::move(body));
    }
    // us-east-1.000000000000.channel.AsXego4U6tnj.m3u8
    const std::string prefix = fmt::format("{}.{}.channel.", settings_.region, settings_.account);
    const auto name = after(rest, prefix);
    const auto id = name ? before(*name, ".m3u8") : std::nullopt;
    if (!id) {
        return responses_.error(
            request, 404,
            fmt::format("live playlists here are {}{}{{CHANNEL_ID}}.m3u8", kLivePrefix, prefix));
    }
    const auto channel = known_channel(*id);
    if (!channel) return responses_.error(request, channel.error());
    const auto view = rooms_.channels.get(*channel);
    const live::BroadcastView* const broadcast = view ? view->watchable() : nullptr;
    if (broadcast == nullptr) return responses_.error(request, 404, kOffline);
    net::HttpBody body;
    body.pieces = {as_bytes(broadcast->multivariant)};
    body.owner = view;
    return responses_.ok(request, kPlaylistType, Freshness::Second, std::move(body));
}

net::HttpResponse Edge::channels(const net::HttpRequest& request) {
    const SteadyTime now = rooms_.clock.steady();
    auto list = channel_list_.load();
    if (!list || now - list->made_at >= kChannelListFresh) {
        list = std::make_shared<const CachedList>(CachedList{
            now, channels_json(*rooms_.catalog.directory(), rooms_.channels, rooms_.streams,
                               rooms_.clock.wall(), settings_.ingest_url)});
        channel_list_.store(list);
    }
    net::HttpBody body;
    body.pieces = {as_bytes(list->json)};
    body.owner = list;
    return responses_.ok(request, kJsonType, Freshness::Second, std::move(body));
}

Edge::Answer Edge::events(const net::HttpRequest& request) {
    std::optional<std::string> only = net::query_value(request.query, "channel");
    if (only) {
        const auto channel = known_channel(*only);
        if (!channel) co_return responses_.error(request, channel.error());
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    auto stream =
        rooms_.events.read(executor, request.header("last-event-id").value_or(""), std::move(only));
    if (!stream) {
        net::HttpResponse full =
            responses_.error(request, 503, "as many viewers listen to events as may; poll instead");
        full.extra_headers += "Retry-After: 10\r\n";
        co_return full;
    }
    net::HttpResponse response =
        responses_.ok(request, kEventStreamType, Freshness::Never,
                      net::HttpBody::of_string(fmt::format("retry: {}\n\n", kRetryEventsMs)));
    response.extra_headers += "X-Accel-Buffering: no\r\n";  // a proxy must not collect it
    response.stream = std::move(stream);
    co_return response;
}

Edge::Answer Edge::recordings(const net::HttpRequest& request, std::string_view rest) {
    const auto id = before(rest, "/recordings.json");
    if (!id)
        co_return responses_.error(request, 404,
                                   "a channel has /channels/{CHANNEL_ID}/recordings.json");
    const auto channel = known_channel(*id);
    if (!channel) co_return responses_.error(request, channel.error());
    std::size_t offset = 0;
    if (const auto token = net::query_value(request.query, "nextToken")) {
        const bool digits =
            !token->empty() && token->size() <= 7 &&
            std::ranges::all_of(*token, [](char c) { return c >= '0' && c <= '9'; });
        offset = digits ? std::stoul(*token) : kRecordingsOffsetMax + 1;
        if (offset > kRecordingsOffsetMax)
            co_return responses_.error(request, 400, "nextToken is not one of ours");
    }
    auto rows = co_await in_blocking_pool(
        rooms_.blocking, [&catalog = rooms_.catalog, channel = *channel, offset] {
            return catalog.recordings(channel, {.offset = offset, .limit = kRecordingsPerPage});
        });
    if (!rows) co_return responses_.error(request, rows.error());
    const bool more = rows->size() == kRecordingsPerPage;
    co_return responses_.json(
        request,
        recordings_json(*channel, *rows,
                        more ? std::to_string(offset + kRecordingsPerPage) : std::string{}));
}

net::HttpResponse Edge::page(const net::HttpRequest& request) const {
    const std::string_view path = request.path;
    const bool is_page = path == "/" || path.starts_with("/watch/");
    const std::string_view wanted = is_page ? "/index.html" : path;
    const auto files = ui_files();
    const auto file = std::ranges::find(files, wanted, &UiFile::path);
    if (file == files.end()) return responses_.error(request, 404, "there is nothing at this path");

    const std::string etag = fmt::format("\"{}\"", file->etag);
    const auto freshness = file->immutable ? Freshness::Immutable : Freshness::Second;
    net::HttpResponse response =
        responses_.ok(request, file->content_type, freshness, body_of(file->bytes));
    response.extra_headers += fmt::format("ETag: {}\r\n", etag);
    if (request.header("if-none-match") == etag) {
        response.status = 304;
        response.body = {};
    }
    return response;
}

}  // namespace oxbow::edge
