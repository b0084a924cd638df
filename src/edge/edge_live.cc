#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/this_coro.hpp>

#include "edge/edge.h"
#include "edge/growing_segment.h"
#include "edge/media_bodies.h"
#include "edge/path_pieces.h"

// What follows a broadcast: live playlists, and whatever waits for what comes next.

namespace oxbow::edge {
namespace {

constexpr std::string_view kOver = "this broadcast is over";
constexpr std::string_view kNoPart = "there is no such part";
constexpr std::string_view kNoPromised = "this segment did not come: the broadcast is over";
constexpr std::string_view kTooManyGrow =
    "as many viewers as may are sent segments that grow; take those that the playlist lists";
constexpr std::string_view kTooFar =
    "_HLS_msn and _HLS_part are further ahead than the playlist can be";
constexpr std::string_view kTooManyWait = "as many requests wait as may; ask without _HLS_msn";

/// The same playlist for players that break on parts: what it names is asked for so, too.
std::string without_parts(const std::string& text) {
    constexpr std::string_view kEnd = ".m3u8\n";
    std::string out;
    std::size_t from = 0;
    for (std::size_t at = text.find(kEnd); at != std::string::npos; at = text.find(kEnd, from)) {
        out.append(text, from, at - from).append(".m3u8?parts=0\n");
        from = at + kEnd.size();
    }
    return out.append(text, from);
}

}  // namespace

net::HttpAnswer Edge::live(const net::HttpRequest& request, std::string_view rest) {
    if (const auto media = after(rest, "playlist/")) return live_playlist(request, *media);
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
    const auto reload = read_reload(request.query);
    if (!reload) return responses_.error(request, reload.error());
    const auto view = rooms_.channels.get(*channel);
    const live::BroadcastView* const broadcast = view ? view->watchable() : nullptr;
    if (broadcast == nullptr) return responses_.error(request, 404, "the channel is offline");
    return multivariant_text(request, *reload, broadcast->multivariant);
}

net::HttpResponse Edge::multivariant_text(const net::HttpRequest& request, const Reload& reload,
                                          const std::shared_ptr<const TextVersion>& text) const {
    if (reload.parts) return responses_.text(request, kPlaylistType, Freshness::Second, text);
    return responses_.text(request, kPlaylistType, Freshness::Second,
                           std::make_shared<const TextVersion>(without_parts(text->str())));
}

// AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1.m3u8
net::HttpAnswer Edge::live_playlist(const net::HttpRequest& request, std::string_view path) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const auto channel = known_channel(path.substr(0, slash));
    if (!channel) return responses_.error(request, channel.error());
    const auto reload = read_reload(request.query);
    if (!reload) return responses_.error(request, reload.error());
    const auto view = rooms_.channels.get(*channel);
    const auto stream =
        path.size() > slash ? before(path.substr(slash + 1), ".m3u8") : std::nullopt;
    const auto broadcast = view && stream ? view->broadcast(*stream) : nullptr;
    if (!broadcast) return responses_.error(request, 404, kOver);
    rooms_.viewers.fetched(*channel, request);
    if (!reload->segment || broadcast->ended)
        return live_playlist_now(request, *broadcast, *reload, Freshness::Second);
    if (broadcast->reach.is_far_from(*reload->segment, reload->part))
        return responses_.error(request, 400, kTooFar);
    if (broadcast->reach.holds(*reload->segment, reload->part))
        return live_playlist_now(request, *broadcast, *reload, Freshness::Awaited);
    return awaited_live_playlist(request, *channel, std::string{*stream}, *reload);
}

net::HttpResponse Edge::live_playlist_now(const net::HttpRequest& request,
                                          const live::BroadcastView& broadcast,
                                          const Reload& reload, Freshness freshness) const {
    const bool with_parts = reload.parts && broadcast.with_parts;
    return responses_.text(request, kPlaylistType, freshness,
                           (with_parts ? broadcast.with_parts : broadcast.playlist).get());
}

/// Answered from the view that holds what is asked for: a player that gets less waits for seconds.
Edge::Later Edge::awaited_live_playlist(const net::HttpRequest& request, ChannelId channel,
                                        std::string stream, Reload reload) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const SteadyTime deadline = rooms_.clock.steady() + kReloadWait;
    std::unique_ptr<ChannelWaits::Place> place;
    while (true) {
        const auto view = rooms_.channels.get(channel);
        const auto broadcast = view ? view->broadcast(stream) : nullptr;
        if (!broadcast) co_return responses_.error(request, 404, kOver);
        const bool holds = broadcast->reach.holds(*reload.segment, reload.part);
        const SteadyTime now = rooms_.clock.steady();
        if (holds || broadcast->ended || now >= deadline) {
            co_return live_playlist_now(request, *broadcast, reload,
                                        holds ? Freshness::Awaited : Freshness::Second);
        }
        if (!place) {
            place = rooms_.waits.enter(channel, executor, deadline - now);
            if (!place) co_return responses_.error(request, 503, kTooManyWait);
            continue;  // a view may have come in between
        }
        co_await place->next_view();
        place.reset();
    }
}

Edge::Later Edge::awaited_rewind_playlist(const net::HttpRequest& request, ChannelId channel,
                                          Timeline timeline, std::string rendition, Reload reload) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const SteadyTime deadline = rooms_.clock.steady() + kReloadWait;
    std::unique_ptr<ChannelWaits::Place> place;
    while (true) {
        const auto view = rooms_.channels.get(channel);
        // Another recording is the channel's now: this one is over, and read from the bucket.
        auto newest = view ? view->timeline_of(timeline->recording) : nullptr;
        if (!newest)
            co_return co_await stored_rewind(request, channel, timeline->recording, rendition,
                                             reload);
        timeline = std::move(newest);
        const bool holds = timeline->reach.holds(*reload.segment, reload.part);
        const SteadyTime now = rooms_.clock.steady();
        if (holds || timeline->ended || now >= deadline)
            co_return rewind_playlist(request, timeline, rendition, reload, holds);
        if (!place) {
            place = rooms_.waits.enter(channel, executor, deadline - now);
            if (!place) co_return responses_.error(request, 503, kTooManyWait);
            continue;  // a view may have come in between
        }
        co_await place->next_view();
        place.reset();
    }
}

// --- Parts ---------------------------------------------------------------------------------------

// /seg/AsXego4U6tnj/st-1FQzeLONMT9XTKI43leLSo1/mp3k9a-p12.ts
net::HttpAnswer Edge::part(const net::HttpRequest& request, const ChannelId& channel,
                           std::string_view stream, std::string_view uri) {
    const auto view = rooms_.channels.get(channel);
    const auto broadcast = view ? view->broadcast(stream) : nullptr;
    if (!broadcast) return responses_.error(request, 404, kNoPart);
    if (const auto found = broadcast->part(uri)) return part_now(request, *found);
    if (broadcast->next_part != uri) return responses_.error(request, 404, kNoPart);
    return awaited_part(request, channel, std::string{stream}, std::string{uri});
}

/// A hinted part: held until it is there, then answered whole.
Edge::Later Edge::awaited_part(const net::HttpRequest& request, ChannelId channel,
                               std::string stream, std::string uri) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const SteadyTime deadline = rooms_.clock.steady() + kReloadWait;
    std::unique_ptr<ChannelWaits::Place> place;
    while (true) {
        const auto view = rooms_.channels.get(channel);
        const auto broadcast = view ? view->broadcast(stream) : nullptr;
        if (const auto found = broadcast ? broadcast->part(uri) : std::nullopt)
            co_return part_now(request, *found);
        const SteadyTime now = rooms_.clock.steady();
        if (!broadcast || broadcast->next_part != uri || now >= deadline)
            co_return responses_.error(request, 404, kNoPart);
        if (!place) {
            place = rooms_.waits.enter(channel, executor, deadline - now);
            if (!place) co_return responses_.error(request, 503, kTooManyWait);
            continue;  // a view may have come in between
        }
        co_await place->next_view();
        place.reset();
    }
}

// --- Segments that grow --------------------------------------------------------------------------

/// One that was promised: whole where it is there, under whatever name; else as it grows.
net::HttpAnswer Edge::promised_segment(const net::HttpRequest& request, const ChannelId& channel,
                                       const live::BroadcastView& broadcast, std::uint64_t number,
                                       std::string etag) {
    if (const live::MediaPlace* const found = broadcast.segment_at(number)) {
        return responses_.media(request, kSegmentType, Freshness::Immutable, etag, body_of(*found));
    }
    if (broadcast.ended || number < broadcast.reach.segments)
        return responses_.error(request, 404, kNoPromised);
    return growing_segment(request, channel, std::string{broadcast.stream.view()}, number,
                           std::move(etag));
}

/// Held until its first part is there; then what there is, and the rest as it comes.
Edge::Later Edge::growing_segment(const net::HttpRequest& request, ChannelId channel,
                                  std::string stream, std::uint64_t number, std::string etag) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const SteadyTime deadline = rooms_.clock.steady() + kReloadWait;
    auto reader = growing_segments_.take();
    if (!reader) co_return responses_.error(request, 503, kTooManyGrow);
    std::unique_ptr<ChannelWaits::Place> place;
    while (true) {
        const auto view = rooms_.channels.get(channel);
        const auto broadcast = view ? view->broadcast(stream) : nullptr;
        const live::MediaPlace* const found = broadcast ? broadcast->segment_at(number) : nullptr;
        if (found) {
            co_return responses_.media(request, kSegmentType, Freshness::Immutable, etag,
                                       body_of(*found));
        }
        if (broadcast && has_begun(*broadcast, number)) {
            co_return responses_.growing(
                request, kSegmentType,
                read_growing_segment({rooms_.channels, rooms_.waits, rooms_.clock}, executor,
                                     channel, stream, number, kReloadWait, std::move(reader)));
        }
        const SteadyTime now = rooms_.clock.steady();
        if (!broadcast || broadcast->ended || now >= deadline)
            co_return responses_.error(request, 404, kNoPromised);
        if (!place) {
            place = rooms_.waits.enter(channel, executor, deadline - now);
            if (!place) co_return responses_.error(request, 503, kTooManyGrow);
            continue;  // a view may have come in between
        }
        co_await place->next_view();
        place.reset();
    }
}

net::HttpResponse Edge::part_now(const net::HttpRequest& request, const LivePart& found) const {
    net::HttpBody body;
    body.pieces.assign(found.part.bytes.begin(), found.part.bytes.end());
    body.owner = found.segment;
    const std::string_view path = found.segment->part_path;
    const std::string name = part_uri(path.substr(path.rfind('/') + 1), found.part.number);
    return responses_.media(request, kSegmentType, Freshness::Immutable, name, body);
}

}  // namespace oxbow::edge
