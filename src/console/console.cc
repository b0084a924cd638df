#include "console/console.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "console/limits.h"
#include "net/http_conditions.h"
#include "net/remote_address.h"

namespace oxbow::console {
namespace {

constexpr std::string_view kFolder = "/operator/";
constexpr std::string_view kSession = "/operator/session";
constexpr std::string_view kOperations = "/operator/api/";
constexpr std::string_view kCsrfHeader = "x-oxbow-csrf";

/// What the page does, and no more: who finds it open makes no access keys of his own by it.
// clang-format off
constexpr std::array kOfThePage = std::to_array<std::string_view>({
    "/ListChannels", "/GetChannel", "/CreateChannel", "/DeleteChannel", "/ListRecordingConfigurations",
    "/ListStreamKeys", "/GetStreamKey", "/oxbow/ResetStreamKey",
    "/ListStreams", "/StopStream",
    "/oxbow/ListRecordings", "/oxbow/LockRecording", "/oxbow/UnlockRecording", "/oxbow/DeleteRecording",
    "/oxbow/BatchGetStreamHealth", "/oxbow/GetServerStatus",
});
// clang-format on

net::HttpResponse json_answer(int status, std::string text) {
    static const auto kHeaders = std::make_shared<const std::string>(
        "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n");
    net::HttpResponse out;
    out.status = status;
    out.header_block = kHeaders;
    out.body = net::HttpBody::of_string(std::move(text));
    return out;
}

/// In the form of the API's errors.
net::HttpResponse refused(int status, std::string_view type, std::string_view message) {
    net::HttpResponse out = json_answer(
        status, boost::json::serialize(boost::json::object{
                    {"__type", type}, {"message", message}, {"exceptionMessage", message}}));
    out.extra_headers = fmt::format("x-amzn-ErrorType: {}\r\n", type);
    return out;
}

net::HttpResponse not_allowed(std::string_view methods) {
    net::HttpResponse out =
        refused(405, "MethodNotAllowedException", fmt::format("Here one may {}.", methods));
    out.extra_headers += fmt::format("Allow: {}\r\n", methods);
    return out;
}

net::HttpResponse redirect_to_page() {
    static const auto kHeaders = std::make_shared<const std::string>(
        fmt::format("Location: {}\r\nCache-Control: no-store\r\n", kFolder));
    net::HttpResponse out;
    out.status = 302;
    out.header_block = kHeaders;
    return out;
}

bool is_read(const net::HttpRequest& request) {
    return request.method == "GET" || request.method == "HEAD";
}

/// Whether a browser says that one of our own pages asks. Every browser sends Origin with a method
/// that changes something; a page of another port of this host is of the same site, which
/// SameSite lets through, but not of the same origin.
bool is_of_this_origin(const net::HttpRequest& request) {
    const auto origin = request.header("origin");
    const auto host = request.header("host");
    if (!origin || !host) return false;
    const std::size_t scheme = origin->find("://");
    if (scheme == std::string_view::npos || origin->substr(scheme + 3) != *host) return false;
    return request.header("sec-fetch-site").value_or("same-origin") == "same-origin";
}

bool same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string content_security_policy(std::string_view viewers_url) {
    return fmt::format(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {0}; "
        "connect-src 'self' {0}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        viewers_url);
}

}  // namespace

Console::Console(const std::vector<PageFile>& files, const control::ControlApi& api,
                 const control::Credentials& credentials, const Clock& clock, Operations operations,
                 ConsoleSettings settings)
    : api_(api),
      credentials_(credentials),
      clock_(clock),
      operations_(std::move(operations)),
      settings_(std::move(settings)),
      page_headers_(std::make_shared<const std::string>(
          fmt::format("Content-Security-Policy: {}\r\nX-Content-Type-Options: nosniff\r\n"
                      "Referrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"
                      "Cross-Origin-Opener-Policy: same-origin\r\n"
                      "Cross-Origin-Resource-Policy: same-origin\r\nVary: Accept-Encoding\r\n",
                      content_security_policy(settings_.viewers_url)))) {
    for (const PageFile& file : files) {
        std::vector<TextVersion::Piece> pieces{
            std::make_shared<const TextPiece>(std::string{file.text})};
        files_.push_back(
            {file, std::make_shared<const TextVersion>(std::move(pieces), std::string{file.etag})});
    }
}

bool Console::is_for(const net::HttpRequest& request) {
    if (request.path == "/")
        return is_read(request) && request.header("accept").value_or("").contains("text/html");
    return request.path == "/operator" || request.path.starts_with(kFolder);
}

net::HttpAnswer Console::answer(const net::HttpRequest& request) {
    if (request.path == kSession) {
        if (is_read(request)) return session(request);
        if (request.method == "POST") return sign_in(request);
        if (request.method == "DELETE") return sign_out(request);
        return not_allowed("GET, POST, DELETE");
    }
    if (request.path.starts_with(kOperations)) {
        if (request.method != "POST") return not_allowed("POST");
        return operation(request, request.path.substr(kOperations.size() - 1));
    }
    if (!is_read(request)) return not_allowed("GET, HEAD");
    if (request.path == "/" || request.path == "/operator") return redirect_to_page();
    return file(request);
}

net::HttpResponse Console::file(const net::HttpRequest& request) const {
    const std::string_view wanted = request.path == kFolder ? "/operator/index.html" : request.path;
    const auto found = std::ranges::find(files_, wanted, [](const File& f) { return f.of.path; });
    if (found == files_.end())
        return refused(404, "ResourceNotFoundException", "There is nothing at this path.");
    const bool gzip = net::accepts_gzip(request);
    const std::string etag = fmt::format("{}{}", found->of.etag, gzip ? "-gz" : "");
    net::HttpResponse out;
    out.header_block = page_headers_;
    out.extra_headers =
        fmt::format("ETag: \"{}\"\r\nCache-Control: {}\r\n", etag,
                    found->of.immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (net::has_version(request, etag)) {
        out.status = 304;
        return out;
    }
    out.extra_headers += fmt::format("Content-Type: {}\r\n", found->of.content_type);
    if (gzip) {
        out.extra_headers += "Content-Encoding: gzip\r\n";
        const auto& pieces = found->text->gzip().pieces;
        out.body.pieces.assign(pieces.begin(), pieces.end());
    } else {
        for (const TextVersion::Piece& piece : found->text->pieces())
            out.body.pieces.push_back(as_bytes(piece->text()));
    }
    out.body.owner = found->text;
    return out;
}

/// Who is signed in. 200 for nobody, too: to a page that begins, that is no error.
net::HttpResponse Console::session(const net::HttpRequest& request) {
    const auto session = session_of(request);
    return json_answer(200, session ? session_json(*session) : R"({"signedIn":false})");
}

net::HttpResponse Console::sign_in(const net::HttpRequest& request) {
    const SteadyTime now = clock_.steady();
    if (!is_of_this_origin(request)) {
        return refused(403, "CrossSiteException",
                       "Sign in on the page itself. Behind a proxy, it must pass Host on.");
    }
    const std::string_view from = net::remote_address(request);
    if (const auto wait = attempts_.wait(from, now)) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait).count();
        net::HttpResponse out =
            refused(429, "ThrottlingException",
                    fmt::format("Too many attempts failed. Try again in {} seconds.", seconds));
        out.extra_headers += fmt::format("Retry-After: {}\r\n", seconds);
        return out;
    }
    auto caller = api_.caller(request);
    if (!caller) {
        attempts_.failed(from, now);
        log::warning("[console] a sign-in from {} is refused", log::printable(from));
        return std::move(caller.error());
    }
    const Sessions::Opened opened = sessions_.open(*caller, now);
    log::info("[console] {} signed in from {}", *caller, log::printable(from));
    net::HttpResponse out = json_answer(200, session_json(opened.session));
    out.extra_headers = cookie(request, opened.token, kSessionMax);
    return out;
}

net::HttpResponse Console::sign_out(const net::HttpRequest& request) {
    if (auto refused_for = refusal(request)) return std::move(*refused_for);
    if (const auto token = token_of(request)) sessions_.close(*token);
    net::HttpResponse out = json_answer(200, R"({"signedIn":false})");
    out.extra_headers = cookie(request, "", std::chrono::seconds{0});
    return out;
}

/// In: `path` as the API has it, "/ListChannels", "/oxbow/ListRecordings".
net::HttpAnswer Console::operation(const net::HttpRequest& request, std::string_view path) {
    if (auto refused_for = refusal(request)) return std::move(*refused_for);
    if (std::ranges::find(kOfThePage, path) == kOfThePage.end()) {
        return refused(403, "AccessDeniedException",
                       "This operation is not for the page: call the API with a signature.");
    }
    net::HttpRequest call = request;
    call.path = path;
    return operations_(std::move(call));
}

std::optional<std::string_view> Console::token_of(const net::HttpRequest& request) const {
    for (const net::HttpHeader& header : request.headers) {
        if (header.name != "cookie") continue;
        std::string_view rest = header.value;
        while (!rest.empty()) {
            std::string_view pair = rest.substr(0, rest.find(';'));
            rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
            pair.remove_prefix(std::min(pair.size(), pair.find_first_not_of(' ')));
            const std::size_t equals = pair.find('=');
            if (equals != std::string_view::npos && pair.substr(0, equals) == settings_.cookie_name)
                return pair.substr(equals + 1);
        }
    }
    return std::nullopt;
}

std::optional<Sessions::Session> Console::session_of(const net::HttpRequest& request) {
    const auto token = token_of(request);
    if (!token) return std::nullopt;
    auto session = sessions_.use(*token, clock_.steady());
    if (!session) return std::nullopt;
    // A deleted access key signs nothing any more, and what was signed by it counts no more.
    if (credentials_.find(session->access_key_id)) return session;
    sessions_.close(*token);
    return std::nullopt;
}

std::optional<net::HttpResponse> Console::refusal(const net::HttpRequest& request) {
    if (!is_of_this_origin(request))
        return refused(403, "CrossSiteException", "This is for the operator's page alone.");
    const auto session = session_of(request);
    if (!session)
        return refused(401, "SessionExpiredException", "The session is over. Sign in again.");
    if (!same_secret(request.header(kCsrfHeader).value_or(""), session->csrf))
        return refused(403, "CrossSiteException", "The call lacks the token of its session.");
    return std::nullopt;
}

/// The page says itself whether it came by HTTPS, which a proxy in front may have ended.
std::string Console::cookie(const net::HttpRequest& request, std::string_view value,
                            std::chrono::seconds age) const {
    const bool secure = request.header("origin").value_or("").starts_with("https://");
    return fmt::format("Set-Cookie: {}={}; Path={}; Max-Age={}; HttpOnly; SameSite=Strict{}\r\n",
                       settings_.cookie_name, value, kFolder, age.count(),
                       secure ? "; Secure" : "");
}

std::string Console::session_json(const Sessions::Session& session) const {
    const auto left = session.begun + kSessionMax - clock_.steady();
    return boost::json::serialize(
        boost::json::object{{"signedIn", true},
                            {"accessKeyId", session.access_key_id},
                            {"csrfToken", session.csrf},
                            {"expiresAt", format_rfc3339_ms(clock_.wall() + left)},
                            {"viewersUrl", settings_.viewers_url}});
}

}  // namespace oxbow::console
