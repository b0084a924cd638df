#include "console/console.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "console/limits.h"
#include "control/test_api.h"

namespace oxbow::console {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr std::string_view kHost = "127.0.0.1:8081";
constexpr std::string_view kCookie = "oxbow-operator-8081";

struct Reply {
    int status = 0;
    std::string headers;
    std::string text;

    std::string error() const { return control::header_of(headers, "x-amzn-ErrorType"); }
    std::string member(std::string_view name) const {
        return std::string{std::string_view{json::parse(text).at(name).as_string()}};
    }
    /// "oxbow-operator-8081=...", as a browser sends it back.
    std::string cookie() const {
        const std::string set = control::header_of(headers, "Set-Cookie");
        return set.substr(0, set.find(';'));
    }
};

/// The console over an API of its own.
class TestConsole {
public:
    TestConsole()
        : api_(*rooms.catalog, rooms.live, rooms.deleter, rooms.retention, *rooms.credentials,
               rooms.buckets, rooms.clock, control::ControlSettings{}),
          console_({{"/operator/index.html", "text/html; charset=utf-8", "e1", false, "<html>"},
                    {"/operator/assets/operator-4f3a91c2.js", "text/javascript; charset=utf-8",
                     "e2", true, "script"}},
                   api_, *rooms.credentials, rooms.clock,
                   [this](net::HttpRequest request) -> net::HttpAnswer {
                       asked.push_back(std::string{request.path});
                       return api_.handle_known(request);
                   },
                   {.cookie_name = std::string{kCookie}, .viewers_url = "http://127.0.0.1:8080"}) {}

    Reply send(const net::HttpRequest& request) {
        const auto answer = console_.answer(request);
        const auto& response = std::get<net::HttpResponse>(answer);
        Reply reply{.status = response.status,
                    .headers = *response.header_block + response.extra_headers,
                    .text = {}};
        for (const BytesView piece : response.body.pieces) reply.text += as_text(piece);
        return reply;
    }

    Reply get(std::string path, std::string cookie = "") {
        return send(net::TestRequest{
            .path = std::move(path),
            .headers = {{"host", std::string{kHost}}, {"cookie", std::move(cookie)}}});
    }

    /// A request of the page to sign in, with a signature of `secret`.
    net::TestRequest signing_in(const std::string& secret) const {
        net::TestRequest request{.method = "POST",
                                 .path = "/operator/session",
                                 .headers = {{"host", std::string{kHost}}},
                                 .peer = "10.0.0.7:53422"};
        for (auto& header : net::sign_v4(
                 {.method = request.method,
                  .path = request.path,
                  .query = {},
                  .headers = request.headers,
                  .payload_hash = net::sha256_hex("")},
                 {.access_key_id = rooms.credentials->list()[0].access_key_id, .secret = secret},
                 {.region = "us-east-1", .service = "ivs"}, rooms.clock.wall()))
            request.headers.push_back(std::move(header));
        request.headers.emplace_back("origin", "http://" + std::string{kHost});
        return request;
    }

    Reply sign_in() { return send(signing_in(rooms.credentials->list()[0].secret)); }

    /// A call as the page makes it.
    static net::TestRequest calling(const std::string& operation, const Reply& session,
                                    std::string body = "{}") {
        return {.method = "POST",
                .path = "/operator/api/" + operation,
                .headers = {{"host", std::string{kHost}},
                            {"origin", "http://" + std::string{kHost}},
                            {"sec-fetch-site", "same-origin"},
                            {"cookie", session.cookie()},
                            {"x-oxbow-csrf", session.member("csrfToken")}},
                .body = std::move(body),
                .peer = "10.0.0.7:53422"};
    }

    control::TestApi rooms;
    std::vector<std::string> asked;

private:
    control::ControlApi api_;
    Console console_;
};

void set_header(net::TestRequest& request, std::string_view name, std::string value) {
    for (auto& [known, is] : request.headers) {
        if (known == name) is = std::move(value);
    }
}

void remove_header(net::TestRequest& request, std::string_view name) {
    std::erase_if(request.headers, [name](const auto& header) { return header.first == name; });
}

}  // namespace

TEST_CASE("the console answers below /operator/, and a browser that asks for nothing else") {
    const net::TestRequest api{.method = "POST", .path = "/ListChannels"};
    const net::TestRequest page{.path = "/operator/"};
    const net::TestRequest near{.path = "/operators"};
    const net::TestRequest browser{.path = "/", .headers = {{"accept", "text/html,*/*"}}};
    const net::TestRequest script{.path = "/", .headers = {{"accept", "*/*"}}};

    CHECK_FALSE(Console::is_for(api));
    CHECK(Console::is_for(page));
    CHECK_FALSE(Console::is_for(near));
    CHECK(Console::is_for(browser));
    CHECK_FALSE(Console::is_for(script));
}

TEST_CASE("the page comes with a strict policy, its files for ever, and both as 304 when known") {
    TestConsole console;

    const Reply page = console.get("/operator/");
    const Reply file = console.get("/operator/assets/operator-4f3a91c2.js");
    const Reply again = console.send(
        net::TestRequest{.path = "/operator/", .headers = {{"if-none-match", "\"e1\""}}});

    CHECK(page.status == 200);
    CHECK(page.text == "<html>");
    const std::string policy = control::header_of(page.headers, "Content-Security-Policy");
    CHECK(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; "));
    CHECK(policy.ends_with("form-action 'none'; frame-ancestors 'none'"));
    CHECK(control::header_of(page.headers, "Cache-Control") == "no-cache");
    CHECK(control::header_of(file.headers, "Cache-Control") ==
          "public, max-age=31536000, immutable");
    CHECK(again.status == 304);
    CHECK(again.text == "");
    CHECK(console.get("/operator/none").status == 404);
    CHECK(control::header_of(console.get("/operator").headers, "Location") == "/operator/");
}

TEST_CASE("nobody is signed in at first, which is no error") {
    TestConsole console;

    CHECK(console.get("/operator/session").text == R"({"signedIn":false})");
    CHECK(console.get("/operator/session", std::string{kCookie} + "=guess").text ==
          R"({"signedIn":false})");
}

TEST_CASE("who signs with an access key is in, by a cookie that no script reads") {
    TestConsole console;

    const Reply signed_in = console.sign_in();

    CHECK(signed_in.status == 200);
    CHECK(signed_in.member("accessKeyId") == console.rooms.credentials->list()[0].access_key_id);
    CHECK(signed_in.member("viewersUrl") == "http://127.0.0.1:8080");
    const std::string cookie = control::header_of(signed_in.headers, "Set-Cookie");
    CHECK(cookie.starts_with("oxbow-operator-8081="));
    CHECK(cookie.ends_with("; Path=/operator/; Max-Age=43200; HttpOnly; SameSite=Strict"));
    CHECK(signed_in.headers.find("no-store") != std::string::npos);
    const Reply later = console.get("/operator/session", "other=1; " + signed_in.cookie());
    CHECK(later.member("csrfToken") == signed_in.member("csrfToken"));
}

TEST_CASE("the cookie of a page that came by HTTPS goes by HTTPS alone") {
    TestConsole console;
    auto request = console.signing_in(console.rooms.credentials->list()[0].secret);
    set_header(request, "origin", "https://" + std::string{kHost});

    const Reply signed_in = console.send(request);

    CHECK(
        control::header_of(signed_in.headers, "Set-Cookie").ends_with("; SameSite=Strict; Secure"));
}

TEST_CASE("a wrong secret gives no session, and after ten of them nothing does for a minute") {
    TestConsole console;
    for (std::size_t i = 0; i + 1 < kFailuresMax; ++i)
        CHECK(console.send(console.signing_in("wrong")).error() == "InvalidSignatureException");
    CHECK(console.sign_in().status == 200);
    const Reply last = console.send(console.signing_in("wrong"));
    CHECK(last.status == 403);
    CHECK(last.headers.find("Set-Cookie") == std::string::npos);

    const Reply refused = console.sign_in();
    console.rooms.clock.advance(kFailureWindow);
    const Reply later = console.sign_in();

    CHECK(refused.status == 429);
    CHECK(control::header_of(refused.headers, "Retry-After") == "60");
    CHECK(later.status == 200);
}

TEST_CASE("behind a proxy that is trusted each who signs in waits for his own refusals alone") {
    TestConsole console;
    const auto by_proxy = [&](const std::string& from, const std::string& secret) {
        auto request = console.signing_in(secret);
        request.headers.emplace_back("x-forwarded-for", from);
        net::HttpRequest sent = request;
        sent.from_proxy = true;
        return console.send(sent);
    };
    const std::string right = console.rooms.credentials->list()[0].secret;
    for (std::size_t i = 0; i < kFailuresMax; ++i) by_proxy("203.0.113.1", "wrong");

    CHECK(by_proxy("203.0.113.1", right).status == 429);
    CHECK(by_proxy("203.0.113.1, 203.0.113.2", right).status == 200);
    // Of anybody else the header says nothing.
    auto untrusted = console.signing_in(right);
    untrusted.headers.emplace_back("x-forwarded-for", "203.0.113.1");
    CHECK(console.send(untrusted).status == 200);
}

TEST_CASE("no other page signs anybody in") {
    TestConsole console;
    auto request = console.signing_in(console.rooms.credentials->list()[0].secret);
    set_header(request, "origin", "http://127.0.0.1:8080");

    CHECK(console.send(request).error() == "CrossSiteException");
    remove_header(request, "origin");
    CHECK(console.send(request).error() == "CrossSiteException");
}

TEST_CASE("the page calls operations of the API in its session") {
    TestConsole console;
    const Reply session = console.sign_in();
    console.rooms.channel("Meadow");

    const Reply channels = console.send(TestConsole::calling("ListChannels", session));
    const Reply recordings = console.send(TestConsole::calling("oxbow/ListRecordings", session));
    const Reply wrong = console.send(TestConsole::calling("StopStream", session, "{}"));

    CHECK(channels.status == 200);
    CHECK(json::parse(channels.text).at_pointer("/channels/0/name") == "Meadow");
    CHECK(recordings.status == 200);
    CHECK(wrong.error() == "ValidationException");
    CHECK(console.asked ==
          std::vector<std::string>{"/ListChannels", "/oxbow/ListRecordings", "/StopStream"});
}

TEST_CASE("what the page does not do, its session does not either") {
    TestConsole console;
    const Reply session = console.sign_in();

    for (const std::string name :
         {"oxbow/CreateCredential", "oxbow/ListCredentials", "UpdateChannel", "tags/x",
          "ListChannels/", "/ListChannels", ""}) {
        CHECK(console.send(TestConsole::calling(name, session)).error() == "AccessDeniedException");
    }

    CHECK(console.asked.empty());
}

TEST_CASE("a call counts only with its cookie, its token and its origin") {
    TestConsole console;
    const Reply session = console.sign_in();
    const auto with = [&](std::string_view name, std::string value) {
        auto request = TestConsole::calling("ListChannels", session);
        set_header(request, name, std::move(value));
        return console.send(request).error();
    };
    const auto without = [&](std::string_view name) {
        auto request = TestConsole::calling("ListChannels", session);
        remove_header(request, name);
        return console.send(request).error();
    };

    CHECK(without("cookie") == "SessionExpiredException");
    CHECK(without("x-oxbow-csrf") == "CrossSiteException");
    CHECK(without("origin") == "CrossSiteException");
    CHECK(with("cookie", std::string{kCookie} + "=guess") == "SessionExpiredException");
    CHECK(with("x-oxbow-csrf", console.sign_in().member("csrfToken")) == "CrossSiteException");
    CHECK(with("origin", "http://127.0.0.1:8080") == "CrossSiteException");
    CHECK(with("origin", "null") == "CrossSiteException");
    CHECK(with("sec-fetch-site", "same-site") == "CrossSiteException");
    CHECK(console.asked.empty());

    CHECK(without("sec-fetch-site") == "");
    CHECK(console.asked.size() == 1);
}

TEST_CASE("who signs out is out, and the cookie is taken back") {
    TestConsole console;
    const Reply session = console.sign_in();
    auto request = TestConsole::calling("", session);
    request.method = "DELETE";
    request.path = "/operator/session";
    auto foreign = request;
    remove_header(foreign, "x-oxbow-csrf");

    CHECK(console.send(foreign).error() == "CrossSiteException");
    const Reply out = console.send(request);

    CHECK(out.status == 200);
    CHECK(control::header_of(out.headers, "Set-Cookie")
              .starts_with("oxbow-operator-8081=; Path=/operator/; Max-Age=0;"));
    CHECK(console.send(TestConsole::calling("ListChannels", session)).error() ==
          "SessionExpiredException");
}

TEST_CASE("a session ends with the access key that it was signed in with") {
    TestConsole console;
    const Reply session = console.sign_in();
    REQUIRE(console.rooms.credentials->create());
    REQUIRE(console.rooms.credentials->remove(session.member("accessKeyId")));

    CHECK(console.send(TestConsole::calling("ListChannels", session)).error() ==
          "SessionExpiredException");
    CHECK(console.get("/operator/session", session.cookie()).text == R"({"signedIn":false})");
}

TEST_CASE("other methods are refused by name") {
    TestConsole console;

    CHECK(control::header_of(console.send({.method = "PUT", .path = "/operator/session"}).headers,
                             "Allow") == "GET, POST, DELETE");
    CHECK(control::header_of(
              console.send(net::TestRequest{.path = "/operator/api/ListChannels"}).headers,
              "Allow") == "POST");
    CHECK(console.send({.method = "POST", .path = "/operator/"}).status == 405);
}

}  // namespace oxbow::console
