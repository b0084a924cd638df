#include "edge/responses.h"

#include <doctest/doctest.h>

#include "net/test_request.h"

using namespace oxbow;
using namespace oxbow::edge;

namespace {

net::TestRequest from(std::string origin) {
    return {.headers = {{"origin", std::move(origin)}}};
}

net::TestRequest with_range(std::string range) {
    return {.headers = {{"range", std::move(range)}}};
}

std::shared_ptr<const TextVersion> text(std::string content) {
    return std::make_shared<const TextVersion>(std::move(content));
}

net::HttpResponse playlist(const net::HttpRequest& request,
                           const std::shared_ptr<const TextVersion>& version) {
    return Responses{{"*"}}.text(request, kPlaylistType, Freshness::Second, version);
}

std::string etag_of(const net::HttpResponse& response) {
    const std::string& lines = response.extra_headers;
    const std::size_t start = lines.find("ETag: ") + 6;
    return lines.substr(start, lines.find("\r\n", start) - start);
}

bool has(const net::HttpResponse& response, std::string_view line) {
    return (*response.header_block + response.extra_headers).find(line) != std::string::npos;
}

}  // namespace

TEST_CASE("by default every origin may read every answer") {
    const Responses responses{{"*"}};

    const auto answer = responses.json(from("https://example.org"), text("{}"));

    CHECK(has(answer, "Access-Control-Allow-Origin: *\r\n"));
    CHECK(has(answer,
              "Access-Control-Expose-Headers: Content-Length, Content-Range, Date, ETag\r\n"));
    CHECK_FALSE(has(answer, "Vary"));
}

TEST_CASE("with a list the request's origin is echoed where it is listed, and caches are told") {
    const Responses responses{{"https://example.org", "https://example.com"}};

    const auto listed = responses.json(from("https://example.com"), text("{}"));
    const auto other = responses.json(from("https://evil.example"), text("{}"));

    CHECK(has(listed, "Access-Control-Allow-Origin: https://example.com\r\n"));
    CHECK(has(listed, "Vary: Origin\r\n"));
    CHECK_FALSE(has(other, "Access-Control-Allow-Origin"));
    CHECK(has(other, "Vary: Origin\r\n"));
}

TEST_CASE("a range gives the part and says where it lies, beyond the end it is refused") {
    const Responses responses{{"*"}};
    const net::HttpBody body = net::HttpBody::of_string("0123456789");

    const auto part =
        responses.media(with_range("bytes=2-4"), "video/mp2t", Freshness::Immutable, "e-1", body);
    const auto beyond =
        responses.media(with_range("bytes=10-"), "video/mp2t", Freshness::Immutable, "e-1", body);

    CHECK(part.status == 206);
    CHECK(part.body.size() == 3);
    CHECK(has(part, "Content-Range: bytes 2-4/10\r\n"));
    CHECK(has(part, "Cache-Control: public, max-age=31536000, immutable\r\n"));
    CHECK(beyond.status == 416);
    CHECK(has(beyond, "Content-Range: bytes */10\r\n"));
}

TEST_CASE("an error is JSON with a name and a sentence, and is cached for a second at most") {
    const Responses responses{{"*"}};

    const auto answer =
        responses.error(from(""), Error{ErrorCode::NotFound, "there is \"no\" such channel"});

    CHECK(answer.status == 404);
    CHECK(as_text(answer.body.pieces.front()) ==
          "{\"error\":\"NotFound\",\"message\":\"there is \\\"no\\\" such channel\"}");
    CHECK(has(answer, "Cache-Control: max-age=1\r\n"));
    CHECK(has(answer, "Content-Type: application/json\r\n"));
}

TEST_CASE("a text of 512 bytes goes out as gzip to who takes it, one of 511 never") {
    const net::TestRequest gzip{.headers = {{"accept-encoding", "gzip"}}};

    const auto large = playlist(gzip, text(std::string(512, 'a')));
    const auto plain = playlist(net::TestRequest{}, text(std::string(512, 'a')));
    const auto small = playlist(gzip, text(std::string(511, 'a')));

    CHECK(has(large, "Content-Encoding: gzip\r\n"));
    CHECK(has(large, "Vary: Accept-Encoding\r\n"));
    CHECK(large.body.size() < 100);
    CHECK_FALSE(has(plain, "Content-Encoding"));
    CHECK(has(plain, "Vary: Accept-Encoding\r\n"));
    CHECK(plain.body.size() == 512);
    CHECK_FALSE(has(small, "Content-Encoding"));
    CHECK_FALSE(has(small, "Vary"));
}

TEST_CASE("the two forms of a text have different ETags, and each is not modified for its own") {
    const auto version = text(std::string(600, 'a'));
    const std::string plain_etag = etag_of(playlist(net::TestRequest{}, version));
    const net::TestRequest gzip{.headers = {{"accept-encoding", "gzip"}}};
    const std::string gzip_etag = etag_of(playlist(gzip, version));

    const auto same = playlist(
        net::TestRequest{.headers = {{"accept-encoding", "gzip"}, {"if-none-match", gzip_etag}}},
        version);
    const auto other = playlist(
        net::TestRequest{.headers = {{"accept-encoding", "gzip"}, {"if-none-match", plain_etag}}},
        version);

    CHECK(plain_etag != gzip_etag);
    CHECK(same.status == 304);
    CHECK(same.body.size() == 0);
    CHECK(etag_of(same) == gzip_etag);
    CHECK(has(same, "Vary: Accept-Encoding\r\n"));
    CHECK(has(same, "Cache-Control: max-age=1\r\n"));
    CHECK(has(same, "Access-Control-Allow-Origin: *\r\n"));
    CHECK_FALSE(has(same, "Content-Type"));
    CHECK(other.status == 200);
}

TEST_CASE("a part of a text is a part of its plain form, whatever codings are taken") {
    const auto version = text(std::string(600, 'a') + "bcd");

    const auto part = playlist(
        net::TestRequest{.headers = {{"accept-encoding", "gzip"}, {"range", "bytes=599-601"}}},
        version);

    CHECK(part.status == 206);
    CHECK(has(part, "Content-Range: bytes 599-601/603\r\n"));
    CHECK_FALSE(has(part, "Content-Encoding"));
    CHECK(as_text(part.body.pieces.front()) == "abc");
    CHECK(etag_of(part) == "\"" + version->etag() + "\"");
}

TEST_CASE("If-Range with another version gives the whole, with this one the part") {
    const Responses responses{{"*"}};
    const net::HttpBody body = net::HttpBody::of_string("0123456789");
    const auto asked = [&](std::string if_range) {
        return responses.media(
            net::TestRequest{.headers = {{"range", "bytes=2-4"}, {"if-range", if_range}}},
            kSegmentType, Freshness::Immutable, "mp3k9a-57", body);
    };

    CHECK(asked("\"mp3k9a-57\"").status == 206);
    CHECK(asked("\"mp3k9a-56\"").status == 200);
    CHECK(asked("W/\"mp3k9a-57\"").status == 200);
    CHECK(asked("\"mp3k9a-56\"").body.size() == 10);
}

TEST_CASE("media that the viewer has is not sent again, also when it asks for a part") {
    const Responses responses{{"*"}};

    const auto answer = responses.media(
        net::TestRequest{.headers = {{"range", "bytes=2-4"}, {"if-none-match", "\"mp3k9a-57\""}}},
        kSegmentType, Freshness::Immutable, "mp3k9a-57", net::HttpBody::of_string("0123456789"));

    CHECK(answer.status == 304);
    CHECK(answer.body.size() == 0);
    CHECK(has(answer, "ETag: \"mp3k9a-57\"\r\n"));
    CHECK(has(answer, "Cache-Control: public, max-age=31536000, immutable\r\n"));
}

TEST_CASE(
    "server-sent events are for the listed origin, and nothing on their way keeps or collects "
    "them") {
    const Responses responses{{"https://example.org"}};

    const auto answer = responses.events(from("https://example.org"), "retry: 2000\n\n", nullptr);

    CHECK(answer.status == 200);
    CHECK(has(answer, "Content-Type: text/event-stream\r\n"));
    CHECK(has(answer, "Cache-Control: no-store\r\n"));
    CHECK(has(answer, "X-Accel-Buffering: no\r\n"));
    CHECK(has(answer, "Access-Control-Allow-Origin: https://example.org\r\n"));
    CHECK_FALSE(has(answer, "ETag: "));
    CHECK_FALSE(has(answer, "Accept-Ranges"));
}

TEST_CASE("an answer for one viewer is kept by nobody, whatever its kind") {
    const Responses responses{{"*"}};
    auto playlist_answer = playlist(net::TestRequest{}, text("#EXTM3U\n"));
    auto segment = responses.media(net::TestRequest{}, kSegmentType, Freshness::Immutable, "1",
                                   net::HttpBody::of_string("x"));

    responses.keep_private(playlist_answer);
    responses.keep_private(segment);

    CHECK(has(playlist_answer, "Cache-Control: private, no-store\r\n"));
    CHECK_FALSE(has(playlist_answer, "max-age"));
    CHECK(has(segment, "Cache-Control: private, no-store\r\n"));
    CHECK_FALSE(has(segment, "immutable"));
    CHECK(has(segment, "Content-Type: video/mp2t\r\n"));
}

TEST_CASE("the origins of a channel's rules come before the settings'") {
    const Responses any{{"*"}};
    const Responses listed{{"https://example.org"}};
    auto taken = any.json(from("https://a.net"), text("{}"));
    auto refused = any.json(from("https://b.net"), text("{}"));
    auto refused_though_listed = listed.json(from("https://example.org"), text("{}"));

    Responses::allow_only(taken, "https://a.net");
    Responses::allow_only(refused, "");
    Responses::allow_only(refused_though_listed, "");

    CHECK(has(taken, "Access-Control-Allow-Origin: https://a.net\r\n"));
    CHECK_FALSE(has(taken, "Access-Control-Allow-Origin: *"));
    CHECK(has(taken, "Access-Control-Expose-Headers: "));
    CHECK(has(taken, "Vary: Origin\r\n"));
    CHECK_FALSE(has(refused, "Access-Control-Allow-Origin"));
    CHECK(has(refused, "Vary: Origin\r\n"));
    CHECK_FALSE(has(refused_though_listed, "Access-Control-Allow-Origin"));
}

TEST_CASE("a refusal says the same whatever the reason, and is kept by nobody") {
    const auto answer = Responses{{"*"}}.refused(net::TestRequest{});

    CHECK(answer.status == 403);
    CHECK(has(answer, "Cache-Control: private, no-store\r\n"));
    CHECK(has(answer, "Content-Type: application/json\r\n"));
}

TEST_CASE("a download is a file to be kept by its viewer alone, and can be gone on with") {
    const Responses responses{{"*"}};
    const Responses::Download file{kSegmentType, "r1-0-5", "film.ts", 100};
    std::string asked;
    const auto make = [&](std::uint64_t offset, std::uint64_t length) {
        asked += std::to_string(offset) + "+" + std::to_string(length) + " ";
        return std::shared_ptr<net::HttpStream>{};
    };

    const auto whole = responses.download(net::TestRequest{}, file, make);
    const auto rest = responses.download(with_range("bytes=60-"), file, make);
    const auto outside = responses.download(with_range("bytes=100-"), file, make);
    const auto known = responses.download(
        net::TestRequest{.headers = {{"if-none-match", "\"r1-0-5\""}}}, file, make);

    CHECK(asked == "0+100 60+40 ");
    CHECK(has(whole, "Content-Disposition: attachment; filename=\"film.ts\"\r\n"));
    CHECK(has(whole, "Cache-Control: no-store\r\n"));
    CHECK(has(whole, "ETag: \"r1-0-5\"\r\n"));
    CHECK(rest.status == 206);
    CHECK(has(rest, "Content-Range: bytes 60-99/100\r\n"));
    CHECK(outside.status == 416);
    CHECK(has(outside, "Content-Range: bytes */100\r\n"));
    CHECK(known.status == 304);
}

namespace {

/// Of one list, whose last behaviour is a plain one.
Responses with(std::vector<Behaviour> list) {
    list.push_back({.name = "rest", .path = "*"});
    return Responses{std::make_shared<const Behaviours>(std::move(list))};
}

net::TestRequest at(std::string path) {
    return {.path = std::move(path)};
}

}  // namespace

TEST_CASE("an answer has the Cache-Control of its behaviour, an error a second") {
    const Responses responses =
        with({{.name = "a", .path = "/a/*", .cache_control = "public, max-age=12"}});

    const auto found = responses.json(at("/a/x"), text("{}"));
    const auto known = responses.json(
        net::TestRequest{.path = "/a/x", .headers = {{"if-none-match", "*"}}}, text("{}"));
    const auto other = responses.json(at("/b"), text("{}"));
    const auto missing = responses.error(at("/a/x"), 404, "no");
    const auto outside =
        responses.media(net::TestRequest{.path = "/a/x", .headers = {{"range", "bytes=9-"}}},
                        kSegmentType, Freshness::Immutable, "e", net::HttpBody::of_string("x"));

    CHECK(has(found, "Cache-Control: public, max-age=12\r\n"));
    CHECK(known.status == 304);
    CHECK(has(known, "Cache-Control: public, max-age=12\r\n"));
    CHECK(has(other, "Cache-Control: max-age=1\r\n"));
    CHECK(has(missing, "Cache-Control: max-age=1\r\n"));
    CHECK(outside.status == 416);
    CHECK(has(outside, "Cache-Control: max-age=1\r\n"));
    CHECK(found.mark == mark_of(0));
    CHECK(missing.mark == mark_of(0));
    CHECK(other.mark == mark_of(1));
}

TEST_CASE("with compression off a text has one form") {
    const Responses responses = with({{.name = "a", .path = "/a", .compress = false}});

    const auto answer =
        responses.json(net::TestRequest{.path = "/a", .headers = {{"accept-encoding", "gzip"}}},
                       text(std::string(600, 'a')));

    CHECK(answer.body.size() == 600);
    CHECK_FALSE(has(answer, "Content-Encoding"));
    CHECK_FALSE(has(answer, "Vary"));
}

TEST_CASE("each behaviour has origins of its own, and caches keep those answers apart") {
    const Responses responses =
        with({{.name = "a",
               .path = "/a",
               .cors = CorsPolicy{.origins = {"https://*.example.org"}, .expose = {"X-A", "Date"}}},
              {.name = "b", .path = "/b", .cors = CorsPolicy{.origins = {}}}});
    const auto asked = [&](std::string path, std::string origin) {
        return responses.json(
            net::TestRequest{.path = std::move(path), .headers = {{"origin", std::move(origin)}}},
            text("{}"));
    };

    CHECK(has(asked("/a", "https://x.example.org"),
              "Access-Control-Allow-Origin: https://x.example.org\r\nVary: Origin\r\n"
              "Access-Control-Expose-Headers: X-A, Date\r\n"));
    CHECK_FALSE(has(asked("/a", "https://evil.net"), "Access-Control-Allow-Origin"));
    CHECK(has(asked("/a", "https://evil.net"), "Vary: Origin\r\n"));
    CHECK_FALSE(has(asked("/b", "https://x.example.org"), "Access-Control"));
    CHECK(has(asked("/c", "https://evil.net"), "Access-Control-Allow-Origin: *\r\n"));
}

TEST_CASE("a preflight says what the behaviour allows") {
    const Responses responses = with(
        {{.name = "a",
          .path = "/a",
          .cors = CorsPolicy{.allow_headers = {"X-Trace"}, .max_age = std::chrono::seconds{5}}}});

    const auto own = responses.preflight(at("/a"));
    const auto usual = responses.preflight(at("/b"));

    CHECK(has(own, "Access-Control-Allow-Headers: X-Trace\r\n"));
    CHECK(has(own, "Access-Control-Max-Age: 5\r\n"));
    CHECK(has(usual, "Access-Control-Allow-Headers: Range, If-Range, If-None-Match\r\n"));
    CHECK(has(usual, "Access-Control-Max-Age: 86400\r\n"));
}

TEST_CASE("added and security headers are in every answer, that of HTTPS by HTTPS alone") {
    const Responses responses = with(
        {{.name = "a",
          .path = "/a",
          .security = {{"Strict-Transport-Security", "max-age=1"}, {"X-Frame-Options", "DENY"}},
          .headers = {{"X-Served-By", "oxbow"}}}});
    const net::TestRequest request = at("/a");
    const net::HttpRequest plain = request;
    net::HttpRequest secure = plain;
    secure.secure = true;
    net::HttpRequest by_proxy = plain;
    by_proxy.from_proxy = true;
    by_proxy.headers.push_back({"x-forwarded-proto", "https"});
    net::HttpRequest by_stranger = by_proxy;
    by_stranger.from_proxy = false;

    const auto error = responses.error(plain, 404, "no");

    CHECK(has(responses.json(plain, text("{}")), "X-Served-By: oxbow\r\n"));
    CHECK(has(error, "X-Served-By: oxbow\r\n"));
    CHECK(has(error, "X-Frame-Options: DENY\r\n"));
    CHECK_FALSE(has(error, "Strict-Transport-Security"));
    CHECK(has(responses.error(secure, 404, "no"), "Strict-Transport-Security: max-age=1\r\n"));
    CHECK(has(responses.error(by_proxy, 404, "no"), "Strict-Transport-Security"));
    CHECK_FALSE(has(responses.error(by_stranger, 404, "no"), "Strict-Transport-Security"));
}

TEST_CASE("a private answer stays private, whatever its behaviour says") {
    const Responses responses =
        with({{.name = "a",
               .path = "/a",
               .cache_control = "public, max-age=31536000, immutable",
               .security = {{"X-Frame-Options", "DENY"}},
               .headers = {{"X-Note", "Cache-Control: public"}, {"Edge-Cache-Tag", "all"}}}});
    auto found = responses.json(at("/a"), text("{}"));
    auto known = responses.json(net::TestRequest{.path = "/a", .headers = {{"if-none-match", "*"}}},
                                text("{}"));

    responses.keep_private(found);
    responses.keep_private(known);

    for (const net::HttpResponse& answer : {found, known}) {
        CHECK(has(answer, "Cache-Control: private, no-store\r\n"));
        CHECK_FALSE(has(answer, "public"));
        CHECK_FALSE(has(answer, "X-Note"));
        CHECK_FALSE(has(answer, "Edge-Cache-Tag"));
        CHECK(has(answer, "X-Frame-Options: DENY\r\n"));
    }
    CHECK(has(responses.refused(at("/a")), "Cache-Control: private, no-store\r\n"));
    CHECK_FALSE(has(responses.refused(at("/a")), "Edge-Cache-Tag"));
}

TEST_CASE("the origins of a channel's rules come before a behaviour's, whatever that exposes") {
    const Responses responses = with({{.name = "a",
                                       .path = "/a",
                                       .cors = CorsPolicy{.expose = {"X-A"}},
                                       .headers = {{"X-Note", "Access-Control-Allow-Origin: *"}}}});
    auto answer = responses.json(at("/a"), text("{}"));

    Responses::allow_only(answer, "");

    CHECK_FALSE(has(answer, "\nAccess-Control-Allow-Origin"));
    CHECK_FALSE(has(answer, "Access-Control-Expose-Headers"));
    CHECK(has(answer, "Vary: Origin\r\n"));
}

TEST_CASE("a download's own name stays where the behaviour's does not override it") {
    const auto named = [](bool overrides, std::string name) {
        const Responses responses =
            with({{.name = "a",
                   .path = "/a",
                   .headers = {{"Content-Disposition", "inline", overrides}}}});
        const Responses::Download file{kSegmentType, "e", std::move(name), 10};
        return responses.download(at("/a"), file, [](std::uint64_t, std::uint64_t) {
            return std::shared_ptr<net::HttpStream>{};
        });
    };

    CHECK(has(named(true, "film.ts"), "Content-Disposition: inline\r\n"));
    CHECK_FALSE(has(named(true, "film.ts"), "attachment"));
    CHECK(
        has(named(false, "film.ts"), "Content-Disposition: attachment; filename=\"film.ts\"\r\n"));
    CHECK_FALSE(has(named(false, "film.ts"), "inline"));
    CHECK(has(named(false, ""), "Content-Disposition: inline\r\n"));
}

TEST_CASE("what the live origin says of CORS stays where the behaviour does not override it") {
    const auto answer = [](bool overrides, std::string_view lines) {
        const Responses responses = with(
            {{.name = "a",
              .path = "/a",
              .cors = CorsPolicy{.origins = {"https://example.org"}, .overrides = overrides}}});
        auto made = responses.json(
            net::TestRequest{.path = "/a", .headers = {{"origin", "https://example.org"}}},
            text("{}"));
        responses.keep_cors_of_origin(made, lines);
        return made;
    };
    constexpr std::string_view kAny = "Access-Control-Allow-Origin: *\r\n";

    CHECK(has(answer(true, kAny), "Access-Control-Allow-Origin: https://example.org\r\n"));
    CHECK(has(answer(false, ""), "Access-Control-Allow-Origin: https://example.org\r\n"));
    CHECK(has(answer(false, kAny), kAny));
    CHECK_FALSE(has(answer(false, kAny), "https://example.org"));
    CHECK_FALSE(has(answer(false, kAny), "Vary: Origin"));
}

TEST_CASE("answers alike share their header lines, also of two behaviours") {
    const Responses responses = with({{.name = "a", .path = "/a", .cache_control = "no-store"},
                                      {.name = "b", .path = "/b", .cache_control = "no-store"}});

    const auto one = responses.json(at("/a"), text("{}"));
    const auto other = responses.json(at("/b"), text("{}"));

    CHECK(one.header_block == other.header_block);
    CHECK(one.header_block != responses.json(at("/c"), text("{}")).header_block);
}

TEST_CASE("by the built-in list a segment is for ever, and one that grows for a second") {
    const Responses responses{{"*"}};

    const auto whole = responses.media(at("/seg/a/b/c-1.ts"), kSegmentType, Freshness::Immutable,
                                       "c-1", net::HttpBody::of_string("x"));
    const auto growing = responses.growing(at("/seg/a/b/c-2.ts"), kSegmentType, nullptr);

    CHECK(has(whole, "Cache-Control: public, max-age=31536000, immutable\r\n"));
    CHECK(has(growing, "Cache-Control: max-age=1\r\n"));
}
