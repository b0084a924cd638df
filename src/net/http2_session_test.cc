#include "net/http2_session.h"

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "net/test_http2_client.h"

namespace oxbow::net {
namespace {

using namespace std::chrono_literals;

/// A client and a session that speak to each other, and a clock.
struct Pair {
    explicit Pair(HttpServerLimits the_limits = {}, HttpObserver the_observer = {})
        : limits(the_limits), observer(std::move(the_observer)) {}

    /// Until both have nothing more to say.
    void talk() {
        for (std::string said = client.take(); !said.empty(); said = client.take()) {
            session.feed(as_bytes(said), now);
            hear();
        }
        hear();
    }
    /// What the session says.
    void hear() {
        Http2Output out;
        do {
            out.compact();
            session.write(out);
            client.give(as_text(out.view()));
            out.begin = out.end;
        } while (out.end > 0 && out.end >= Http2Output::kFullBytes);
    }
    void pass(std::chrono::milliseconds time) {
        now += time;
        session.sweep(now);
    }

    HttpServerLimits limits;
    Http2Memory memory;
    Http2Session::Time now{1h};
    HttpObserver observer;
    Http2Session session{limits, memory, now, &observer};
    TestHttp2Client client;
};

HttpResponse text(std::string body) {
    return {.header_block = std::make_shared<const std::string>("Content-Type: text/plain\r\n"
                                                                "Connection: close\r\n"),
            .extra_headers = "ETag: \"1\"\r\n",
            .body = HttpBody::of_string(std::move(body))};
}

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

}  // namespace

TEST_CASE("a request comes out of its frames as HTTP/1.1 would give it") {
    Pair pair;

    pair.client.get("/a%20b?c=d", {{"range", "bytes=0-1"}});
    pair.talk();

    const auto stream = pair.session.next_request();
    REQUIRE(stream);
    CHECK_FALSE(stream->refusal);
    const HttpRequest& request = stream->request.request();
    CHECK(request.method == "GET");
    CHECK(request.path == "/a%20b");
    CHECK(request.query == "c=d");
    CHECK(request.header("host") == "a");
    CHECK(request.header("range") == "bytes=0-1");
    CHECK(pair.session.next_request() == nullptr);
}

TEST_CASE("an answer arrives with its headers in lower case, its length, and nothing of HTTP/1.1") {
    Pair pair;
    const auto id = pair.client.get("/");
    pair.talk();

    pair.session.answer(pair.session.next_request(), text("hello"), kDate);
    pair.hear();

    auto& answer = pair.client.answer(id);
    CHECK(answer.headers.at(":status") == "200");
    CHECK(answer.headers.at("date") == kDate);
    CHECK(answer.headers.at("content-length") == "5");
    CHECK(answer.headers.at("content-type") == "text/plain");
    CHECK(answer.headers.at("etag") == "\"1\"");
    CHECK(answer.headers.size() == 5);
    CHECK(answer.body == "hello");
    CHECK(answer.ended);
    CHECK(answer.error == NGHTTP2_NO_ERROR);
    CHECK(pair.session.idle());
}

TEST_CASE("HEAD and 304 have headers alone") {
    Pair pair;
    const auto head = pair.client.ask(TestHttp2Client::request_fields("HEAD", "/", {}));
    pair.talk();
    pair.session.answer(pair.session.next_request(), text("hello"), kDate);
    const auto known = pair.client.get("/");
    pair.talk();
    pair.session.answer(pair.session.next_request(), {.status = 304}, kDate);
    pair.hear();

    CHECK(pair.client.answer(head).headers.at("content-length") == "5");
    CHECK(pair.client.answer(head).body.empty());
    CHECK(pair.client.answer(head).ended);
    CHECK_FALSE(pair.client.answer(known).headers.contains("content-length"));
    CHECK(pair.client.answer(known).ended);
}

TEST_CASE("a large body goes out as the reader's windows allow, with others beside it") {
    Pair pair;
    const std::string large(300'000, 'x');
    const auto first = pair.client.get("/large");
    const auto second = pair.client.get("/small");
    pair.talk();

    pair.session.answer(pair.session.next_request(), text(large), kDate);
    pair.session.answer(pair.session.next_request(), text("small"), kDate);
    pair.hear();
    pair.talk();

    CHECK(pair.client.answer(first).body == large);
    CHECK(pair.client.answer(second).body == "small");
}

TEST_CASE("a source's pieces go out one by one, and its end ends the answer") {
    Pair pair;
    const auto id = pair.client.get("/events");
    pair.talk();
    struct Source : HttpStream {
        boost::asio::awaitable<std::optional<std::string>> next() override {
            co_return std::nullopt;
        }
    };
    const auto stream = pair.session.next_request();
    pair.session.answer(stream, {.stream = std::make_shared<Source>()}, kDate);
    pair.hear();

    bool sent = false;
    stream->on_sent = [&] { sent = true; };
    pair.session.go_on(stream, "one");
    CHECK_FALSE(sent);
    pair.hear();
    CHECK(sent);
    CHECK(pair.client.answer(id).body == "one");
    CHECK_FALSE(pair.client.answer(id).ended);
    CHECK_FALSE(pair.client.answer(id).headers.contains("content-length"));
    pair.session.go_on(stream, std::nullopt);
    pair.hear();

    CHECK(pair.client.answer(id).ended);
}

TEST_CASE("a source of known length that ends early is not taken for the whole") {
    Pair pair;
    const auto whole = pair.client.get("/whole");
    const auto cut = pair.client.get("/cut");
    pair.talk();
    struct Source : HttpStream {
        boost::asio::awaitable<std::optional<std::string>> next() override {
            co_return std::nullopt;
        }
        std::optional<std::uint64_t> bytes() const override { return 6; }
    };
    const auto first = pair.session.next_request();
    const auto second = pair.session.next_request();
    pair.session.answer(first, {.stream = std::make_shared<Source>()}, kDate);
    pair.session.answer(second, {.stream = std::make_shared<Source>()}, kDate);

    pair.session.go_on(first, "sixsix");
    pair.session.go_on(second, "three");
    pair.hear();
    pair.session.go_on(first, std::nullopt);
    pair.session.go_on(second, std::nullopt);
    pair.hear();

    CHECK(pair.client.answer(whole).headers.at("content-length") == "6");
    CHECK(pair.client.answer(whole).ended);
    CHECK(pair.client.answer(whole).error == NGHTTP2_NO_ERROR);
    CHECK(pair.client.answer(cut).body == "three");
    CHECK(pair.client.answer(cut).error == NGHTTP2_INTERNAL_ERROR);
}

TEST_CASE("a source that says it was cut is not taken for the whole") {
    Pair pair;
    const auto id = pair.client.get("/cut");
    pair.talk();
    struct Source : HttpStream {
        boost::asio::awaitable<std::optional<std::string>> next() override {
            co_return std::nullopt;
        }
        bool shows_its_end() const override { return true; }
        bool was_cut() const override { return true; }
    };
    const auto stream = pair.session.next_request();
    pair.session.answer(stream, {.stream = std::make_shared<Source>()}, kDate);

    pair.session.go_on(stream, "three");
    pair.hear();
    pair.session.go_on(stream, std::nullopt);
    pair.hear();

    CHECK(pair.client.answer(id).body == "three");
    CHECK(pair.client.answer(id).error == NGHTTP2_INTERNAL_ERROR);
    CHECK_FALSE(pair.client.answer(id).headers.contains("transfer-encoding"));
}

TEST_CASE("who takes a request back ends the work at it, which counts until it is done") {
    Pair pair;
    const auto id = pair.client.get("/later");
    pair.talk();
    const auto stream = pair.session.next_request();
    pair.session.begin_work();
    bool told = false;
    stream->on_closed = [&] { told = true; };

    pair.client.reset(id);
    pair.talk();

    CHECK(told);
    CHECK(stream->closed);
    CHECK_FALSE(pair.session.idle());
    pair.session.answer(stream, text("late"), kDate);
    pair.session.end_work();
    CHECK(pair.session.idle());
}

TEST_CASE("a request that is refused by HTTP/1.1 is refused here") {
    Pair pair;
    // 0: reset, for it is no request of HTTP/2.
    const auto ask = [&](const TestHttp2Client::Fields& fields) {
        pair.client.ask(fields);
        pair.talk();
        const auto stream = pair.session.next_request();
        if (!stream) return 0;
        const int status = stream->refusal ? stream->refusal->status : 200;
        pair.session.answer(stream, text(""), kDate);
        pair.hear();
        return status;
    };
    const auto with = [](const TestHttp2Client::Fields& more) {
        return TestHttp2Client::request_fields("GET", "/", more);
    };

    CHECK(ask(with({})) == 200);
    CHECK(ask(with({{"host", "a"}})) == 200);
    CHECK(ask(with({{"host", "b"}})) == 400);
    CHECK(ask(with({{"expect", "the worst"}})) == 417);
    CHECK(ask(TestHttp2Client::request_fields("GET", "/a#b", {})) == 400);
    CHECK(ask({{":method", "GET"}, {":scheme", "https"}, {":authority", "a/b"}, {":path", "/"}}) ==
          0);
}

TEST_CASE("headers have the limits of HTTP/1.1") {
    Pair pair{{.header_bytes_max = 1'000}};
    const auto status_with = [&](std::size_t headers, std::size_t bytes) {
        TestHttp2Client::Fields more(headers, {"a", ""});
        // :method GET :scheme https :authority a :path / and 4 for each; a and 4 for each.
        const std::size_t before = 10 + 12 + 11 + 6 + 4 * 4 + headers * 5;
        if (bytes > 0) more.push_back({"b", std::string(bytes - before - 5, 'b')});
        pair.client.get("/", more);
        pair.talk();
        const auto stream = pair.session.next_request();
        REQUIRE(stream);
        const int status = stream->refusal ? stream->refusal->status : 200;
        pair.session.answer(stream, text(""), kDate);
        pair.hear();
        return status;
    };

    CHECK(status_with(0, 1'000) == 200);
    CHECK(status_with(0, 1'001) == 431);
    CHECK(status_with(HttpParser::kHeadersMax, 0) == 200);
    CHECK(status_with(HttpParser::kHeadersMax + 1, 0) == 431);
}

TEST_CASE("a body is taken up to its limit, and where there is none, refused") {
    Pair takes{{.body_bytes_max = 20'000}};
    takes.client.post("/", std::string(20'000, 'b'));
    takes.talk();
    const auto whole = takes.session.next_request();
    REQUIRE(whole);
    CHECK_FALSE(whole->refusal);
    CHECK(whole->request.request().body == std::string(20'000, 'b'));
    const auto id = takes.client.post("/", std::string(20'001, 'b'));
    takes.talk();
    const auto longer = takes.session.next_request();
    REQUIRE(longer);
    CHECK(longer->refusal->status == 413);
    takes.session.answer(longer, text("no"), kDate);
    takes.hear();
    CHECK(takes.client.answer(id).body == "no");
    CHECK(takes.client.answer(id).ended);

    Pair takes_none;
    takes_none.client.post("/", "b");
    takes_none.talk();
    const auto none = takes_none.session.next_request();
    REQUIRE(none);
    CHECK(none->refusal->status == 405);
}

TEST_CASE("what waits for an answer of streams that are closed counts against new ones") {
    Pair pair;
    const auto ask = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const auto id = pair.client.get("/");
            pair.talk();
            const auto stream = pair.session.next_request();
            REQUIRE(stream);
            pair.session.begin_work();
            pair.client.reset(id);
            pair.talk();
        }
    };
    ask(Http2Session::kStreamsMax);

    const auto refused = pair.client.get("/");
    pair.talk();
    CHECK(pair.session.next_request() == nullptr);
    CHECK(pair.client.answer(refused).error == NGHTTP2_REFUSED_STREAM);
    pair.session.end_work();
    pair.client.get("/");
    pair.talk();
    CHECK(pair.session.next_request() != nullptr);
}

TEST_CASE("a header block that grows without bounds once it is decoded ends the connection") {
    Pair pair;
    // One large header, which the table keeps, and then many times its index.
    const std::string large(3'000, 'x');
    const auto times = Http2Session::kDecodedBytesMax / large.size();
    TestHttp2Client::Fields more(times - 1, {"x", large});
    pair.client.get("/", more);
    pair.talk();
    CHECK(pair.session.next_request()->refusal->status == 431);
    CHECK_FALSE(pair.session.over());
    more.resize(times + 1, {"x", large});
    pair.client.get("/", more);
    pair.talk();

    CHECK(pair.client.told_to_go);
    CHECK(pair.client.why_to_go == NGHTTP2_ENHANCE_YOUR_CALM);
    CHECK(pair.session.over());
}

TEST_CASE("requests that are taken back at once end the connection, but not a few of them") {
    Pair pair;
    const auto take_back = [&] {
        const auto id = pair.client.get("/");
        pair.talk();
        pair.client.reset(id);
        pair.talk();
    };
    for (std::size_t i = 0; i < Http2Watch::kResetsMax; ++i) take_back();
    CHECK_FALSE(pair.session.over());

    take_back();

    CHECK(pair.session.over());
    CHECK(pair.client.why_to_go == NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_CASE("a peer that makes us write and reads nothing is let go") {
    Pair pair;
    pair.talk();
    const auto ping = [&](std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            nghttp2_submit_ping(pair.client.native(), 0, nullptr);
        const std::string said = pair.client.take();
        pair.session.feed(as_bytes(said), pair.now);
    };

    ping(Http2Session::kFramesQueuedMax);
    CHECK_FALSE(pair.session.failed());
    ping(1);
    CHECK(pair.session.failed());
}

TEST_CASE("deadlines: the first frame, half a header block, nothing to do, nothing read") {
    const HttpServerLimits limits{.header_deadline = 1s, .idle_deadline = 5s, .write_deadline = 2s};
    Pair silent{limits};
    silent.pass(1s);
    CHECK_FALSE(silent.session.over());
    silent.pass(1ms);
    silent.hear();
    CHECK(silent.session.over());

    Pair idle{limits};
    idle.talk();
    idle.pass(5s);
    CHECK_FALSE(idle.session.over());
    idle.pass(1ms);
    idle.hear();
    CHECK(idle.session.over());
    CHECK(idle.client.why_to_go == NGHTTP2_NO_ERROR);

    Pair half{limits};
    half.talk();
    half.client.get("/");
    const std::string request = half.client.take();
    half.session.feed(as_bytes(request).first(request.size() - 1), half.now);
    half.pass(1'001ms);
    half.hear();
    CHECK(half.session.over());

    Pair reads_nothing{limits};
    nghttp2_session_set_local_window_size(reads_nothing.client.native(), 0, 0, 1);
    reads_nothing.client.get("/");
    reads_nothing.talk();
    reads_nothing.session.answer(reads_nothing.session.next_request(),
                                 text(std::string(200'000, 'x')), kDate);
    Http2Output out;
    reads_nothing.session.write(out);
    for (int i = 0; i < 10; ++i) {
        out = {};
        reads_nothing.session.write(out);
    }
    reads_nothing.pass(2s);
    CHECK_FALSE(reads_nothing.session.over());
    reads_nothing.pass(1ms);
    out = {};
    reads_nothing.session.write(out);
    CHECK(reads_nothing.session.over());
}

TEST_CASE("a session that drains finishes what was asked, and takes nothing more") {
    Pair pair;
    const auto under_way = pair.client.get("/");
    pair.talk();
    const auto stream = pair.session.next_request();

    pair.session.drain();
    pair.hear();
    CHECK(pair.client.told_to_go);
    CHECK(pair.client.last_stream == under_way);
    CHECK(pair.client.why_to_go == NGHTTP2_NO_ERROR);
    CHECK_FALSE(pair.session.over());
    pair.session.answer(stream, text("last"), kDate);
    pair.hear();

    CHECK(pair.client.answer(under_way).body == "last");
    CHECK(pair.session.over());
}

TEST_CASE("the last request that a connection may have is answered, and then it is over") {
    Pair pair{{.requests_per_connection_max = 2}};
    const auto ask = [&] {
        const auto id = pair.client.get("/");
        pair.talk();
        pair.session.answer(pair.session.next_request(), text("x"), kDate);
        pair.hear();
        return pair.client.answer(id).body;
    };

    CHECK(ask() == "x");
    CHECK_FALSE(pair.client.told_to_go);
    CHECK(ask() == "x");
    CHECK(pair.client.told_to_go);
    CHECK(pair.session.over());
}

TEST_CASE("a file that is shorter than promised resets its stream, not the others") {
    Pair pair;
    const auto id = pair.client.get("/");
    pair.talk();
    const int descriptor = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
    HttpResponse response{
        .body = HttpBody::of_file({std::make_shared<const SharedFile>(descriptor), 0, 10})};
    pair.session.answer(pair.session.next_request(), std::move(response), kDate);
    const auto other = pair.client.get("/");
    pair.talk();
    pair.session.answer(pair.session.next_request(), text("fine"), kDate);
    pair.hear();

    CHECK(pair.client.answer(id).error == NGHTTP2_INTERNAL_ERROR);
    CHECK(pair.client.answer(other).body == "fine");
}

TEST_CASE("what is no HTTP/2 is let go") {
    Pair pair;

    pair.session.feed(as_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), pair.now);

    CHECK(pair.session.failed());
}

TEST_CASE("by HTTP/2 an observer is told of each answer when its stream is closed") {
    std::string told;
    Pair pair{{}, {.answered = [&](const HttpRequest& request, const HttpOutcome& outcome) {
                  told +=
                      fmt::format("{} {} {} {} {} {};", request.path, outcome.status, outcome.mark,
                                  outcome.bytes, outcome.complete, outcome.protocol);
              }}};
    const auto answer = [&](std::string path, HttpResponse response) {
        const auto id = pair.client.get(path);
        pair.talk();
        pair.session.answer(pair.session.next_request(), std::move(response), kDate);
        return id;
    };
    HttpResponse marked = text("four");
    marked.mark = 7;

    answer("/a", std::move(marked));
    pair.talk();
    answer("/b", {.status = 304});
    pair.talk();
    const auto large = answer("/c", text(std::string(1'000'000, 'x')));
    pair.hear();  // as much as the window has
    pair.client.reset(large);
    pair.talk();
    pair.client.get("/never-answered");
    pair.talk();
    pair.session.close();

    CHECK(told.starts_with("/a 200 7 4 true HTTP/2.0;/b 304 0 0 true HTTP/2.0;/c 200 0 "));
    CHECK(told.ends_with(" false HTTP/2.0;"));
    CHECK_FALSE(told.contains("never"));
}

}  // namespace oxbow::net
