#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/log.h"
#include "edge/blocking.h"
#include "edge/edge.h"
#include "edge/private_multivariant.h"

// What stands between a viewer and what not everybody may have.

namespace oxbow::edge {
namespace {

/// A stream of a private channel, events or a download: it ends when the session does.
class SessionStream final : public net::HttpStream {
public:
    SessionStream(std::shared_ptr<net::HttpStream> stream, PlaybackGate& gate, Admitted admitted)
        : stream_(std::move(stream)), gate_(gate), admitted_(std::move(admitted)) {}

    boost::asio::awaitable<std::optional<std::string>> next() override {
        auto text = co_await stream_->next();
        // Looked at behind the wait, which lasts up to a heartbeat.
        if (!gate_.rules(admitted_.session.channel).authorized || !gate_.go_on(admitted_))
            co_return std::nullopt;
        co_return text;
    }
    std::optional<std::uint64_t> bytes() const override { return stream_->bytes(); }

private:
    std::shared_ptr<net::HttpStream> stream_;
    PlaybackGate& gate_;
    const Admitted admitted_;
};

constexpr std::string_view kNull = "null";

std::string text_of(const net::HttpBody& body) {
    std::string out;
    for (const BytesView piece : body.pieces) out += as_text(piece);
    return out;
}

/// Without what would give a part of the text, its compressed form, or none of it.
void ask_for_whole_text(net::HttpRequest& request) {
    std::erase_if(request.headers, [](const net::HttpHeader& header) {
        return header.name == "range" || header.name == "if-range" ||
               header.name == "if-none-match" || header.name == "accept-encoding";
    });
}

}  // namespace

// /p/AQ.../rewind/AsXego4U6tnj.m3u8: in a session, and of its channel
net::HttpAnswer Edge::answer_session(const net::HttpRequest& request, std::string_view rest) {
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return page(request);
    auto admitted = rooms_.gate.open_session(rest.substr(0, slash));
    if (!admitted) return responses_.refused(request);
    const std::string_view path = rest.substr(slash);
    const ChannelId channel = admitted->session.channel;
    if (path == "/events") {
        return answer_guarded(
            request,
            {.path = std::string{path}, .channel = channel, .session = *std::move(admitted)});
    }
    const PathOwner owner =
        owner_of(path, settings_.default_channel ? settings_.default_channel->view() : "");
    if (const auto* const of = std::get_if<RecordingsPath>(&owner)) {
        return answer_recording(request, std::string{path}, RecordingId{std::string{of->recording}},
                                *std::move(admitted));
    }
    const auto* const of = std::get_if<ChannelsPath>(&owner);
    if (of == nullptr || of->channel != channel.view()) return responses_.refused(request);
    return answer_guarded(request, {.path = std::string{path},
                                    .channel = channel,
                                    .multivariant = of->multivariant,
                                    .session = *std::move(admitted)});
}

/// Of whose recording the path is, the database knows.
Edge::Later Edge::answer_recording(const net::HttpRequest& request, std::string path,
                                   RecordingId recording, std::optional<Admitted> session) {
    const auto row = co_await in_blocking_pool(
        rooms_.blocking,
        [&catalog = rooms_.catalog, recording] { return catalog.recording(recording); });
    if (!row) co_return responses_.error(request, 404, "there is no such recording");
    if (session && session->session.channel != row->channel) co_return responses_.refused(request);
    const Door door = rooms_.gate.door({.channel = row->channel.view(), .in_bucket = true});
    if (!session && door == Door::Absent)
        co_return responses_.error(request, 404, "there is no such recording");
    if (!session && door == Door::Open) {
        net::HttpAnswer answer = behave(request, path);
        if (auto* const at_once = std::get_if<net::HttpResponse>(&answer))
            co_return std::move(*at_once);
        co_return co_await std::get<Later>(std::move(answer));
    }
    co_return co_await answer_guarded(
        request, {.path = std::move(path), .channel = row->channel, .session = std::move(session)});
}

net::HttpResponse Edge::refusal(const net::HttpRequest& request, const ChannelId& channel,
                                const Error& error) const {
    if (error.code == ErrorCode::Refused) {
        log::debug("[channel {}] a viewer is refused: {}", channel.view(), error.what);
        return responses_.refused(request);
    }
    net::HttpResponse response = responses_.error(request, error);
    responses_.keep_private(response);
    return response;
}

/// The request's Origin; a browser sends none to the page's own server, but says so.
std::string Edge::origin_of(const net::HttpRequest& request) const {
    if (const auto origin = request.header("origin")) return std::string{*origin};
    if (request.header("sec-fetch-site") == "same-origin") return base_url(request);
    return {};
}

Edge::Later Edge::answer_guarded(const net::HttpRequest& request, Guarded what) {
    const ChannelRules rules = rooms_.gate.rules(what.channel);
    std::optional<Admitted> admitted = std::move(what.session);
    if (admitted) {
        const auto goes_on = rooms_.gate.go_on(*admitted);
        if (!goes_on) co_return refusal(request, what.channel, goes_on.error());
    } else if (rules.authorized) {
        auto refused = co_await checked_token(request, rules, admitted);
        if (!admitted) co_return refused;
    } else {
        admitted.emplace();
        admitted->session.channel = what.channel;
    }
    const OriginRules& own = admitted->session.origins;
    const std::string origin = origin_of(request);
    const bool allowed = !origin.empty() && own.allows(origin) && rules.origins.allows(origin);
    const bool strict = own.strict || rules.origins.strict;
    net::HttpResponse response;
    if (strict && !allowed) {
        response = responses_.refused(request);
    } else {
        response = co_await answer_admitted(request, what, *admitted);
    }
    if (!own.allowed.empty() || !rules.origins.allowed.empty())
        Responses::allow_only(response, allowed ? origin : "");
    if (rules.authorized || strict || !admitted->mount.empty()) responses_.keep_private(response);
    co_return response;
}

/// Out: `admitted` is set, or what is given back says why not.
Edge::Later Edge::checked_token(const net::HttpRequest& request, const ChannelRules& rules,
                                std::optional<Admitted>& admitted) {
    const auto token = net::query_value(request.query, "token");
    if (!token) co_return responses_.refused(request);
    const auto slot = rooms_.gate.take_check_slot();
    if (!slot.ok()) {
        co_return refusal(
            request, rules.channel,
            {ErrorCode::Unavailable, "as many playback tokens are checked as may; try again"});
    }
    auto checked = co_await in_blocking_pool(
        rooms_.blocking,
        [&gate = rooms_.gate, &token, &rules] { return gate.check_token(*token, rules); });
    if (!checked) co_return refusal(request, rules.channel, checked.error());
    admitted = *std::move(checked);
    co_return net::HttpResponse{};
}

/// The behaviour's answer, as the viewer of `admitted` gets it.
Edge::Later Edge::answer_admitted(const net::HttpRequest& request, const Guarded& what,
                                  const Admitted& admitted) {
    net::HttpRequest inner = request;
    inner.mount = admitted.mount;
    if (!admitted.mount.empty()) inner.viewer = as_text(admitted.tag);
    const bool rewrites = what.multivariant && !admitted.mount.empty();
    if (rewrites) ask_for_whole_text(inner);
    net::HttpAnswer answer =
        what.path == "/events" ? events(inner, what.channel.str()) : behave(inner, what.path);
    net::HttpResponse response;
    if (auto* const at_once = std::get_if<net::HttpResponse>(&answer)) {
        response = std::move(*at_once);
    } else {
        response = co_await std::get<Later>(std::move(answer));
    }
    if (rewrites && response.status == 200)
        response = multivariant_of(request, what, admitted, response.body);
    if (response.stream && !admitted.mount.empty()) {
        response.stream =
            std::make_shared<SessionStream>(std::move(response.stream), rooms_.gate, admitted);
    }
    if (!admitted.single_use || response.status >= 400) co_return response;
    // Of a channel that was never on the air: it leads nowhere.
    if (response.body.size() == kNull.size() && text_of(response.body) == kNull) co_return response;
    co_return co_await used_up(request, admitted, std::move(response));
}

/// A token that counts once is used up with the first answer that is none of an error.
Edge::Later Edge::used_up(const net::HttpRequest& request, const Admitted& admitted,
                          net::HttpResponse response) {
    const auto used = co_await in_blocking_pool(
        rooms_.blocking, [&gate = rooms_.gate, &admitted] { return gate.use_up(admitted); });
    if (!used) co_return refusal(request, admitted.session.channel, used.error());
    co_return response;
}

net::HttpResponse Edge::multivariant_of(const net::HttpRequest& request, const Guarded& what,
                                        const Admitted& admitted, const net::HttpBody& body) const {
    auto text = multivariant_for(text_of(body), {.path = what.path,
                                                 .mount = admitted.mount,
                                                 .maximum = admitted.session.maximum_resolution});
    // Who comes so far has a token: the reason gives nothing away.
    if (!text) return responses_.error(request, text.error());
    return responses_.text(request, kPlaylistType, Freshness::Second,
                           std::make_shared<const TextVersion>(*std::move(text)));
}

}  // namespace oxbow::edge
