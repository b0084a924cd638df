#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include <fmt/format.h>

#include "app/edge_server_impl.h"
#include "app/metrics.h"
#include "edge/blocking.h"
#include "edge/path_owner.h"
#include "edge/path_pieces.h"
#include "edge/reload.h"
#include "ivs/ids.h"

// What an edge apart answers: from its own rooms, from the live origin, and to who tells of puts.

namespace oxbow::app {
namespace {

constexpr std::string_view kMetadata = "/recording-started-";

edge::Freshness freshness_of(std::string_view cache_control) {
    const auto kept = remote::kept_for(cache_control);
    if (cache_control.contains("immutable")) return edge::Freshness::Immutable;
    if (kept >= std::chrono::hours{1}) return edge::Freshness::Long;
    return kept > std::chrono::seconds{1} ? edge::Freshness::Awaited : edge::Freshness::Second;
}

// Of /rewind/AsXego4U6tnj/window.m3u8, behind the channel.
constexpr std::string_view kWindowPath = "/window.m3u8";

// /seg/AsXego4U6tnj/j8Z9O91ndcVs/mp3k9a-57.ts, /rewind/AsXego4U6tnj/j8Z9O91ndcVs/720p30.m3u8
std::optional<LivePath> live_path(std::string_view path, std::string_view channel) {
    LivePath out{.channel = ChannelId{std::string{channel}}};
    if (path.starts_with(edge::kLivePrefix)) return out;
    for (const std::string_view door : {edge::kSegmentPrefix, std::string_view{"/rewind/"}}) {
        auto rest = edge::after(path, door);
        if (!rest) continue;
        rest->remove_prefix(std::min(channel.size(), rest->size()));
        out.is_root = *rest == ".m3u8" || *rest == kWindowPath;
        if (rest->starts_with('/')) rest->remove_prefix(1);
        if (!out.is_root) out.recording = rest->substr(0, rest->find('/'));
        return out;
    }
    return std::nullopt;
}

}  // namespace

/// Before the edge answers, the channel is made fresh where the answer tells of its state; and what
/// the live origin has first is asked for there.
net::HttpAnswer EdgeServer::Impl::answer(const net::HttpRequest& request) {
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const std::string_view path = request.path;
    const bool is_metadata = path.starts_with(kMetadata);
    if (!is_edge() && reads && !is_metadata) {
        return responses_.error(request, 404,
                                "this server has the role functions: it answers "
                                "/recording-started-{CHANNEL_ID}.json");
    }
    const edge::PathOwner owner =
        edge::owner_of(path, settings_.default_channel ? *settings_.default_channel : "");
    const auto* const of = std::get_if<edge::ChannelsPath>(&owner);
    if (!reads || of == nullptr || !ivs::is_id(of->channel)) return edge_->answer(request);
    ChannelId channel{std::string{of->channel}};
    const auto live = live_path(path, of->channel);
    if (origin_ && live && gate_->door(*of) == edge::Door::Open)
        return answer_with_origin(request, *live);
    const bool of_state =
        is_metadata || (live && live->is_root) || !follower_->channel_exists(channel);
    if (!of_state || follower_->is_fresh(channel)) return edge_->answer(request);
    return answer_fresh(request, std::move(channel));
}

EdgeServer::Impl::Later EdgeServer::Impl::of_edge(const net::HttpRequest& request) {
    net::HttpAnswer answer = edge_->answer(request);
    if (auto* const at_once = std::get_if<net::HttpResponse>(&answer))
        co_return std::move(*at_once);
    co_return co_await std::get<Later>(std::move(answer));
}

EdgeServer::Impl::Later EdgeServer::Impl::answer_fresh(const net::HttpRequest& request,
                                                       ChannelId channel) {
    co_await edge::in_blocking_pool(readers_.get_executor(), [this, channel] {
        follower_->refresh(channel);
        return true;
    });
    co_return co_await of_edge(request);
}

/// Whether the origin is asked before the bucket.
bool EdgeServer::Impl::is_at_origin(const LivePath& path) const {
    if (path.is_root) return follower_->live_stream(path.channel).has_value();
    const auto view = recordings_.get(path.channel);
    if (!view || path.recording.empty()) return true;  // a live playlist
    return view->recording.id.view() == path.recording &&
           view->recording.status == catalog::RecordingStatus::Started;
}

/// The other of the two, origin and bucket, where the first has nothing. A recording of which the
/// bucket has told nothing yet is only at the origin; one that has ended only in the bucket.
EdgeServer::Impl::Later EdgeServer::Impl::answer_with_origin(const net::HttpRequest& request,
                                                             LivePath path) {
    std::string query;  // what is asked by it, in one spelling
    if (!request.path.starts_with(edge::kSegmentPrefix)) {
        auto canonical = edge::canonical_query(request.query);
        if (!canonical) co_return responses_.error(request, canonical.error());
        query = *std::move(canonical);
    }
    const std::string target = behaviours_->target(request.path, query);
    if (const auto held = origin_->held(target)) co_return of_origin(request, held);
    if (path.is_root && !follower_->is_fresh(path.channel)) {
        co_await edge::in_blocking_pool(readers_.get_executor(), [this, channel = path.channel] {
            follower_->refresh(channel);
            return true;
        });
    }
    const bool origin_first = is_at_origin(path);
    net::HttpResponse first;
    if (!origin_first) {
        net::HttpResponse stored = co_await of_edge(request);
        if (stored.status != 404) co_return stored;
        first = std::move(stored);
    }
    const auto answer = co_await origin_->get(target);
    if (answer && (*answer)->status < 300) co_return of_origin(request, *answer);
    if (origin_first) {
        net::HttpResponse stored = co_await of_edge(request);
        if (stored.status != 404) co_return stored;
        first = std::move(stored);
    }
    // Neither has it: the origin knows better why.
    if (answer && (*answer)->status >= 400 && (*answer)->status < 500)
        co_return of_origin(request, *answer);
    co_return first;
}

net::HttpResponse EdgeServer::Impl::of_origin(
    const net::HttpRequest& request,
    const std::shared_ptr<const remote::OriginAnswer>& answer) const {
    net::HttpResponse response = made_of(request, *answer);
    responses_.keep_cors_of_origin(response, answer->cors);
    // Of a channel that is private there, and here not yet.
    if (remote::is_private(answer->cache_control)) responses_.keep_private(response);
    return response;
}

net::HttpResponse EdgeServer::Impl::made_of(const net::HttpRequest& request,
                                            const remote::OriginAnswer& answer) const {
    const edge::Freshness freshness = freshness_of(answer.cache_control);
    if (answer.text) return responses_.text(request, edge::kPlaylistType, freshness, answer.text);
    net::HttpBody body;
    body.owner = answer.bytes;
    body.pieces = {as_bytes(*answer.bytes)};
    if (answer.status == 200 && !answer.etag.empty()) {
        return responses_.media(request, edge::content_type_of(request.path), freshness,
                                answer.etag, body);
    }
    return responses_.error(request, answer.status == 200 ? 502 : answer.status,
                            "the live origin has nothing at this path");
}

// --- What buckets tell ---------------------------------------------------------------------------

net::HttpAnswer EdgeServer::Impl::answer_sender(const net::HttpRequest& request) {
    if (request.path == notify::S3Notifications::kPath) return notifications_->answer(request);
    if (request.path == "/metrics") {
        if (!is_of_this_machine(request.peer)) {
            return metrics_answer(
                403, "metrics are for this machine: put a proxy here that knows who asks\n");
        }
        return metrics();
    }
    return responses_.error(
        request, 404,
        fmt::format("this server has the role {}: here are /notifications/s3 and /metrics alone",
                    name_of(settings_.role)));
}

net::HttpResponse EdgeServer::Impl::metrics() const {
    const ProcessUse use = process_use();
    std::size_t live = 0;
    for (const auto& place : *catalog_->directory()->channels_by_creation)
        live += follower_->live_stream(place.id) ? 1 : 0;
    std::vector<Metric> metrics{
        Metric{"oxbow_channels_live", "gauge", "Channels that can be watched live.",
               static_cast<double>(live)},
        Metric{"oxbow_cache_bytes", "gauge", "Objects of the bucket that are kept on the disk.",
               static_cast<double>(bucket_->cached_bytes())}};
    request_watch_->add_metrics(metrics);
    add_process(metrics, use);
    if (const auto backlog = bucket_->backlog()) add_uploads(metrics, *backlog);
    return metrics_answer(200, metrics_text(metrics));
}

}  // namespace oxbow::app
